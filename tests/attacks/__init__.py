"""Attacks on the project: faults and hostile inputs, by the hundred, from a seed.

python -m tests.attacks (or: make attack) tries each of them many times and prints how many held, which is what
docs/trust.md quotes. The ordinary tests run a few of each: tests/test_attacks.py.
"""

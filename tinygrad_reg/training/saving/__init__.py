"""A training in a file: saved as a whole or not at all, read without trust, and gone on from, bit for bit.

checkpoints.py says what is saved, container.py how it lies in the file, drafts.py lets the file appear whole. For
fit(resume=), resuming.py is how a run goes on from its file, randomness.py finds the generators that have to go on,
too, and settings.py says what the script now asks otherwise.
"""

"""The rows of the table, a file each: a function for every library, which builds the work of one pass.

In a row with TRAINING it returns the loss as a function of (parameters, *batch), from which libraries.py makes the
whole step. Elsewhere, and always for NumPy by hand, it returns the work itself: (function, arguments).
"""

"""The rows of the table, a file each: a function for every library, which builds the work of one pass.

In a row with TRAINING, it is given the parameters and returns the loss as a function of the batch, from which
contenders.py and peers.py make the whole step. In JAX and HIPS autograd, the parameters are an argument of the loss.
In other rows, and always for NumPy by hand, it returns the work itself: (function, arguments).
"""

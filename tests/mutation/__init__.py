"""Are the tests worth anything? Every formula is made a little wrong, one at a time, and a test has to fail.

    make mutation                                   # all of them, in about half an hour on two cores
    .venv/bin/python -m tests.mutation optim losses # those in files whose path has one of these words

A mutant is a source file with one change: a result with the other sign or 1 % too large, + for −, × for ÷, > for ≥,
a constant 1 % or 1 larger. It is imported in place of the file by a fresh process, which runs the tests that belong
to the file. What survives is printed: a test is missing, or the change makes no difference, and then
equivalent.EQUIVALENT has to say why.
"""

"""One lesson a file, each a short script to read from top to bottom: python -m demos lists and runs them."""

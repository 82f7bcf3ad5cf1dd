"""The same work in this engine and in its peers, side by side in one run: python -m benchmarks (or: make bench)."""

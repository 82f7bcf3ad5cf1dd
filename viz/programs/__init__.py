"""A program of tg.compile beside the graph of its forward pass."""

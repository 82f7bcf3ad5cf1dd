"""Plots with matplotlib: of training, of what a model has learned, of the surface of a loss."""

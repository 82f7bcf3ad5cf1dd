"""Computation graphs: from the record to boxes and arrows, their places, and their lines."""

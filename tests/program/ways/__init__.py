"""The ways in which students write a step, by name: what they give, how they train, what they write besides."""

from . import batches, objects, training
from .way import WAYS

__all__ = ["WAYS", "batches", "objects", "training"]

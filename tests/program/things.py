"""Objects of every make for the walk to find, each with a number k."""

from __future__ import annotations

import numpy as np

import tinygrad_reg as tg


class Attributes(dict):
    """The most common idiom for a configuration."""

    __getattr__ = dict.__getitem__


class Strange:
    def __init__(self, k):
        self.k = k

    def __getattr__(self, name):
        raise RuntimeError(f"no {name}")


class Numbers(list):
    k = 1.0


class Table(dict):
    k = 1.0


class Number(float):
    k = 1.0


class Array(np.ndarray):
    k = 1.0


class Weight(tg.Tensor):
    k = 1.0


class Slots:
    __slots__ = ("__k", "__weakref__", "k")


class Descent(tg.optim.SGD):
    k = 1.0


class OwnAccess:
    """What every access goes through."""

    def __init__(self):
        self.__dict__["k"] = 1.0

    def __getattribute__(self, name):
        found = object.__getattribute__(self, "__dict__")
        return found if name == "__dict__" else object if name == "__class__" else found[name]

"""How a way is written down, and what most of them are made of: numbers, parameters, a network."""

from __future__ import annotations

import itertools

import numpy as np

import tinygrad_reg as tg

WAYS = {}


def way(make):
    """`make` gives a step, a function call number → arguments, the Tensors to watch, and what happens before a call."""
    WAYS[make.__name__] = make
    return make


def normal(i, *shape):
    return np.random.default_rng(i).normal(size=shape)


def labels(i, n=4, classes=2):
    return np.random.default_rng(i).integers(0, classes, n)


def parameter(*shape, seed=0, dtype="float64"):
    return tg.Tensor(normal(seed, *shape).astype(dtype), requires_grad=True)


def net(*sizes):
    tg.seed(0)
    return tg.Sequential(*(tg.Dense(a, b, activation="tanh") for a, b in itertools.pairwise(sizes)))

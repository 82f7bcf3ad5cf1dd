"""Layers: modules with state, built from ops like everything else; none has a backward pass of its own."""

from .activation import ELU, LeakyReLU, PReLU, ReLU, RReLU, Sigmoid, Softmax, Tanh
from .convolution import Conv2D, Flatten, GlobalAvgPool2D
from .dense import Dense
from .module import Module
from .noise import DropConnect, Dropout, GaussianNoise, SpatialDropout2D, StochasticDepth, WeightNoise
from .normalization import BatchNorm, LayerNorm
from .sequential import Lambda, Residual, Sequential

__all__ = [
    "ELU",
    "BatchNorm",
    "Conv2D",
    "Dense",
    "DropConnect",
    "Dropout",
    "Flatten",
    "GaussianNoise",
    "GlobalAvgPool2D",
    "Lambda",
    "LayerNorm",
    "LeakyReLU",
    "Module",
    "PReLU",
    "RReLU",
    "ReLU",
    "Residual",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "SpatialDropout2D",
    "StochasticDepth",
    "Tanh",
    "WeightNoise",
]

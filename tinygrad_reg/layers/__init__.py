"""Layers: modules with state, built from ops like everything else; none has a backward pass of its own.

module.py is what all of them are, state.py finds the Tensors that they hold, inputs.py looks at what they are given,
running.py knows whose forward is running. sequential.py makes models of layers, summary.py their table, evaluating.py
switches them to eval mode for a while. weighted.py and images.py are what several layers share; every other file is a
kind of layer.
"""

from functools import partial
from typing import TYPE_CHECKING

from ..answers.naming import missing
from .activation import ELU, LeakyReLU, PReLU, ReLU, RReLU, Sigmoid, Softmax, Tanh
from .convolution import Conv2D, Flatten
from .dense import Dense
from .module import Module
from .noise import DropConnect, Dropout, GaussianNoise, SpatialDropout2D, StochasticDepth, WeightNoise
from .normalization import BatchNorm, LayerNorm
from .pooling import AvgPool2D, FractionalMaxPool2D, GlobalAvgPool2D, MaxPool2D
from .sequential import Lambda, Residual, Sequential

__all__ = [
    "ELU",
    "AvgPool2D",
    "BatchNorm",
    "Conv2D",
    "Dense",
    "DropConnect",
    "Dropout",
    "Flatten",
    "FractionalMaxPool2D",
    "GaussianNoise",
    "GlobalAvgPool2D",
    "Lambda",
    "LayerNorm",
    "LeakyReLU",
    "MaxPool2D",
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

if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that exists
    __getattr__ = partial(missing, __name__)

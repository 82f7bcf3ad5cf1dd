"""tinygrad_reg: reverse-mode automatic differentiation on NumPy arrays, and the small framework built on it.

Everything is a differentiable op: a layer, a loss or a penalty is built from ops on Tensors. Calling it grows a graph,
`backward()` walks the graph and fills `.grad`, and an optimizer reads `.grad` and nothing else.
"""

from . import constraints, data, diagnostics, dispatch, initializers, layers, losses, metrics, ops, optim, penalties
from .backward import gradients
from .debug import debug, why
from .diagnostics import dead_units
from .explain import explain
from .layers import (
    ELU,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    DropConnect,
    Dropout,
    Flatten,
    FractionalMaxPool2D,
    GaussianNoise,
    GlobalAvgPool2D,
    Lambda,
    LayerNorm,
    LeakyReLU,
    MaxPool2D,
    Module,
    PReLU,
    ReLU,
    Residual,
    RReLU,
    Sequential,
    Sigmoid,
    Softmax,
    SpatialDropout2D,
    StochasticDepth,
    Tanh,
    WeightNoise,
)
from .losses import head_for
from .modes import no_grad, seed, set_default_dtype
from .primitive import primitive
from .tensor import Tensor
from .transforms import check_grad, grad, hessian, hvp, jacobian, value_and_grad

__version__ = "0.1.0"

"""tinygrad_reg: reverse-mode automatic differentiation on NumPy arrays, and the small framework built on it.

Everything is a differentiable op: a layer, a loss or a penalty is built from ops on Tensors. Calling it grows a graph,
`backward()` walks the graph and fills `.grad`, and an optimizer reads `.grad` and nothing else.
"""

from . import dispatch, ops, optim
from .backward import gradients
from .debug import debug, why
from .explain import explain
from .modes import no_grad, seed, set_default_dtype
from .primitive import primitive
from .tensor import Tensor
from .transforms import check_grad, grad, hessian, hvp, jacobian, value_and_grad

__version__ = "0.1.0"

"""tinygrad_reg: reverse-mode automatic differentiation on NumPy arrays, and the small framework built on it.

Everything is a differentiable op: a layer, a loss or a penalty is built from ops on Tensors. Calling it grows a graph,
`backward()` walks the graph and fills `.grad`, and an optimizer reads `.grad` and nothing else.

The engine is loaded at once, the framework around it when it is first asked for.
"""

from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from sys import modules as _modules
from types import ModuleType as _ModuleType
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import arraylike as arraylike
from . import dispatch as dispatch
from . import ops as ops
from . import users_ops as users_ops
from .backward import gradients as gradients
from .insight.debug import debug as debug
from .insight.differences import check_grad as check_grad
from .insight.explain import explain as explain
from .insight.why import why as why
from .memory import keep_freed_memory as _keep_freed_memory
from .modes import no_grad as no_grad
from .modes import seed as seed
from .modes import set_default_dtype as set_default_dtype
from .primitive import primitive as primitive
from .tensor import Tensor as Tensor
from .transforms import grad as grad
from .transforms import hessian as hessian
from .transforms import hvp as hvp
from .transforms import jacobian as jacobian
from .transforms import value_and_grad as value_and_grad

_keep_freed_memory()

if _TYPE_CHECKING:
    from . import constraints as constraints
    from . import data as data
    from . import diagnostics as diagnostics
    from . import initializers as initializers
    from . import layers as layers
    from . import losses as losses
    from . import metrics as metrics
    from . import optim as optim
    from . import penalties as penalties
    from . import training as training
    from .diagnostics import dead_units as dead_units
    from .layers import *  # noqa: F403 - layers.__all__
    from .losses import head_for as head_for
    from .program import compile as compile
    from .training import *  # noqa: F403 - training.__all__

del globals()["tensor"]  # the module, which `import` left here: who writes tg.tensor(...) is told of tg.Tensor

__version__ = "0.1.0"

_MODULES = {
    "constraints",
    "data",
    "diagnostics",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "optim",
    "penalties",
    "program",
    "training",
}
_NAMES = {"dead_units": "diagnostics", "head_for": "losses", "compile": "program"}  # these are at the top, too
_OPEN = ("layers", "training")  # and everything public in these


def __getattr__(name: str) -> _Any:
    if name in _MODULES:
        return _import_module(f".{name}", __name__)
    if f"{__name__}.{name}" not in _modules and _find_spec(f".{name}", __name__):
        raise AttributeError(name)  # `from . import name` asks so before it imports the file, maybe amid other imports
    for module in [_NAMES[name]] if name in _NAMES else [] if name.startswith("_") else _OPEN:
        home = __getattr__(module)
        if name in _NAMES or name in home.__all__:
            globals()[name] = getattr(home, name)
            return globals()[name]
    from .answers.naming import missing

    missing(__name__, name)


def __dir__() -> list[str]:
    public = {name for name, value in globals().items() if name == "ops" or not isinstance(value, _ModuleType)}
    return sorted(
        {name for name in public if not name.startswith("_")}
        | _MODULES
        | _NAMES.keys()
        | {name for module in _OPEN for name in __getattr__(module).__all__}
    )

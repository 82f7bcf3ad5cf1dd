"""Optimizers: they read `.grad` of the parameters that they were given, and move those parameters.

    opt = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    opt.zero_grad()
    loss.backward()
    opt.step()

optimizer.py is what they share, sgd.py and adaptive.py are the update rules, made of arithmetic.py; flat.py keeps all
parameters in one array, clipping.py and schedules.py change the gradients and the learning rate. parameters.py and
settings.py look at what they are given, mistakes.py at what the first steps do. preview.py shows a step in numbers,
state.py is what is saved.
"""

from functools import partial
from typing import TYPE_CHECKING

from ..answers.naming import missing
from . import schedules
from .adaptive import AdaGrad, Adam, AdamW, RMSProp
from .clipping import clip_by_global_norm, clip_by_norm, clip_by_value
from .optimizer import Optimizer
from .preview import Update
from .sgd import SGD

_OURS: tuple[type[Optimizer], ...] = (SGD, AdaGrad, RMSProp, Adam, AdamW)
by_name = {optimizer.__name__.lower(): optimizer for optimizer in _OURS}

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSProp",
    "Update",
    "by_name",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "schedules",
]

if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that exists
    __getattr__ = partial(missing, __name__)

"""Callbacks: what happens beside the steps, at the end of each epoch or after each gradient.

    tg.fit(..., callbacks=[tg.EarlyStopping(patience=3), tg.ModelCheckpoint("best.npz", save_best_only=True)])

A callback's own is a subclass of Callback, or any function (epoch, logs): epochs are counted from 1, and `logs` are
the epoch's figures by name. A function that returns True stops the training.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers import checks
from ..answers.calls import Called, takes
from ..answers.elsewhere import Elsewhere, listed

if TYPE_CHECKING:
    from .run import Run


# The methods that are called while a model trains, and with what.
HOOKS = {
    "on_train_begin": (),
    "on_gradient": ("batch",),
    "on_batch_end": ("batch", "logs"),
    "on_epoch_end": ("epoch", "logs"),
    "after_epoch": ("epoch", "logs"),
    "on_train_end": (),
}
# Those of Keras that are none here, and would wait in vain.
_NEVER_CALLED = {
    "on_epoch_begin": "on_train_begin(), and on_epoch_end(epoch, logs) for the next one",
    "on_batch_begin": "on_train_begin(), and on_batch_end(batch, logs) for the next one",
    "on_train_batch_begin": "on_train_begin(), and on_batch_end(batch, logs) for the next one",
    "on_train_batch_end": "on_batch_end(batch, logs)",
    "on_test_begin": "on_epoch_end(epoch, logs), when the validation is done",
    "on_test_end": "on_epoch_end(epoch, logs), when the validation is done",
    "set_model": "on_train_begin(), which finds the model as self.run.model",
}


class Callback(Called):
    """The base of callbacks: every method may be overridden, none has to be.

    `self.run` is the training: its `model`, `optimizer`, `history`, `epoch`, and `stop(reason)`. What a resumed run
    has to remember goes into state_dict(). A callback that puts figures of its own into `logs` names them in `adds`:
    callbacks that come after it may monitor them.

        class WeightNorm(tg.Callback):
            adds = ("norm",)

            def on_epoch_end(self, epoch, logs):
                logs["norm"] = sum(np.sum(p.data**2) for p in self.run.model.parameters()) ** 0.5
    """

    run: Run
    adds: tuple[str, ...] = ()
    model = Elsewhere("self.run.model, while it is trained")
    __dir__ = listed

    def __init_subclass__(cls, **options: Any) -> None:
        """A method that would be called otherwise, or never, is refused where it is written."""
        super().__init_subclass__(**options)
        for name, method in vars(cls).items():
            if name in _NEVER_CALLED:
                raise TypeError(f"{name}() of {cls.__name__} would never be called: write {_NEVER_CALLED[name]}")
            if name in HOOKS and isinstance(method, FunctionType):
                takes(method, f"{name} of {cls.__name__}", "self", *HOOKS[name])
            elif name.startswith("on_") and not _is_called(cls, name):
                near = difflib.get_close_matches(name, HOOKS, 1)
                meant = f"did you mean {near[0]}({', '.join(HOOKS[near[0]])})? " if near else ""
                raise TypeError(
                    f"{name}() of {cls.__name__} would never be called: {meant}There are {', '.join(HOOKS)}"
                )

    def __init__(self) -> None:
        """Nothing to do: subclasses need not call it."""

    def on_train_begin(self) -> None:
        """Before the first step: what does not fit is refused here. A file to resume from is loaded after it."""

    def on_gradient(self, batch: int) -> None:
        """The gradients of this batch (from 1) are there, and neither clipped nor used yet."""

    def on_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """The step is done; `logs` has the "loss" of this batch."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """The epoch is over; what is added to `logs` goes into the history."""

    def after_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        """Every callback has seen the epoch: the time to save, by self.run.save(path)."""

    def on_train_end(self) -> None:
        """After the last step, unless an error ended the training."""

    def state_dict(self) -> dict[str, Any]:
        """Numbers, words, arrays, and lists and dicts of them."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what state_dict() gave."""
        if state:
            raise ValueError(f"{type(self).__name__} has no state, but was given {', '.join(state)}")


def _is_called(cls: type, name: str) -> bool:
    """Whether a method that is none of HOOKS is called by another one, or stands for one of a parent's."""
    codes = [code for method in vars(cls).values() if (code := getattr(method, "__code__", None)) is not None]
    return any(name in code.co_names for code in codes) or any(name in vars(base) for base in cls.__mro__[1:])


class RememberingCallback(Callback):
    """One that starts anew with each training, unless a state was loaded for it."""

    def __init__(self) -> None:
        self.loaded = False
        self.forget()

    def forget(self) -> None:
        """Nothing was seen yet."""

    def on_train_begin(self) -> None:
        """Start anew, or go on from the state that was loaded."""
        if not self.loaded:
            self.forget()
        self.loaded = False


class FunctionCallback(Callback):
    """A user's function (epoch, logs)."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Call it."""
        answer = self.function(epoch, logs)
        if isinstance(answer, (bool, np.bool_)) and answer:
            self.run.stop(f"{getattr(self.function, '__name__', 'a callback')} said so after epoch {epoch}")


def several(callbacks: Any) -> list[Any]:
    """One callback, several, or none, as a list; functions are as they were given."""
    wanted = "a callback such as tg.EarlyStopping(), or a function (epoch, logs)"
    return checks.several(
        "callbacks", callbacks, lambda each: hasattr(type(each), "on_epoch_end") or callable(each), wanted
    )

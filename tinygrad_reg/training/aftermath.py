"""What a training leaves behind: nothing where it was refused, what was learned of it where an error ended it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .callbacks import RememberingCallback
from .watchers import kept

if TYPE_CHECKING:
    from .run import Run
    from .saving.resuming import Memory


@contextmanager
def put_back(run: Run) -> Iterator[None]:
    """However the training ends, layers are in the modes that they were in, and what was learned of it is there."""
    modes = [(module, module.training) for _, module in run.model.named_modules()]
    remembered = [(each, {**vars(each)}) for each in run.callbacks if isinstance(each, RememberingCallback)]
    try:
        yield
    except Exception as error:
        vars(error).setdefault("history", run.history)
        if isinstance(error, FloatingPointError):
            error.args = (". ".join([str(error), *filter(None, map(kept, run.callbacks))]),)
        if not run.steps and not run.done:  # refused: what was loaded for a training is for the next one
            for each, attributes in remembered:
                vars(each).update(attributes)
        raise
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def at_work(run: Run) -> Iterator[None]:
    """The callbacks belong to this training, which they see as `run`, and to no other; afterwards to none."""
    try:
        for callback in run.callbacks:
            if vars(callback).setdefault("run", run) is not run:  # at once, for trainings in other threads
                raise ValueError(
                    f"this {type(callback).__name__} has a `run` already, and would mix up the two: it belongs to a "
                    "training that is not over (make another one for this), or sets self.run itself (choose another "
                    "name)"
                )
        yield
    finally:
        for callback in run.callbacks:
            if vars(callback).get("run") is run:
                vars(callback).pop("run")  # so that it can be copied and sent elsewhere


@contextmanager
def unchanged_until_the_first_step(run: Run, memory: Memory) -> Iterator[None]:
    """What is refused before the first step leaves no trace: moving statistics, gradients, generators."""
    state, back = run.model.state_dict(), memory.way_back()
    gradients = [(tensor, tensor.grad) for _, tensor in run.model.named_state()]
    try:
        yield
    except Exception:
        if not run.steps:
            run.model.load_state_dict(state)
            for tensor, gradient in gradients:
                tensor.grad = gradient
            back()
        raise

"""Run: one training, step by step. It is what fit does, and what callbacks see as self.run."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import losses, optim
from ..data.augmentation import Augmentation
from ..data.sets import batches
from ..layers.module import Module
from ..optim import Optimizer
from ..tensor import Tensor, values
from . import divergence, samples
from .aftermath import at_work, put_back, unchanged_until_the_first_step
from .callbacks import Callback
from .evaluation import mean_over, measured
from .figures import Figures
from .gradient import Gradient
from .history import History
from .interrupts import Interrupted, Interrupts
from .progress import Progress
from .reach import Reach
from .saving.resuming import Memory
from .scores import nan_where_undefined, one_output


@dataclass(eq=False, repr=False, kw_only=True)
class Run:
    """A training: `model`, `optimizer`, `history`, `epoch` (the one that is running, from 1), `epochs`."""

    model: Module
    loss: losses.Loss
    optimizer: Optimizer
    train: batches
    validation: tuple[np.ndarray, np.ndarray] | None  # x and y
    metrics: dict[str, Callable[..., Any]]
    callbacks: Sequence[Callback]
    epochs: int
    clip: Callable[[list[Tensor]], Any] | None
    augment: Callable[..., Any] | None
    resume: str | os.PathLike[str] | None
    compile: bool

    def __post_init__(self) -> None:
        self.history = History()
        self.epoch = 0
        self.parameters = list(self.optimizer.params)
        self._see_what_layers_declare()
        own = ["loss", *["penalty"] * self.penalised, *self.metrics]
        own += [f"val_{name}" for name in ["loss", *self.metrics]] * (self.validation is not None)
        self.figures = list(dict.fromkeys([*own, *(name for callback in self.callbacks for name in callback.adds)]))
        self._of_epochs = nan_where_undefined(self.metrics)  # what the first prediction can tell, it is asked strictly
        self.gradient = Gradient(self.model, self.loss, self.optimizer, self.compile)
        self.interrupts = Interrupts()
        self.done = 0  # complete epochs
        self._batch = 0  # complete batches of this epoch
        self.steps = 0  # of this run

    def _see_what_layers_declare(self) -> None:
        """Before each epoch: to walk over them for what none declares would take a third of a small model's step."""
        kind, declared = type(self.model), self.model.declared
        self.penalised = kind.penalty is not Module.penalty or any(declared("_regularizer"))
        self.constrained = kind.project is not Module.project or any(declared("_constraint"))

    # ---- what callbacks may call

    def stop(self, reason: str) -> None:
        """End the training after this epoch."""
        self.history.stop_reason = self.history.stop_reason or reason

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save all of it, between two epochs: a run that resumes from there goes on as this one does."""
        if self.done != self.epoch:
            raise RuntimeError(
                f"a run can be saved between two epochs, and epoch {self.epoch} is not over: call self.run.save(path) "
                "in after_epoch(), when every callback has seen it"
            )
        self._memory.save(self, path)

    # ---- the training

    def go(self, verbose: int) -> History:
        """Train until the last epoch, a callback's stop, or Ctrl-C."""
        with self.interrupts.held_back(), at_work(self), put_back(self):
            self._memory = Memory(self.resume)
            for callback in self.callbacks:
                callback.on_train_begin()
            self.epoch = self.done = self._memory.open(self)
            if not self.done:
                self.history.start_lr = self.optimizer.lr
            self._sizes = divergence.sizes(self.model)
            self._reach = Reach(self.model, self.optimizer)
            with (
                closing(Progress(verbose, self.epochs, len(self.train), min(self.done, self.epochs))) as progress,
                unchanged_until_the_first_step(self, self._memory),
            ):
                self._epochs(progress)
            for callback in self.callbacks:
                callback.on_train_end()
        return self.history

    def _epochs(self, progress: Progress) -> None:
        if self.done:
            progress.note(f"continuing '{os.fspath(self.resume or '')}' after epoch {self.done}")
        try:
            self.interrupts.give_way()
            while self.done < self.epochs and self.history.stop_reason is None:
                self._one_epoch(progress)
                self.interrupts.give_way()
        except Interrupted:
            self._note_interruption()
        except KeyboardInterrupt:
            if self.interrupts.asked:  # the second one: whoever presses twice wants out at once
                raise
            self._note_interruption()
        if self.history.stop_reason:
            progress.note(f"stopped: {self.history.stop_reason}")
        if diverged := self.history.diverged():
            progress.note(f"diverged: {diverged}")

    def _note_interruption(self) -> None:
        self.interrupts.ended_it = True
        if self.done == self.epoch:
            self.history.stop_reason = f"interrupted after epoch {self.epoch}"
        else:
            self.history.stop_reason = (
                f"interrupted in epoch {self.epoch}, after {self._batch} of {len(self.train)} batches"
            )

    def _one_epoch(self, progress: Progress) -> None:
        self.epoch, self._batch = self.done + 1, 0
        self._see_what_layers_declare()
        self.model.train()
        progress.epoch(self.epoch)
        figures = Figures()
        for x, y, *weights in self.train:
            self._step(self._augmented(x), y, weights[0] if weights else None, figures)
            self._batch += 1
            progress.batch(figures.mean_loss)
            for callback in self.callbacks:
                callback.on_batch_end(self._batch, {"loss": figures.last_loss})
            self.interrupts.give_way()
        self._end_epoch(figures, progress)

    def _end_epoch(self, figures: Figures, progress: Progress) -> None:
        divergence.check_weights(self.model, self.optimizer, self.epoch)
        self._reach.tell(self.model, self.epoch)
        logs = figures.result(self._of_epochs)
        if self.validation is not None:
            of_validation = measured(self.model, *self.validation, self.loss, self._of_epochs)
            logs.update((f"val_{name}", value) for name, value in of_validation.items())
        progress.epoch_end(self.epoch, logs)
        for callback in self.callbacks:
            callback.on_epoch_end(self.epoch, logs)
        self.history.add(logs)
        self.done = self.epoch
        for callback in self.callbacks:
            callback.after_epoch(self.epoch, logs)
        self._memory.keep(self)

    # ---- a step

    def _augmented(self, x: np.ndarray) -> Any:
        if self.augment is None:
            return x
        if not x.flags.writeable:  # the user's own samples; of shuffled ones, these are a copy
            x = x.copy()
        changed = self.augment(x, self.train.rng) if isinstance(self.augment, Augmentation) else self.augment(x)
        if changed is None:
            raise TypeError("augment must give the changed batch, but it returned None: end it with `return ...`")
        if np.ndim(changed) == 0 or len(changed) != len(x):
            raise ValueError(f"augment must keep the number of samples: given {x.shape}, it gave {np.shape(changed)}")
        return changed

    def _step(self, x: Any, y: Any, weights: Any, figures: Figures) -> None:
        """Forward, backward, update: the hand-written loop's four lines."""

        def gradient() -> Any:
            return self._gradient(x, y, weights, figures)

        lr = self.optimizer.lr
        if isinstance(self.optimizer, optim.SGD) and self.optimizer.form == "lookahead":
            self.optimizer.step(gradient)
        else:
            gradient()
            self.optimizer.step()
        self.steps += 1
        if self.constrained:
            self.model.project(lr)

    def _gradient(self, x: Any, y: Any, weights: Any, figures: Figures) -> Any:
        try:
            out, loss, penalty, total = self.gradient(self.penalised, x, y, weights)
        except ValueError as error:
            samples.say_what_y_is(error, self.train.arrays[1])
            raise
        if not self.steps:
            self._check_first(out, mean_over(self.loss, total.item(), len(y)))
        if not (math.isfinite(total.item()) and divergence.finite_gradients(self.parameters)):
            self._refuse_to_go_on(x)
        self._reach.look()
        for callback in self.callbacks:
            callback.on_gradient(self._batch + 1)
        if self.clip is not None:
            self.clip(self.parameters)
        figures.add(len(y), mean_over(self.loss, loss.item(), len(y)), None if penalty is None else penalty.item())
        if self.metrics:
            figures.predictions.append(out)
            figures.targets.append(y)
        return total

    def _check_first(self, out: Any, total: float) -> None:
        """What only the first prediction can tell, before the first step.

        On the way, scores may have left [0, 1]: what lets a metric say nothing does not keep a run from being resumed.
        """
        if self.history.start_loss is None:
            self.history.start_loss = float(total)
        sets = {"": self.train.arrays[1]}
        if self.validation is not None:
            sets["in validation_data, "] = self.validation[1]
        if self.metrics:
            one_output(out)
        if isinstance(out, np.ndarray):
            samples.check_targets(out, sets, self.loss, {} if self.done else self.metrics)

    def _refuse_to_go_on(self, x: Any) -> None:
        if self.augment is not None and not np.isfinite(values(x)).all():
            raise FloatingPointError(
                f"augment gave NaN or infinite values in epoch {self.epoch}, batch {self._batch + 1}, where the "
                "samples have none. The step was not taken"
            )
        graph, x_all = self.gradient.with_graph(), self.train.arrays[0]
        divergence.refuse(self.model, graph, self.optimizer, self._sizes, x_all, self.epoch, self._batch + 1)

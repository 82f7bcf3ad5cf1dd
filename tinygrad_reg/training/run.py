"""Run: one training, step by step. It is what fit does, and what callbacks see as self.run."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import losses, optim
from ..data.augmentation import Augmentation
from ..data.sets import batches
from ..layers.module import Module
from ..optim import Optimizer
from ..source import users_level
from ..tensor import Tensor, values
from . import arguments, container, divergence, randomness, resuming
from .callbacks import Callback
from .checkpoints import loaded, state_of
from .evaluation import mean_over, measured
from .figures import Figures
from .gradient import Gradient
from .history import History
from .interrupts import Interrupted, Interrupts
from .progress import Progress


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
        model, metrics = self.model, self.metrics
        self.history = History()
        self.epoch = 0
        self.parameters = self.optimizer.params
        # Walking over the layers for what none declares would take a third of a small model's step.
        self.penalised = type(model).penalty is not Module.penalty or any(model.declared("_regularizer"))
        self.constrained = type(model).project is not Module.project or any(model.declared("_constraint"))
        own = ["loss", *["penalty"] * self.penalised, *metrics]
        own += [f"val_{name}" for name in ["loss", *metrics]] * (self.validation is not None)
        self.figures = list(dict.fromkeys([*own, *(name for callback in self.callbacks for name in callback.adds)]))
        self.gradient = Gradient(model, self.loss, self.optimizer, self.penalised, self.compile)
        self._done = 0  # complete epochs
        self._batch = 0  # complete batches of this epoch
        self._steps = 0  # of this run
        self.interrupts = Interrupts()
        self.settings: dict[str, Any] = {}  # what a checkpoint says of the call of fit
        self._left_out: dict[str, Tensor] | None = None  # the parameters that no gradient has reached in this run

    # ---- what callbacks may call

    def stop(self, reason: str) -> None:
        """End the training after this epoch."""
        self.history.stop_reason = self.history.stop_reason or reason

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save all of it: a run that resumes from there goes on as this one does."""
        state = state_of(epoch=self._done, history=self.history, **self._parts(self._drawn_from()))
        container.write(path, {**state, "settings": self.settings})

    def _parts(self, sources: dict[str, randomness.Source]) -> dict[str, Any]:
        parts = {"model": self.model, "optimizer": self.optimizer, "callbacks": self.callbacks}
        return {**parts, "sources": sources}

    def _drawn_from(self) -> dict[str, randomness.Source]:
        """The generators, of those that the whole process shares the ones that have moved since the run began."""
        first = self._at_first
        return {
            name: source
            for name, source in self._sources.items()
            if name not in first or first[name] != randomness.state_of(source)
        }

    def _found(self) -> dict[str, randomness.Source]:
        """All random generators that this training is seen to draw from, by name."""
        known = randomness.of_model(self.model, self.train.rng)
        names = ("augment", "loss", "callbacks", "model", "metrics", "clip", "optimizer")
        return randomness.of_run(known, {name: getattr(self, name) for name in names})

    # ---- the training

    def go(self, verbose: int) -> History:
        """Train until the last epoch, a callback's stop, or Ctrl-C."""
        self._sources = self._found()
        self._at_first = {name: randomness.state_of(source) for name, source in randomness.GLOBAL.items()}
        if self.resume is not None:
            held = {"thread", *randomness.GLOBAL, *(f"model.{path}" for path, _ in self.model.named_generators())}
            own = [name for name in self._sources if name not in held]
            self.settings = resuming.settings(self.model, self.train, self.loss, self.clip, self.augment, own)
            self._file = os.path.abspath(self.resume)  # a callback may go to another folder
            container.remove_drafts(self._file)
            if container.exists(self._file):
                self._take_up(self._file)
        if not self._done:
            self.history.start_lr = self.optimizer.lr
        self._sizes = divergence.sizes(self.model)
        modes = [(module, module.training) for _, module in self.model.named_modules()]
        progress = None
        try:
            for callback in self.callbacks:
                callback.run = self
                callback.on_train_begin()
            progress = Progress(verbose, self.epochs, len(self.train), min(self._done, self.epochs))
            with self._unchanged_until_the_first_step():
                self._epochs(progress)
            for callback in self.callbacks:
                callback.on_train_end()
        except (FloatingPointError, OSError) as error:  # diverged, or the disk is full
            error.history = self.history  # type: ignore[union-attr]
            raise
        finally:
            for module, mode in modes:
                module.training = mode
            for callback in self.callbacks:
                vars(callback).pop("run", None)  # so that it can be copied and sent elsewhere
            if progress is not None:
                progress.close()
        return self.history

    def _take_up(self, path: str | os.PathLike[str]) -> None:
        """Go on where the file says; a word for what a script asks that the file overrules."""
        given = self.optimizer.lr
        checkpoint = loaded(path, **self._parts(self._sources))
        self.history, self._done = checkpoint.history, checkpoint.epoch
        resuming.compare_rates(checkpoint, given, self.optimizer)
        if self.history.stop_reason is not None or self._done >= self.epochs:
            resuming.tell_that_it_is_done(checkpoint, self.epochs)
        else:
            resuming.compare_settings(checkpoint, self.settings)

    def _epochs(self, progress: Progress) -> None:
        if self._done:
            progress.note(f"continuing '{os.fspath(self.resume or '')}' after epoch {self._done}")
        try:
            with self.interrupts.held_back():
                while self._done < self.epochs and self.history.stop_reason is None:
                    self._one_epoch(progress)
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

    def _one_epoch(self, progress: Progress) -> None:
        self.epoch, self._batch = self._done + 1, 0
        progress.epoch(self.epoch)
        figures = Figures()
        for done in self._batches(figures, progress):
            self._batch = done
            self.interrupts.give_way()
        self._end_epoch(figures, progress)
        self.interrupts.give_way()

    def _note_interruption(self) -> None:
        if self._done == self.epoch:
            self.history.stop_reason = f"interrupted after epoch {self.epoch}"
        else:
            self.history.stop_reason = (
                f"interrupted in epoch {self.epoch}, after {self._batch} of {len(self.train)} batches"
            )

    def _batches(self, figures: Figures, progress: Progress) -> Iterator[int]:
        """Take the steps of an epoch; yields the number of batches done."""
        self.model.train()
        for number, (x, y, *weights) in enumerate(self.train, 1):
            if self.augment is not None:
                x = self._augmented(x)
            self._step(x, y, weights[0] if weights else None, figures)
            progress.batch(figures.mean_loss)
            for callback in self.callbacks:
                callback.on_batch_end(number, {"loss": figures.last_loss})
            yield number

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
        self._steps += 1
        if self.constrained:
            self.model.project(lr)

    def _gradient(self, x: Any, y: Any, weights: Any, figures: Figures) -> Any:
        try:
            out, loss, penalty, total = self.gradient(x, y, weights)
        except ValueError as error:
            arguments.say_what_y_is(error, self.train.arrays[1])
            raise
        if not self._steps:
            self._check_first(out, mean_over(self.loss, total.item(), len(y)))
        if not (math.isfinite(total.item()) and divergence.finite_gradients(self.parameters)):
            if self.augment is not None and not np.isfinite(values(x)).all():
                raise FloatingPointError(
                    f"augment gave NaN or infinite values in epoch {self.epoch}, batch {self._batch + 1}, where the "
                    "samples have none. The step was not taken"
                )
            graph = self.gradient.with_graph()
            x_all = self.train.arrays[0]
            divergence.refuse(self.model, graph, self.optimizer, self._sizes, x_all, self.epoch, self._batch + 1)
        if self._left_out is None:
            own = set(self.parameters)
            self._left_out = {path: p for path, p in self.model.named_parameters() if p in own}
        if self._left_out:
            self._left_out = {path: p for path, p in self._left_out.items() if p._grad is None}
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
        """What only the first prediction can tell, before the first step."""
        if self.history.start_loss is None:
            self.history.start_loss = total
        sets = {"": self.train.arrays[1]}
        if self.validation is not None:
            sets["in validation_data, "] = self.validation[1]
        if isinstance(out, np.ndarray):
            arguments.check_targets(out, sets, self.loss, self.metrics)

    @contextmanager
    def _unchanged_until_the_first_step(self) -> Iterator[None]:
        """What is refused before the first step leaves no trace: moving statistics, generators."""
        own = [source for name, source in self._sources.items() if name not in randomness.GLOBAL]
        before, state = [(source, randomness.state_of(source)) for source in own], self.model.state_dict()
        try:
            yield
        except Exception:
            if not self._steps:
                self.model.load_state_dict(state)
                for source, its_state in before:
                    randomness.set_state(source, its_state)
            raise

    def _tell_what_is_left_out(self) -> None:
        """After an epoch, not after a step: a layer that is skipped at random is trained all the same."""
        paths = list(self._left_out or ())
        names = ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")
        warnings.warn(
            f"the loss does not depend on {names}: no gradient came there in epoch {self.epoch}. Is a layer left out "
            "of forward, or cut off by .detach(), .numpy() or no_grad()? What is not to be trained gets "
            "requires_grad = False",
            stacklevel=users_level(),
        )
        self._left_out = {}

    def _augmented(self, x: np.ndarray) -> Any:
        assert self.augment is not None
        if not x.flags.writeable:  # the user's own samples; of shuffled ones, these are a copy
            x = x.copy()
        changed = self.augment(x, self.train.rng) if isinstance(self.augment, Augmentation) else self.augment(x)
        if np.ndim(changed) == 0 or len(changed) != len(x):
            raise ValueError(f"augment must keep the number of samples: given {x.shape}, it gave {np.shape(changed)}")
        return changed

    def _end_epoch(self, figures: Figures, progress: Progress) -> None:
        divergence.check_weights(self.model, self.optimizer, self.epoch)
        if self._left_out:
            self._tell_what_is_left_out()
        logs = figures.result(self.metrics)
        if self.validation is not None:
            of_validation = measured(self.model, *self.validation, self.loss, self.metrics)
            logs.update((f"val_{name}", value) for name, value in of_validation.items())
        progress.epoch_end(self.epoch, logs)
        for callback in self.callbacks:
            callback.on_epoch_end(self.epoch, logs)
        self.history.add(logs)
        self._done = self.epoch
        for callback in self.callbacks:
            callback.after_epoch(self.epoch, logs)
        if self.resume is not None:
            self.save(self._file)

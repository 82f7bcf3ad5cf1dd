"""Callbacks that watch one figure: early stopping, the checkpoint of the best model, a slower rate on a plateau."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..answers import checks
from ..answers.naming import look_up
from .callbacks import Callback, RememberingCallback
from .direction import direction
from .saving import drafts


class _Watcher(RememberingCallback):
    """What watches one figure: whether it got better by more than `min_delta`, as Keras counts."""

    def __init__(self, monitor: str, mode: str, min_delta: float) -> None:
        if not isinstance(monitor, str):
            raise TypeError(f"monitor must be the name of a figure, such as 'val_loss', not {monitor!r}")
        self.monitor = monitor
        self.mode = direction(monitor, mode)
        self.min_delta = checks.number("min_delta", min_delta, 0)
        super().__init__()

    def forget(self) -> None:
        """Nothing was seen yet."""
        self.best = math.inf if self.mode == "min" else -math.inf
        self.best_epoch = 0

    def on_train_begin(self) -> None:
        """The figure must be among those that this training has."""
        figures = self.run.figures
        if self.monitor.startswith("val_") and not any(name.startswith("val_") for name in figures):
            raise ValueError(
                f"{type(self).__name__} watches '{self.monitor}', but there is no validation: give fit() "
                f"validation_data=(x_val, y_val), or watch one of {', '.join(figures)}"
            )
        look_up(self.monitor, dict.fromkeys(figures), "figure to monitor")
        super().on_train_begin()

    def better(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """Whether this epoch's figure is the best so far; it is the one to beat then."""
        value = look_up(self.monitor, logs, "figure of this epoch")
        if value + self.min_delta < self.best if self.mode == "min" else value - self.min_delta > self.best:
            self.best, self.best_epoch = value, epoch
            return True
        return False  # as NaN always is

    def state_dict(self) -> dict[str, Any]:
        """The best figure and its epoch."""
        return {"monitor": self.monitor, "mode": self.mode, "best": self.best, "best_epoch": self.best_epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there, with the same figure."""
        own = self.state_dict()
        if state.keys() != own.keys():
            raise ValueError(f"the state of {type(self).__name__} has {', '.join(own)}, not {', '.join(state)}")
        for name, now in own.items():
            then = state[name]
            if isinstance(now, str) and then != now:
                raise ValueError(f"{name} of {type(self).__name__} is '{then}' there, '{now}' here")
            if isinstance(now, (int, float)) and not isinstance(then, (int, float)):
                raise ValueError(f"{name} of {type(self).__name__} is no number there")
        for name, then in state.items():
            setattr(self, name, then)
        self.loaded = True


class EarlyStopping(_Watcher):
    """Stop once `patience` epochs in a row brought no gain over `min_delta` (row T2 of the lectures).

    rule="keras": stops when `patience` epochs were bad, so patience=1 stops at the first bad one. rule="lecture": when
    more than `patience` were, as lecture 004 reads patience=1 ("for more than one epoch"). A gain is a figure better
    than the best so far by more than min_delta. mode="auto" watches the house's losses for a fall and its accuracies
    for a rise; a figure of your own needs mode="min" or mode="max". With restore_best=True the model ends with the
    weights of its best epoch; where an error ends the training, they are in early.weights.

        early = tg.EarlyStopping(patience=5, restore_best=True)
        history = tg.fit(..., validation_data=(x_val, y_val), callbacks=[early])
        history.stop_reason     # 'val_loss brought no gain for 5 epochs after epoch 17 (0.2104)', None if it went on
        history.best_epoch      # 17
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        mode: str = "auto",
        restore_best: bool = False,
        rule: str = "keras",
    ) -> None:
        self.patience = checks.whole("patience", patience, 0)
        self.restore_best = checks.switch("restore_best", restore_best)
        self.rule = checks.one_of("rule", rule, ("keras", "lecture"))
        super().__init__(monitor, mode, min_delta)

    def forget(self) -> None:
        """Nothing was seen yet."""
        super().forget()
        self.bad = 0  # epochs in a row without a gain
        self.weights: dict[str, np.ndarray] = {}

    def on_train_begin(self) -> None:
        """One of them, at most, can say which weights the model ends with."""
        restoring = [c for c in self.run.callbacks if isinstance(c, EarlyStopping) and c.restore_best]
        if len(restoring) > 1:
            raise ValueError(
                "a model can end with the weights of one best epoch only, but restore_best=True is asked for by "
                f"EarlyStopping of {' and of '.join(repr(c.monitor) for c in restoring)}: leave it to one of them"
            )
        self.leads = self.restore_best or not restoring
        super().on_train_begin()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Count, and stop."""
        if self.better(epoch, logs):
            self.bad = 0
            if self.leads:  # the best epoch of a history is the one whose weights are kept
                self.run.history.best_epoch = epoch
            if self.restore_best:
                self.weights = self.run.model.state_dict()
            return
        self.bad += 1
        if self.bad > self.patience or (self.rule == "keras" and self.bad == self.patience):
            self.run.stop(
                f"{self.monitor} brought no gain for {self.bad} epoch{'s' * (self.bad > 1)} after epoch "
                f"{self.best_epoch} ({self.best:.4g})"
            )

    def on_train_end(self) -> None:
        """Put the best weights back."""
        if self.restore_best and self.weights:
            self.run.model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """The best figure, its weights, and how long ago it was."""
        return {**super().state_dict(), "bad": self.bad, "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        weights = state.get("weights")
        if not isinstance(weights, Mapping) or not all(isinstance(w, np.ndarray) for w in weights.values()):
            raise ValueError("the weights that EarlyStopping kept are missing")
        run = vars(self).get("run")  # that of a training which is resumed
        for path, tensor in run.model.named_state() if run is not None else ():
            if path in weights and weights[path].shape != tensor.shape:
                shapes = f"{weights[path].shape} there, {tensor.shape} here"
                raise ValueError(f"the weights that EarlyStopping kept are another model's: {path} is {shapes}")
        super().load_state_dict(state)


def kept(callback: Callback) -> str:
    """Where the best weights are, for who reads the error that ended a training before they were put back."""
    if not isinstance(callback, EarlyStopping) or not callback.weights:
        return ""
    return (
        f"The weights of epoch {callback.best_epoch}, the best by '{callback.monitor}', were not put back: "
        "EarlyStopping has them, model.load_state_dict(early.weights)"
    )


class ModelCheckpoint(_Watcher):
    """Save the whole training to `path` after each epoch; with save_best_only=True only where `monitor` got better.

    The file appears as a whole, as with tg.save; tg.load(path, model=model) brings the model back. `path` may hold
    figures, "epoch{epoch:02d}-{val_loss:.2f}.npz", to make a file for each. It is seen from the folder in which the
    training begins; the folders that it names must be there then, those of all epochs.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        monitor: str = "val_loss",
        save_best_only: bool = False,
        mode: str = "auto",
    ) -> None:
        self.path, self.folder = checks.path("path", path), ""
        self.save_best_only = checks.switch("save_best_only", save_best_only)
        self.due = False
        super().__init__(monitor, mode if save_best_only or mode != "auto" else "min", 0.0)

    def on_train_begin(self) -> None:
        """The folder must be there, and the figure, where it is asked for."""
        if self.save_best_only:
            super().on_train_begin()
        self.folder = drafts.folder_of(self.path)  # a callback may go to another one
        figures = dict.fromkeys(self.run.figures, 0.0)
        drafts.check_target(file := self._file({"epoch": 1, **figures}))
        if "{" not in os.path.dirname(self.path):
            return
        other = self._file({"epoch": 1, **dict.fromkeys(figures, 12345.5)})
        if os.path.dirname(other) != os.path.dirname(file):
            raise ValueError(
                f"the folder in the path '{self.path}' must be known before the training: figures other than epoch "
                "must be in the name of the file"
            )
        files = (self._file({"epoch": epoch, **figures}) for epoch in range(1, self.run.epochs + 1))
        for file in {os.path.dirname(file): file for file in files}.values():
            drafts.check_target(file)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Decide."""
        self.due = self.better(epoch, logs) if self.save_best_only else True

    def after_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        """Save."""
        if self.due:
            path = self._file({"epoch": epoch, **logs})
            drafts.remove(path)  # of a run that was killed while it saved
            self.run.save(path)

    def _file(self, figures: Mapping[str, float]) -> str:
        try:
            return os.path.join(self.folder, self.path.format(**figures))
        except (LookupError, ValueError, AttributeError, TypeError, MemoryError, OverflowError) as error:
            raise ValueError(
                f"the path '{self.path}' has braces for figures, but not for one of {', '.join(figures)} ({error})"
            ) from None


class ReduceLROnPlateau(_Watcher):
    """Multiply the learning rate by `factor` once `patience` epochs in a row brought no gain over `min_delta`.

    lr ← max(lr · factor, min_lr); then `cooldown` epochs pass before bad ones are counted again. As in Keras. The
    history gets the rate of each epoch as "lr".

    >>> import tinygrad_reg as tg
    >>> x, y = tg.data.curve(40, rng=0)
    >>> options = {"loss": "mse", "optimizer": lambda p: tg.optim.SGD(p, lr=0.1), "epochs": 6, "verbose": 0}
    >>> slower = tg.ReduceLROnPlateau("loss", min_delta=10, patience=2, factor=0.5)  # nothing gains 10
    >>> tg.fit(tg.Dense(1, 1), x, y, callbacks=[slower], **options)["lr"]
    [0.1, 0.1, 0.1, 0.05, 0.05, 0.025]
    """

    adds = ("lr",)

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        self.factor = checks.number("factor", factor)
        if not 0 < self.factor < 1:
            raise ValueError(f"factor, which the rate is multiplied by, must be > 0 and < 1, not {factor!r}")
        self.patience, self.cooldown = checks.whole("patience", patience, 0), checks.whole("cooldown", cooldown, 0)
        self.min_lr = checks.number("min_lr", min_lr, 0)
        super().__init__(monitor, mode, min_delta)

    def forget(self) -> None:
        """Nothing was seen yet."""
        super().forget()
        self.bad = self.resting = 0

    def on_train_begin(self) -> None:
        """The rate must be a number to be multiplied."""
        super().on_train_begin()
        if self.run.optimizer.schedule is not None:
            raise ValueError(
                f"ReduceLROnPlateau can't change a learning rate that follows a schedule ({self.run.optimizer!r}): "
                "give the optimizer a number as lr"
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Count, and reduce."""
        optimizer = self.run.optimizer
        logs["lr"] = optimizer.lr
        if self.resting:
            self.resting -= 1
            self.bad = 0
        if self.better(epoch, logs):
            self.bad = 0
        elif not self.resting:
            self.bad += 1
            if self.bad >= self.patience and optimizer.lr > self.min_lr:
                optimizer.lr = max(optimizer.lr * self.factor, self.min_lr)
                self.bad, self.resting = 0, self.cooldown

    def state_dict(self) -> dict[str, Any]:
        """The best figure, and what is being counted."""
        return {**super().state_dict(), "bad": self.bad, "resting": self.resting}

"""fit(resume=): what a run is saved with, and how it goes on from its file, which replaces what the script gives."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..callbacks import RememberingCallback
from . import container, drafts, randomness, settings
from .checkpoints import loaded, state_of

if TYPE_CHECKING:
    from ..run import Run

_DRAWING = ("augment", "loss", "callbacks", "model", "metrics", "clip", "optimizer")  # what of a run may draw


class Memory:
    """The file of a run, and the random generators that the run is seen to draw from."""

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self.file: Path | None = None
        if path is not None:
            drafts.check_target(path)
            self.file = Path(path).absolute()  # a callback may go to another folder
        self.shared = {name: randomness.state_of(source) for name, source in randomness.GLOBAL.items()}
        self.sources: dict[str, randomness.Source] = {}
        self.settings: dict[str, Any] = {}  # what the file says of the call of fit

    def open(self, run: Run) -> int:
        """Go on from the file, if there is one; how many epochs it has. What callbacks have begun with, it replaces."""
        known = randomness.of_model(run.model, run.train.rng)
        self.sources = randomness.of_run(known, {name: getattr(run, name) for name in _DRAWING})
        if self.file is None:
            return 0
        of_layers = (f"model.{path}" for path, _ in run.model.named_generators())
        there_anyway = {"thread", *randomness.GLOBAL, *of_layers}
        own = [name for name in self.sources if name not in there_anyway]
        self.settings = settings.of(run, own)
        drafts.remove(self.file)
        done = self._take_up(run, self.file) if drafts.target(self.file).exists() else 0
        container.packed(self._state(run, done))  # what can't be saved is refused before the first epoch
        return done

    def _take_up(self, run: Run, file: Path) -> int:
        """Go on where the file says; a word for what a script asks that the file overrules."""
        given = run.optimizer.lr
        checkpoint = loaded(file, **_parts(run), sources=self.sources)
        for callback in run.callbacks:
            if isinstance(callback, RememberingCallback):
                callback.loaded = False  # it was for this training
        run.history.take(checkpoint.history)
        settings.compare_rates(checkpoint, given, run.optimizer)
        if run.history.stop_reason is not None or checkpoint.epoch >= run.epochs:
            settings.tell_that_it_is_done(checkpoint, run.epochs)
        else:
            settings.compare(checkpoint, self.settings)
        return checkpoint.epoch

    def keep(self, run: Run) -> None:
        """After each epoch: save to the file that fit was given, if it was."""
        if self.file is not None:
            self.save(run, self.file)

    def save(self, run: Run, path: str | os.PathLike[str]) -> None:
        """Write all that a run needs to go on from here."""
        container.write(path, self._state(run, run.epoch))

    def _state(self, run: Run, epoch: int) -> dict[str, Any]:
        """Of the generators that the whole process shares it has those that have moved since the run began."""
        now = randomness.of_model(run.model, run.train.rng)  # a callback may have called tg.seed
        moved = {
            name: source
            for name, source in {**self.sources, **now}.items()
            if name not in self.shared or self.shared[name] != randomness.state_of(source)
        }
        state = state_of(epoch=epoch, history=run.history, **_parts(run), sources=moved)
        return {**state, "settings": self.settings and {**self.settings, **settings.changeable(run.model, run.train)}}

    def way_back(self) -> Callable[[], None]:
        """What sets the generators back to where they are now, but for those that the whole process shares."""
        before = [(own, randomness.state_of(own)) for name, own in self.sources.items() if name not in self.shared]

        def back() -> None:
            for own, state in before:
                randomness.set_state(own, state)

        return back


def _parts(run: Run) -> dict[str, Any]:
    return {"model": run.model, "optimizer": run.optimizer, "callbacks": run.callbacks}

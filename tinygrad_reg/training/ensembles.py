"""Ensembles: several models of one kind, trained independently, whose outputs are averaged (row T9 of the lectures)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from numbers import Integral
from typing import Any

import numpy as np

from ..answers import checks
from ..layers.module import Module
from ..modes import generator
from ..tensor import Tensor
from .evaluation import predict
from .history import History
from .members import seeded, train_all


class Ensemble(Module):
    """`members` models, each made by `build()` and trained with a seed of its own; the output is the mean of theirs.

        ensemble = tg.Ensemble(build, members=5)
        ensemble.fit(x, y, loss="categorical_crossentropy", optimizer="adam", epochs=30)
        probabilities = ensemble.predict(x_test)

    Let the members give probabilities (a softmax or sigmoid at their end): their mean is what is averaged. `seeds`
    are whole numbers, one a member; by default they are drawn from this thread's generator. It is a Module: tg.predict
    and tg.evaluate take it, and tg.save saves it.
    """

    def __init__(self, build: Callable[[], Module], members: int = 5, seeds: Sequence[int] | None = None) -> None:
        if isinstance(build, Module) or not callable(build):
            raise TypeError(
                f"build must be a function that makes a new model at each call, not a {type(build).__name__}"
            )
        members = checks.whole("members", members)
        drawn = generator().integers(2**31, size=members) if seeds is None else seeds
        given = checks.several("seeds", drawn, lambda each: isinstance(each, Integral), "a whole number")
        self.seeds = [checks.whole("each of seeds", its_seed, 0) for its_seed in given]
        if len(self.seeds) != members:
            raise ValueError(f"seeds must hold one seed for each of the {members} members, not {len(self.seeds)}")
        self.build = build
        self.members = [_built(build, its_seed) for its_seed in self.seeds]
        self.trained = Tensor(np.ones(members))  # 0 where the training has failed; part of the state
        self.left_out: list[int] = []  # the same, as Python reads it
        self.failures: dict[int, BaseException] = {}

    def forward(self, x: Any) -> Any:
        """1/M Σ member(x)"""
        kept = self.kept()
        total = kept[0](x)
        for member in kept[1:]:
            total = total + member(x)
        return total / len(kept)

    def kept(self) -> list[Module]:
        """The members whose training has not failed."""
        kept = [member for i, member in enumerate(self.members) if i not in self.left_out]
        if not kept:
            raise RuntimeError("the state of this Ensemble says that the training of every member failed: fit it anew")
        return kept

    def _loaded(self) -> None:
        self.left_out = np.flatnonzero(self.trained.data == 0).tolist()
        self.failures = {i: error for i, error in self.failures.items() if i in self.left_out}

    def predict(self, x: Any, batch_size: int = 256) -> np.ndarray:
        """The mean of the members' outputs, in eval mode and in batches."""
        return predict(self, x, batch_size)

    def fit(
        self, x: Any, y: Any, *, executor: Executor | None = None, verbose: int = 1, **options: Any
    ) -> list[History | None]:
        """Train every member as tg.fit(member, x, y, **options) does; returns their histories.

        By default each runs in a process of a pool; any concurrent.futures.Executor will do, such as a
        ThreadPoolExecutor or a cluster's. What goes to another process must be picklable: `build` and functions among
        the options are defined at the top level of a file, and `optimizer` is a name or such a function. Where they are
        not (a lambda), threads of this process train the members, which is slower. Each member has callbacks of its
        own, copies of those given, and copies of the random generators among the options: rng=, those that augment
        holds. (With rng= all members see the samples in one order; without it each has its own, drawn by its seed.)

        Each call trains the members from the beginning: build() makes them anew, from their seeds. (tg.fit goes on from
        the weights that a model has.) A member that fails gets a warning and None as its history, its exception is in
        `failures`, and it takes no part in the mean; a file saved by tg.save knows that.
        """
        if executor is not None and not isinstance(executor, Executor):
            raise TypeError(
                "executor must be a concurrent.futures.Executor, such as ThreadPoolExecutor(4) or "
                f"ProcessPoolExecutor(4), not {executor!r}"
            )
        results = train_all(self.build, self.seeds, x, y, options, executor, verbose)
        failures = {i: result for i, result in results.items() if isinstance(result, BaseException)}
        done = {i: result for i, result in results.items() if not isinstance(result, BaseException)}
        self._report(failures)
        before = self.state_dict()
        try:
            for i, (state, _) in done.items():
                self._take(i, state)
            self.trained.data = np.array([float(i in done) for i in range(len(self.members))])
        except BaseException:
            self.load_state_dict(before)
            raise
        self.failures, self.left_out = failures, sorted(failures)
        return [done[i][1] if i in done else None for i in range(len(self.members))]

    def _take(self, i: int, state: dict[str, np.ndarray]) -> None:
        try:
            self.members[i].load_state_dict(state)
        except ValueError as error:
            raise ValueError(
                f"build() made another model for member {i} than before, and the ensemble is as it was: {error}"
            ) from None

    def _report(self, failures: dict[int, BaseException]) -> None:
        if not failures:
            return
        alike: dict[str, list[str]] = {}
        for i, error in sorted(failures.items()):
            alike.setdefault(f"{type(error).__name__}: {error}", []).append(str(i))
        texts = [f"member{'s' * (len(those) > 1)} {', '.join(those)} ({text})" for text, those in alike.items()]
        first = next(iter(failures.values()))
        if len(failures) == len(self.members):
            guard = (
                ". A script that starts processes calls fit under `if __name__ == '__main__':`, or is given "
                "executor=concurrent.futures.ThreadPoolExecutor()"
            )
            raise RuntimeError(
                f"the training of every member failed: {'; '.join(texts)}"
                + guard * isinstance(first, BrokenProcessPool)
            ) from first
        warnings.warn(
            f"{len(failures)} of {len(self.members)} members failed and are left out: {'; '.join(texts)}",
            RuntimeWarning,
            stacklevel=3,
        )


def _built(build: Callable[[], Module], its_seed: int) -> Module:
    with seeded(its_seed):
        model = build()
    if not isinstance(model, Module):
        raise TypeError(f"build() must return a tg.Module, not {type(model).__name__}")
    return model

"""Ensembles: several models of one kind, trained independently, whose outputs are averaged (row T9 of the lectures)."""

from __future__ import annotations

import copy
import os
import pickle
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np

from ..answers import checks
from ..layers.module import Module
from ..modes import generator, modes, seed
from ..optim import Optimizer
from ..tensor import Tensor
from . import arguments
from .callbacks import Callback
from .evaluation import predict
from .fit import fit
from .history import History
from .randomness import sources_in
from .watchers import ModelCheckpoint

Result = tuple[dict[str, np.ndarray], History]


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
        callbacks = _callbacks_of_each(options)
        options = {**options, "callbacks": callbacks}
        unfit = _not_picklable(self.build, options)
        if unfit is not None and isinstance(executor, ProcessPoolExecutor):
            raise TypeError(
                f"a member can't be sent to another process ({unfit}): define build, and functions among the options, "
                "at the top level of a file, or give no executor"
            ) from unfit
        left = threading.Event()
        here = isinstance(executor, ThreadPoolExecutor) or (executor is None and unfit is not None)
        tasks = {
            i: (self.build, its_seed, x, y, _options_of_one(options, [_Leave(left)] * here))
            for i, its_seed in enumerate(self.seeds)
        }
        done: dict[int, Result] = {}
        failures: dict[int, BaseException] = {}
        from tqdm.auto import tqdm

        with tqdm(total=len(tasks), unit="member", disable=not verbose) as bar:
            own = executor is None
            kind = ProcessPoolExecutor if unfit is None else ThreadPoolExecutor
            pool = executor or kind(min(len(tasks), os.cpu_count() or 1))
            for i, result in _results(pool, tasks, own, left):
                if isinstance(result, BrokenProcessPool) and own:
                    # A process that dies takes the pool with it: each member of it gets another try, on its own.
                    ((_, result),) = _results(ProcessPoolExecutor(1), {i: tasks[i]}, True, left)
                if isinstance(result, BaseException):
                    failures[i] = result
                else:
                    done[i] = result
                bar.update()
        self._report(failures)
        for i, (state, _) in done.items():
            self.members[i].load_state_dict(state)
        self.trained.data = np.array([float(i not in failures) for i in tasks])
        self.failures, self.left_out = failures, sorted(failures)
        return [done[i][1] if i in done else None for i in tasks]

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


class _Leave(Callback):
    """Ends the training of a member in a thread of this process, between two steps, when nobody waits for it."""

    def __init__(self, left: threading.Event) -> None:
        self.left = left

    def on_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Look."""
        self.run.interrupts.asked |= self.left.is_set()


def _callbacks_of_each(options: dict[str, Any]) -> list[Callback]:
    """The callbacks that each member gets copies of; what several members can't share is refused."""
    if isinstance(options.get("optimizer"), Optimizer):
        raise TypeError(
            "an optimizer belongs to one model: give the members a name such as 'adam', or a function of the "
            "parameters (functools.partial(tg.optim.Adam, lr=0.01))"
        )
    callbacks = arguments.callbacks(options.get("callbacks"))
    if options.get("resume") or any(isinstance(each, ModelCheckpoint) for each in callbacks):
        raise TypeError(
            "several members can't be saved to one file: save the ensemble (tg.save(path, model=ensemble)), or "
            "train the members one by one with tg.fit"
        )
    return callbacks


def _options_of_one(options: dict[str, Any], more: list[Callback]) -> dict[str, Any]:
    """The options with callbacks and random generators that no other member has."""
    own = dict(options)
    for name, option in options.items():
        shared = set(map(id, sources_in(option)))
        if shared or name == "callbacks":
            own[name] = copy.deepcopy(option)
        if not shared.isdisjoint(map(id, sources_in(own[name]))):
            raise TypeError(
                f"{name} draws from a random generator among a function's variables, which the members would share, "
                "each in an order of its own: draw by tg.ops.normal(shape) or the like, from each member's seed; or "
                "let an object or a functools.partial hold the generator, which can be copied"
            )
    return {**own, "callbacks": [*own["callbacks"], *more]}


def _not_picklable(*parts: Any) -> Exception | None:
    """What keeps these from being sent to another process, None where nothing does."""
    try:
        pickle.dumps(parts)
    except Exception as error:
        return error
    return None


def _trained(build: Callable[[], Module], its_seed: int, x: Any, y: Any, options: dict[str, Any]) -> Result:
    """Train one member, in whatever process or thread this is, and give its state back."""
    try:
        with _seeded(its_seed):
            model = build()
            history = fit(model, x, y, verbose=0, **options)
    except Exception as error:
        if _comes_back(error):
            raise
        raise RuntimeError(f"{type(error).__name__}: {error}") from None
    if history.stop_reason is not None and history.stop_reason.startswith("interrupted"):
        raise RuntimeError(history.stop_reason)
    return model.state_dict(), history


def _comes_back(error: Exception) -> bool:
    """Whether an exception can be sent from another process: one that can't takes the pool with it."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return False
    return True


@contextmanager
def _seeded(its_seed: int) -> Iterator[None]:
    """Numbers are drawn from this seed inside; the thread's generator is as it was behind it."""
    before = modes.generator
    try:
        seed(its_seed)
        yield
    finally:
        modes.generator = before


def _built(build: Callable[[], Module], its_seed: int) -> Module:
    with _seeded(its_seed):
        model = build()
    if not isinstance(model, Module):
        raise TypeError(f"build() must return a tg.Module, not {type(model).__name__}")
    return model


def _results(executor: Executor, tasks: dict[int, Any], own: bool, left: threading.Event) -> Iterator[tuple[int, Any]]:
    """Each member's result, or its exception, as it becomes known. An executor of our own ends here.

    Where this one is interrupted, nobody waits for the members' last epochs: they end now, in threads as `left` says.
    """
    futures: dict[Future[Result], int] = {}
    try:
        with warnings.catch_warnings():
            # A bar's watchdog is a thread, and so are those of BLAS; none of them is used by a member.
            warnings.filterwarnings("ignore", ".*multi-threaded, use of fork", DeprecationWarning)
            futures.update((executor.submit(_trained, *task), i) for i, task in tasks.items())
        for future in as_completed(futures):
            error = future.exception()
            yield futures[future], future.result() if error is None else error
    finally:
        if not all(future.done() for future in futures):
            left.set()
            for future in futures:
                future.cancel()
            for process in list((getattr(executor, "_processes", None) or {}).values()) if own else ():
                process.terminate()
        if own:
            executor.shutdown(cancel_futures=True)

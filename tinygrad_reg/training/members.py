"""The members of an ensemble trained side by side: each in a process of a pool or a thread, by a seed of its own."""

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
from typing import Any

import numpy as np

from ..layers.module import Module
from ..modes import modes, seed
from ..optim import Optimizer
from . import arguments
from .callbacks import Callback
from .fit import fit
from .history import History
from .saving.randomness import sources_in
from .watchers import ModelCheckpoint

Result = tuple[dict[str, np.ndarray], History]  # the state of a member, and how it came there


def train_all(
    build: Callable[[], Module],
    seeds: Sequence[int],
    x: Any,
    y: Any,
    options: dict[str, Any],
    executor: Executor | None,
    verbose: int,
) -> dict[int, Result | BaseException]:
    """What becomes of each member: its result, or what its training failed of."""
    options = {**options, "callbacks": _callbacks_of_each(options)}
    if isinstance(options.get("metrics"), Iterator):  # which the first member would use up
        options["metrics"] = list(options["metrics"])
    unfit = _not_picklable(build, options)
    if unfit is not None and isinstance(executor, ProcessPoolExecutor):
        raise TypeError(
            f"a member can't be sent to another process ({unfit}): define build, and functions among the options, "
            "at the top level of a file, or give no executor"
        ) from unfit
    left = threading.Event()
    here = isinstance(executor, ThreadPoolExecutor) or (executor is None and unfit is not None)
    tasks = {
        i: (build, its_seed, x, y, _options_of_one(options, [_Leave(left)] * here)) for i, its_seed in enumerate(seeds)
    }
    found: dict[int, Result | BaseException] = {}
    from tqdm.auto import tqdm  # here: in a notebook it looks for widgets, which takes a while

    with tqdm(total=len(tasks), unit="member", disable=not verbose) as bar:
        own = executor is None
        kind = ProcessPoolExecutor if unfit is None else ThreadPoolExecutor
        pool = executor or kind(min(len(tasks), os.cpu_count() or 1))
        for i, result in _results(pool, tasks, own, left):
            if isinstance(result, BrokenProcessPool) and own:
                # A process that dies takes the pool with it: each member of it gets another try, on its own.
                ((_, result),) = _results(ProcessPoolExecutor(1), {i: tasks[i]}, True, left)
            found[i] = result
            bar.update()
    return found


@contextmanager
def seeded(its_seed: int) -> Iterator[None]:
    """Numbers are drawn from this seed inside; the thread's generator is as it was behind it."""
    before = modes.generator
    try:
        seed(its_seed)
        yield
    finally:
        modes.generator = before


class _Leave(Callback):
    """Ends the training of a member in a thread of this process, between two steps, when nobody waits for it."""

    def __init__(self, left: threading.Event) -> None:
        self.left = left

    def on_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Look."""
        self.run.interrupts.asked |= self.left.is_set()


class _End(Callback):
    """Remembers whether a training was broken off, by Ctrl-C for example: such a member is none."""

    too_early = False

    def on_train_end(self) -> None:
        """Look."""
        self.too_early = self.run.interrupts.ended_it


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
    end = _End()
    try:
        with seeded(its_seed):
            model = build()
            history = fit(model, x, y, verbose=0, **{**options, "callbacks": [*options["callbacks"], end]})
    except Exception as error:
        if _comes_back(error):
            raise
        raise RuntimeError(f"{type(error).__name__}: {error}") from None
    if end.too_early:
        raise RuntimeError(history.stop_reason)
    return model.state_dict(), history


def _comes_back(error: Exception) -> bool:
    """Whether an exception can be sent from another process: one that can't takes the pool with it."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return False
    return True


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

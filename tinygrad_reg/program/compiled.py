"""tg.compile(step): the first call captures the step, later calls replay it. See the package's docstring."""

from __future__ import annotations

import functools
import sys
import threading
import types
import warnings
from collections.abc import Callable
from typing import Any

from ..answers.calls import answered
from ..modes import modes, runs_in_pieces
from ..source import users_level
from .arguments import Arguments, names_of, others
from .capture import Capture
from .changes import as_before, kept_for_later, switched, take_back
from .guards import Guards
from .listing import Listing
from .once import refuse_once
from .plan import Plan
from .program import Program
from .replay import MISS, Replay
from .variables import Variables

KEPT = 8  # programs of a step, for the shapes, modes and settings that it met last
IN_VAIN = 10  # so many captures in a row, none of which has served another call, are told of


@answered
def compile(step: Callable[..., Any]) -> Compiled:
    """`step` as a program: the first call runs it and captures it, later calls replay it over buffers planned once.

    Arrays among the arguments are inputs. Tensors that the step refers to are read anew at each call, and get `.grad`,
    new values and moving statistics as if the step had run. Python beside the ops runs at capture only.
    `.source` is the program as NumPy, to be read; `.planned_source` is what runs.

    >>> import numpy as np
    >>> import tinygrad_reg as tg
    >>> w = tg.Tensor([1.0, 2.0], requires_grad=True)
    >>> def step(x):
    ...     loss = np.sum(x * w)
    ...     loss.backward()
    ...     return loss
    >>> fast = tg.compile(step)
    >>> fast(np.array([3.0, 4.0])), w.grad
    (Tensor(11.), array([3., 4.]))
    """
    if not callable(step):
        raise TypeError(f"compile takes a function, the step, not {type(step).__name__}")
    for called in (step, vars(type(step)).get("__call__")):
        if runs_in_pieces(called):
            raise TypeError(
                "compile takes a function that computes and returns, not a generator or an async function, which stops "
                "in between: compile the step that it takes, and call that in it"
            )
    return Compiled(step)


def _missing(args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return MISS


class Compiled:
    """A step that becomes a program at its first call; see `compile`."""

    def __init__(self, step: Callable[..., Any]) -> None:
        self.step = step
        self._programs: list[Replay] = []  # the one that ran last comes first, ...
        self._last: Callable[..., Any] = _missing  # ... and its call, once it has served a call after its capture
        self._in_vain = 0  # captures since any program did
        self._lock = threading.RLock()
        functools.update_wrapper(self, step, updated=())

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        """A method that was compiled: owner.step(x)."""
        return self if owner is None else types.MethodType(self, owner)

    def __reduce__(self) -> Any:
        """Copies and pickles hold the step, and capture anew; a decorated function is known by its name, as all are."""
        names: str = getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(getattr(self, "__module__", ""))
        for name in names.split("."):
            found = getattr(found, name, None)
        return names if found is self else (Compiled, (self.step,))

    def __call__(self, *args: Any, **options: Any) -> Any:
        if modes.watch is not None or modes.transform:  # debug() and transforms see the ops themselves
            return self.step(*args, **options)
        try:  # as `with self._lock`, in half the time
            self._lock.acquire()  # inside, so that Ctrl-C right behind it finds the way back
            result = self._last(args, options)
            return result if result is not MISS else self._by_another(args, options)
        finally:
            try:
                self._lock.release()
            except RuntimeError:  # not acquired: it was Ctrl-C, while another thread had its turn
                raise KeyboardInterrupt from None

    def _by_another(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The step, by the program for such arguments, where there is one, and that of the last call is not."""
        for replay in self._programs[self._last is not _missing :]:
            result = replay.call(args, options)
            if result is not MISS:
                self._to_the_front(replay)
                self._last, self._in_vain = replay.call, 0
                return result
        if self._in_vain == IN_VAIN - 1:
            self._warn(args, options)
        result = self._captured(args, options).call(args, options, True)
        if result is MISS:
            raise RuntimeError(
                "a parameter was given an array of another shape right after its step was captured: no other thread "
                "may use the parameters while a step runs"
            )
        return result

    def _to_the_front(self, replay: Replay) -> None:
        """The program that ran last is the first to be asked; train() and eval() in turn find both of theirs here.

        One whose step has changed what it reads will never run again, and makes room for the next for such arguments.
        """
        others = [x for x in self._programs if x is not replay and not (x.changed and x.key == replay.key)]
        self._programs = [replay, *others][:KEPT]
        self._last = _missing

    def _warn(self, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Say that each call is a capture, and what was another since the one before."""
        key = Arguments(args, options).key
        changed = [replay.guards.changed() for replay in self._programs if replay.key == key]
        names = min(filter(None, changed), key=len, default=["what it reads" if changed else "what it is given"])
        warnings.warn(
            f"a compiled step was captured anew at each of its last {IN_VAIN} calls, as {', '.join(names)} was another "
            "each time; that takes longer than the step itself. Keep a number that changes in a Tensor "
            "(beta.data = 0.5), or give it as an array, np.array(0.5); give batches of one shape",
            stacklevel=users_level(),
        )

    def _captured(self, args: tuple[Any, ...], options: dict[str, Any]) -> Replay:
        """The program of a call for which there is none."""
        arguments, objects = Arguments(args, options), others((args, options))
        last = next((replay for replay in self._programs if replay.key == arguments.key), None)
        before = Variables(self.step, objects)
        refuse_once(before.once)
        capture = Capture(before.generators, before.sees_all)
        taken = [capture.take(x, name) for x, name in zip(args, names_of(self.step, args), strict=True)]
        named = {name: capture.take(x, name) for name, x in options.items()}
        try:
            program = capture.run(before.found, lambda: Program(capture, self.step(*taken, **named)))
            capture.refuse_changed_arguments()
            again = last.changed if last is not None and self._programs[0].changed else ()
            changed = kept_for_later(before, again)
        except BaseException:
            take_back(before)
            capture.generators.take_back()
            raise
        reads = capture.reads + before.shapes(capture.leaves)
        with as_before(switched(before)) as switches:
            guards = Guards(before.found, reads)
            if changed:
                guards.never_hold()
            elif not guards.hold():
                guards = Guards(Variables(self.step, objects).found, reads)
            name = getattr(self.step, "__name__", "step")
            listing = Listing(program, name if name.isidentifier() else "step")
            replay = Replay(program, listing, Plan(program), guards, arguments, changed, switches)
        capture.forget()
        self._to_the_front(replay)
        self._in_vain += 1
        return replay

    # ---- reading it

    @property
    def source(self) -> str:
        """The program of the last call as a student would write it: straight-line NumPy, named as the user's code is.

        There is one for each shape of the arguments: after an epoch it may be that of a smaller last batch.
        """
        return self._known().source

    @property
    def planned_source(self) -> str:
        """What runs: the same lines over buffers that are allocated once."""
        return self._known().planned_source

    def inputs(self, *args: Any, **options: Any) -> dict[str, Any]:
        """What the function in `source` takes for these arguments, by name, as it is now; what it changes is a copy."""
        return self._known().inputs(args, options)

    def _known(self) -> Replay:
        if not self._programs:
            raise RuntimeError("there is no program yet: the first call of the step captures it")
        return self._programs[0]

    def __repr__(self) -> str:
        count = len(self._programs)
        return f"<compiled {getattr(self.step, '__name__', 'step')}, {count} program{'s' * (count != 1)}>"

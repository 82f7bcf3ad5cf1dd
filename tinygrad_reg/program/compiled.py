"""tg.compile(step): the first call captures the step, later calls replay it. See the package's docstring."""

from __future__ import annotations

import functools
import random
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..modes import Captured, default_dtype, modes
from ..tensor import Tensor
from .capture import Capture
from .guards import Guards
from .listing import Listing
from .plan import Plan
from .program import Program
from .replay import Replay

KEPT = 8  # programs of a step, for the shapes and settings that it met last


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
    return Compiled(step)


class Compiled:
    """A step that becomes a program at its first call; see `compile`."""

    def __init__(self, step: Callable[..., Any]) -> None:
        self.step = step
        self._programs: OrderedDict[Any, Replay] = OrderedDict()
        self._lock = threading.RLock()
        self._last: Replay | None = None
        functools.update_wrapper(self, step, updated=())

    def __call__(self, *args: Any, **options: Any) -> Any:
        if modes.watch is not None or modes.transform:  # debug() and transforms see the ops themselves
            return self.step(*args, **options)
        arrays: list[Any] = []
        key = [modes.recording, default_dtype()]
        for x in args:
            if type(x) is np.ndarray:
                arrays.append(x)
                key.append((x.shape, x.dtype, x.strides))
            else:
                key.append(_key(x, arrays))
        for name, x in options.items():
            key += [name, _key(x, arrays)]
        signature = tuple(key)
        with self._lock:
            replay = self._programs.get(signature)
            if replay is not None and replay.holds():
                self._last = replay
                if len(self._programs) > 1:
                    self._programs.move_to_end(signature)
                return replay.run(arrays)
            replay = self._capture(args, options)
            self._programs[signature] = self._last = replay
            self._programs.move_to_end(signature)
            while len(self._programs) > KEPT:
                self._programs.popitem(last=False)
            return replay.run(arrays)

    def _capture(self, args: Sequence[Any], options: dict[str, Any]) -> Replay:
        capture = Capture()
        watched = [
            *Guards(self.step, [], _objects((args, options))).generators,
            *([modes.generator] if modes.generator is not None else []),
        ]
        capture.watch_generators([*watched, random._inst, np.random.mtrand._rand])
        names = _names_of(self.step, args)
        count = iter(range(10**9))

        def stand_in(x: Any, name: str) -> Any:
            if type(x) in (list, tuple):
                return type(x)([stand_in(part, f"{name}_{i}") for i, part in enumerate(x)])
            if type(x) is dict:
                return {key: stand_in(part, f"{name}_{key}") for key, part in x.items()}
            return capture.input("argument", next(count), x, name) if isinstance(x, np.ndarray) else x

        given = [stand_in(x, name) for x, name in zip(args, names, strict=True)]
        named = {name: stand_in(x, name) for name, x in options.items()}
        before = modes.last_output
        modes.capture = modes.watch = capture
        try:
            generator = modes.generator
            returned = self.step(*given, **named)
            if generator is not None and modes.generator is not generator:
                capture.refuse("it calls tg.seed(), which a program would do only once", "Call it outside of the step")
            program = Program(capture, returned)
        finally:
            modes.capture = modes.watch = None
            modes.last_output = before
            try:
                capture.restore()
            except KeyboardInterrupt:  # half of it done: a Tensor must not be left with what stood for its array
                capture.restore()
                raise
        guards = Guards(self.step, capture.reads, _objects((args, options)))
        name = getattr(self.step, "__name__", "step")
        listing = Listing(program, name if name.isidentifier() else "step")
        replay = Replay(program, listing, Plan(program), guards, kept=_objects((args, options)))
        capture.forget()
        return replay

    # ---- reading it

    @property
    def source(self) -> str:
        """The last program as a student would write it: straight-line NumPy, named and commented as the user's code."""
        return self._known().source

    @property
    def planned_source(self) -> str:
        """What runs: the same lines over buffers that are allocated once."""
        return self._known().planned_source

    def inputs(self, *args: Any, **options: Any) -> dict[str, Any]:
        """What the function in `source` takes for these arguments, by name, as it is now; what it changes is a copy."""
        arrays: list[Any] = []
        for x in (*args, *options.values()):
            _key(x, arrays)
        return self._known().inputs(arrays)

    def _known(self) -> Replay:
        if self._last is None:
            raise RuntimeError("there is no program yet: the first call of the step captures it")
        return self._last

    def __repr__(self) -> str:
        return f"<compiled {getattr(self.step, '__name__', 'step')}, {len(self._programs)} programs>"


def _key(x: Any, arrays: list[Any]) -> Any:
    """What of an argument makes it another program; arrays are gathered."""
    if isinstance(x, np.ndarray) and not isinstance(x, Captured):
        arrays.append(x)
        return x.shape, x.dtype, x.strides
    if isinstance(x, (bool, int, float, str, np.generic, type(None))):
        return type(x), x if x else repr(x)  # 0.0 == -0.0
    if type(x) in (list, tuple):
        return type(x), *(_key(part, arrays) for part in x)
    if type(x) is dict:
        return dict, *((name, _key(part, arrays)) for name, part in x.items())
    return Tensor if isinstance(x, Tensor) else type(x), id(x)


def _objects(x: Any) -> list[Any]:
    """What is no array among the arguments: keys know it by identity, so nothing else may take its address."""
    if isinstance(x, (list, tuple)):
        return [found for part in x for found in _objects(part)]
    if isinstance(x, dict):
        return _objects(list(x.values()))
    return [] if isinstance(x, np.ndarray) else [x]


def _names_of(step: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    function = getattr(step, "__func__", step)
    code = getattr(function, "__code__", None)
    names = list(code.co_varnames[: code.co_argcount]) if code is not None else []
    if function is not step:
        names = names[1:]
    return [names[i] if i < len(names) else f"x{i}" for i in range(len(args))]

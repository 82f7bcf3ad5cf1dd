"""tg.compile(step): the first call captures the step, later calls replay it. See the package's docstring."""

from __future__ import annotations

import functools
import random
import threading
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..modes import Captured, default_dtype, modes
from ..tensor import Tensor
from .capture import Capture
from .changes import kept_for_later, refuse_once, take_back
from .guards import Guards
from .listing import Listing
from .plan import Plan
from .program import Program
from .replay import Replay
from .straight import MISS, straight

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

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        """A method that was compiled: owner.step(x)."""
        return self if owner is None else types.MethodType(self, owner)

    def __call__(self, *args: Any, **options: Any) -> Any:
        if modes.watch is not None or modes.transform:  # debug() and transforms see the ops themselves
            return self.step(*args, **options)
        with self._lock:
            last = self._last
            if last is not None and last.straight is not None and not options:
                result = last.straight(args)
                if result is not MISS:
                    return result
            return self._run(args, options)

    def _run(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
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
        replay = self._programs.get(signature)
        if replay is None or not replay.take(arrays).holds():
            replay = self._capture(args, options, replay).take(arrays)
            self._programs[signature] = replay
            while len(self._programs) > KEPT:
                self._programs.popitem(last=False)
        self._last = replay
        if len(self._programs) > 1:
            self._programs.move_to_end(signature)
        result = replay.run(arrays)
        if replay.straight is None and not options:
            replay.straight = straight(replay, args)
        return result

    def _capture(self, args: Sequence[Any], options: dict[str, Any], last: Replay | None) -> Replay:
        objects = _objects((args, options))
        capture, before = Capture(), Guards(self.step, objects)
        refuse_once(before)
        capture.watch_generators(
            [*before.generators, *filter(None, [modes.generator]), random._inst, np.random.mtrand._rand]
        )
        names = _names_of(self.step, args)
        count = iter(range(10**9))  # places, in the order of _key

        taken = [_stand_in(x, name, capture, count) for x, name in zip(args, names, strict=True)]
        named = {name: _stand_in(x, name, capture, count) for name, x in options.items()}
        last_output = modes.last_output
        try:
            try:
                modes.capture = modes.watch = capture
                generator = modes.generator
                capture.stand_in(before.places)
                returned = self.step(*taken, **named)
                if generator is not None and modes.generator is not generator:
                    capture.refuse("it calls tg.seed(), which a program would do only once", "Call it outside")
                program = Program(capture, returned)
            finally:
                modes.capture = modes.watch = None
                modes.last_output = last_output
                try:
                    capture.restore()
                except KeyboardInterrupt:  # half of it done: a Tensor must not be left with what stood for its array
                    capture.restore()
                    raise
            changed = kept_for_later(before, last.changed if last is not None else ())
        except BaseException:
            take_back(before)
            raise
        # What the step itself changes and reads is what it was before: the next call, which meets another, is captured.
        guards = (before if changed else Guards(self.step, objects)).also(capture.reads)
        name = getattr(self.step, "__name__", "step")
        listing = Listing(program, name if name.isidentifier() else "step")
        replay = Replay(program, listing, Plan(program), guards, kept=objects)
        replay.changed = changed
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
        return self._known().take(arrays).inputs(arrays)

    def _known(self) -> Replay:
        if self._last is None:
            raise RuntimeError("there is no program yet: the first call of the step captures it")
        return self._last

    def __repr__(self) -> str:
        return f"<compiled {getattr(self.step, '__name__', 'step')}, {len(self._programs)} programs>"


def _stand_in(x: Any, name: str, capture: Capture, count: Iterator[int]) -> Any:
    """What the step is given in place of an argument: arrays are counted as `_key` finds them."""
    if isinstance(x, (list, tuple, dict)) and _is_known(x):
        return _like(x, [_stand_in(part, f"{name}_{i}", capture, count) for i, part in _parts(x)])
    if isinstance(x, Tensor) and _is_given(x):
        return capture.argument(x, name, next(count))
    return capture.input("argument", next(count), x, name) if isinstance(x, np.ndarray) else x


def _key(x: Any, arrays: list[Any]) -> Any:
    """What of an argument makes it another program; arrays and Tensors are gathered."""
    if isinstance(x, np.ndarray) and not isinstance(x, Captured):
        if type(x) not in (np.ndarray, np.memmap):
            raise TypeError(f"a compiled step takes plain arrays, not {type(x).__name__}: give np.asarray(x)")
        arrays.append(x)
        return x.shape, x.dtype, x.strides
    if isinstance(x, (bool, int, float, str, np.generic, type(None))):
        return type(x), x if x else repr(x)  # 0.0 == -0.0
    if isinstance(x, Tensor) and _is_given(x):
        first = next((i for i, other in enumerate(arrays) if other is x), None)  # one Tensor twice is another program
        arrays.append(x)
        data = x._data
        return Tensor, data.shape, data.dtype, data.strides, x._requires_grad, x._grad is None, first
    if isinstance(x, (list, tuple, dict)) and _is_known(x):
        return type(x), *((i, _key(part, arrays)) for i, part in _parts(x))
    if type(x) is slice:
        return slice, *(_key(part, arrays) for part in (x.start, x.stop, x.step))
    return type(x), id(x)


def _is_given(x: Tensor) -> bool:
    """Whether a Tensor is an argument as arrays are. Parameters of layers and optimizers are known by identity."""
    return x._primitive is None and not x._owned and x._home is None and type(x) is Tensor


def _is_known(x: Any) -> bool:
    return type(x) in (list, tuple, dict) or (isinstance(x, tuple) and hasattr(x, "_fields"))


def _parts(x: Any) -> Any:
    return x.items() if isinstance(x, dict) else enumerate(x)


def _like(x: Any, parts: list[Any]) -> Any:
    """A list, a tuple or a dict as x is, of other parts."""
    if isinstance(x, dict):
        return dict(zip(x, parts, strict=True))
    return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)


def _objects(x: Any) -> list[Any]:
    """What is no array among the arguments: keys know it by identity, so nothing else may take its address."""
    if isinstance(x, (list, tuple, dict)) and _is_known(x):
        return [found for _, part in _parts(x) for found in _objects(part)]
    return [] if isinstance(x, np.ndarray) or (isinstance(x, Tensor) and _is_given(x)) else [x]


def _names_of(step: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    function = getattr(step, "__func__", step)
    code = getattr(function, "__code__", None)
    names = list(code.co_varnames[: code.co_argcount]) if code is not None else []
    if function is not step:
        names = names[1:]
    return [names[i] if i < len(names) else f"x{i}" for i in range(len(args))]

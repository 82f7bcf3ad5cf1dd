"""What is switched on right now, in this thread: recording, the layer that is running, debugging, the random generator.

Every thread has its own modes, so two of them can train, debug or draw random numbers side by side.
"""

from __future__ import annotations

import contextvars
import functools
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast, overload

import numpy as np

from .answers.calls import answered

if TYPE_CHECKING:
    from .captured import Recorder
    from .watching import Watch


class _Modes(threading.local):
    """The modes of this thread. What asks for several of them takes modes.__dict__, which is looked up once."""

    recording: bool  # False inside no_grad(): results are constants
    module: Any  # whose forward is running
    paths: dict[int, str] | None  # in it, of the modules below it, by id, once one of them was called
    place: Any  # the user's call of the model that is running: see source.py
    layer: str  # path of the layer whose forward pass is running, such as "0" or "encoder.1"
    watch: Watch | None  # is told of every op and of every step of the way back: by debug(), or the Capture
    capture: Recorder | None  # records a step that is being compiled: see captured.py
    transform: int  # how many of grad, jacobian, ... are running around this call
    generator: np.random.Generator | None  # made on first use, or by seed()
    last_output: Any  # a weak reference to what backward() was last called on, for why()
    listener: Callable[[str, Any], None] | None  # is told the path and output of every call of a module
    blocks: defaultdict[str, int]  # how many `with` blocks have switched it, by mode

    def __init__(self) -> None:
        self.recording, self.transform, self.layer = True, 0, ""
        self.module = self.paths = self.place = self.watch = self.capture = None
        self.generator = self.last_output = self.listener = None
        self.blocks = defaultdict(int)


modes = _Modes()

F = TypeVar("F", bound=Callable[..., Any])


def runs_in_pieces(function: Any) -> bool:
    """Whether it is a generator or an async function, between whose pieces other code runs."""
    return isgeneratorfunction(function) or iscoroutinefunction(function) or isasyncgenfunction(function)


class switched:
    """A mode is different inside the `with` block (in this thread), or in the function that it decorates."""

    def __init__(self, mode: str, to: Any) -> None:
        self.mode, self.to = mode, to
        self._blocks: list[Any] = []  # one in which it stands, or several; threads may share it

    def __enter__(self) -> None:
        block: Any = _switched(self.mode, self.to)
        block.here = modes.__dict__  # of this thread
        self._blocks.append(block)
        block.__enter__()

    def __exit__(self, *error: Any) -> None:
        blocks, here = self._blocks, modes.__dict__
        if blocks[-1].here is here:
            blocks.pop().__exit__(*error)
            return
        own = [block for block in tuple(blocks) if block.here is here]
        block = own[-1] if own else blocks[-1]  # of a generator that another thread began
        blocks.remove(block)
        block.__exit__(*error)

    def __call__(self, function: F) -> F:
        if runs_in_pieces(function):
            raise TypeError(f"{function.__name__} runs in pieces, between which modes change: put `with` inside of it")

        @functools.wraps(function)
        def inside(*args: Any, **options: Any) -> Any:
            with switched(self.mode, self.to):
                return function(*args, **options)

        return cast(F, inside)


@contextmanager
def _switched(mode: str, to: Any) -> Iterator[None]:
    """The block of it; behind it the mode is what it was before.

    A block may end later than one around it: where Ctrl-C comes just as it ends, Python ends it when it drops the
    traceback, and a block in a generator when it drops that. What the block around it has set back then stays so.
    """
    here, blocks = modes.__dict__, modes.blocks
    before, number = getattr(modes, mode), blocks[mode] + 1
    try:
        blocks[mode], here[mode] = number, to
        yield
    finally:
        if blocks[mode] >= number:  # no call from here on: Ctrl-C may come behind any
            blocks[mode], here[mode] = number - 1, before


def recording(on: bool) -> switched:
    """Record graphs inside the `with` block (in this thread), or don't."""
    return switched("recording", on)


def watching(watch: Watch) -> switched:
    """`watch` looks at every op and every step of the way back inside the block (in this thread)."""
    return switched("watch", watch)


@overload
def no_grad() -> switched: ...
@overload
def no_grad(function: F) -> F: ...
def no_grad(function: Any = None) -> Any:
    """Record no graph inside the `with` block, or in a function below @no_grad: every result is a constant.

    >>> from tinygrad_reg import Tensor
    >>> w = Tensor(2.0, requires_grad=True)
    >>> with no_grad():
    ...     y = w * 3
    >>> y.requires_grad
    False
    """
    if function is not None and not callable(function):
        raise TypeError(f"no_grad() goes around a block, `with tg.no_grad():`, or a function, not {function!r}")
    return recording(False) if function is None else recording(False)(function)


def layer_scope(name: str) -> switched:
    """Nodes made inside the block belong to the layer `name`, below the layer that is already running."""
    return switched("layer", f"{modes.layer}.{name}" if modes.layer else name)


@answered
def seed(n: int) -> None:
    """Restart this thread's random generator from `n`: the same seed gives the same numbers."""
    if not isinstance(n, (int, np.integer)) or n < 0:
        raise (ValueError if isinstance(n, int) else TypeError)(f"a seed must be a whole number ≥ 0, not {n!r}")
    modes.generator = np.random.default_rng(n)


Rng: TypeAlias = "np.random.Generator | int | None"  # a string: NumPy loads its generators when they are first used


def generator(rng: Rng = None) -> np.random.Generator:
    """The generator to draw from: the one given (a Generator, or a seed for a new one), else this thread's."""
    if isinstance(rng, np.random.Generator):
        return rng
    if rng is not None:
        try:
            return np.random.default_rng(rng)
        except (TypeError, ValueError):  # in words of SeedSequence
            raise TypeError(
                f"rng must be a NumPy Generator such as np.random.default_rng(0), or a seed, not {rng!r}"
            ) from None
    if modes.generator is None:
        modes.generator = np.random.default_rng()
    return modes.generator


_default_dtype = np.dtype(np.float64)


def set_default_dtype(dtype: Any) -> None:
    """What Python numbers and lists become: "float64" (the default, as in NumPy) or "float32" for speed."""
    global _default_dtype
    wanted = np.dtype(dtype)
    if wanted.kind != "f":
        raise TypeError(
            f"the default dtype must be a float such as 'float32', since it holds parameters, not '{wanted}'"
        )
    _default_dtype = wanted


def default_dtype() -> np.dtype[Any]:
    """The dtype that Python numbers, lists and new parameters get."""
    return _default_dtype


def _error_state() -> tuple[contextvars.ContextVar[Any], Any]:
    """NumPy's context variable for floating-point errors, and its value for "ignore everything".

    An overflow on the way to an exact limit is no news to the user, so ops run with NumPy's warnings off.
    np.errstate takes as long as a small op; setting the variable behind it takes a tenth of that. Which one it is
    shows when it is changed in a throw-away context.
    """
    context = contextvars.Context()
    context.run(np.seterr, all="ignore")
    ((variable, value),) = context.items()
    return variable, value


ERROR_STATE, IGNORE = _error_state()


@contextmanager
def quiet() -> Iterator[None]:
    """No floating-point warnings from NumPy inside the block, whatever np.seterr says outside."""
    before = ERROR_STATE.get()
    try:
        ERROR_STATE.set(IGNORE)  # inside, so that Ctrl-C right behind it finds the way back
        yield
    finally:
        if before is not IGNORE:  # else it is set back by what is around, which may have ended before: see `switched`
            ERROR_STATE.set(before)

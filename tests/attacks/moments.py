"""Ctrl-C at every place at which Python looks for it, one after the other: none is left to luck.

Python notes a signal when it comes, and raises KeyboardInterrupt where it next looks: when a function begins, behind a
call, at the end of a turn of a loop. So the step runs once under a tracer that lists every instruction from which
Python code may be reached, and then once for each of them, with a signal just before it. The tracer is gone by then,
and what is interrupted runs as it always does.
"""

from __future__ import annotations

import contextlib
import ctypes
import dis
import gc
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

import tinygrad_reg as tg
from tests.properties.test_wrong_calls import settings
from tinygrad_reg.captured import Captured

from .attack import arrays_of, attack, same

X, Y = np.random.default_rng(0).normal(size=(6, 3)), np.array([0, 1, 2, 0, 1, 2])


class _Signal:
    """signal.now sends Ctrl-C; reading an attribute is no place at which Python looks for it, as a call would be."""

    _as_parameter_ = int(signal.SIGINT)
    now = property(ctypes.pythonapi.PyErr_SetInterruptEx)


class Point(NamedTuple):
    """An instruction, reached from a line of its caller."""

    file: str
    function: str
    first: int
    offset: int
    caller: tuple[str, int]

    def __str__(self) -> str:
        return f"{Path(self.file).name}, {self.function} + {self.offset}, called by {self.caller[0]}:{self.caller[1]}"


class Bench:
    """A model with all that is switched while it runs: statistics, weights that are replaced, penalties, optimizers."""

    def __init__(self) -> None:
        tg.seed(0)
        rng = np.random.default_rng(1)
        self.model = tg.Sequential(
            tg.Dense(3, 4, rng=rng, kernel_regularizer="l2", kernel_constraint=tg.constraints.max_norm(1.0)),
            tg.BatchNorm(4),
            tg.DropConnect(tg.Dense(4, 3, rng=rng), 0.5, rng=rng),
        )
        self.optimizer = tg.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.ahead = tg.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9, form="lookahead")
        self.modules = self.model.named_modules()

    def loss(self) -> tg.Tensor:
        """Of one batch."""
        return tg.losses.softmax_crossentropy(self.model(X), Y) + self.model.penalty()

    def step(self, optimizer: Any) -> None:
        """One step of training."""
        optimizer.zero_grad()
        self.loss().backward()
        optimizer.step()

    def complaints(self) -> Iterator[str]:
        """What is not as it was."""
        if self.model.named_modules() != self.modules or len(self.model.named_parameters()) != 6:
            yield "the model has lost a part"
        if not all(module.training for _, module in self.modules):
            yield "the model stays in eval()"
        if any(isinstance(a, Captured) for _, t in self.model.named_state() for a in (t._data, t._grad)):
            yield "a Tensor is left with what stood for its array"
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield "Ctrl-C is not heard any more"


def _in_debug(bench: Bench) -> None:
    with tg.debug():
        bench.loss().backward()


def _without_graph(bench: Bench) -> None:
    with tg.no_grad():
        bench.loss()


def _ahead(bench: Bench) -> None:
    def closure() -> None:
        bench.ahead.zero_grad()
        bench.loss().backward()

    bench.ahead.step(closure)


def _replay(bench: Bench) -> None:
    fast = tg.compile(lambda: bench.step(bench.optimizer))
    fast()
    fast()


WAYS: dict[str, Callable[[Bench], Any]] = {
    "backward": lambda bench: bench.loss().backward(),
    "gradients": lambda bench: tg.gradients(bench.loss(), bench.model.parameters(), create_graph=True),
    "no_grad": _without_graph,
    "debug": _in_debug,
    "explain": lambda bench: str(tg.explain(bench.loss())),
    "grad": lambda bench: tg.grad(lambda x: np.sum(tg.grad(lambda y: np.sum(y**3))(x) * x))(np.ones(2)),
    "jacobian": lambda bench: tg.jacobian(lambda x: x**2)(np.ones(2)),
    "hvp": lambda bench: tg.hvp(lambda x: np.sum(x**3))(np.ones(2), np.ones(2)),
    "check_grad": lambda bench: tg.check_grad(np.tanh, [0.5]),
    "compare": lambda bench: bool((tg.Tensor([1.0]) > 0).all()),
    "predict": lambda bench: tg.predict(bench.model, X),
    "evaluate": lambda bench: tg.evaluate(bench.model, X, Y, loss="softmax_crossentropy"),
    "project": lambda bench: bench.model.project(),
    "step": lambda bench: bench.step(bench.optimizer),
    "look ahead": _ahead,
    "fit": lambda bench: tg.fit(
        bench.model, X, Y, loss="softmax_crossentropy", optimizer=bench.optimizer, epochs=1, verbose=0
    ),
    "compile": _replay,
}

# What neither looks for a signal nor calls anything that does.
_SILENT = ("LOAD_CONST", "LOAD_FAST", "LOAD_GLOBAL", "LOAD_DEREF", "STORE_FAST", "STORE_DEREF", "POP_", "COPY", "SWAP")
_SILENT += ("NOP", "PRECALL", "KW_NAMES", "PUSH_", "BUILD_", "IS_OP", "MAKE_", "JUMP_FORWARD", "RERAISE", "CACHE")
_SILENT += ("RESUME", "RETURN_", "CHECK_EXC_MATCH", "LOAD_CLOSURE", "EXTENDED_ARG", "LIST_APPEND")


@cache
def _offsets(code: CodeType) -> frozenset[int]:
    return frozenset(i.offset for i in dis.get_instructions(code) if not i.opname.startswith(_SILENT))


def points(work: Callable[[], Any]) -> list[Point]:
    """Every instruction of the house at which a signal makes a difference, in the order in which they are met."""
    house, found = str(Path(tg.__file__).parent), {}

    def within(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "opcode" and frame.f_lasti in _offsets(frame.f_code):
            found[_point(frame)] = None
        return within

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename.startswith((house, contextlib.__file__, __file__, "<tg.compile>")):
            return _by_instruction(frame, within)
        return None

    _traced(work, enter)
    return list(found)


def interrupted(work: Callable[[], Any], point: Point) -> bool:
    """Does the work, with Ctrl-C when it first comes to this point; whether KeyboardInterrupt came out of it."""

    def within(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "opcode" and frame.f_lasti == point.offset and _point(frame) == point:
            sys.settrace(None)
            frame.f_trace_opcodes = False
            _Signal().now  # noqa: B018 - see there
        return within

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if (code.co_name, code.co_firstlineno, code.co_filename) == (point.function, point.first, point.file):
            return _by_instruction(frame, within)
        return None

    try:
        _traced(work, enter)
    except KeyboardInterrupt:
        return True
    return False


def _by_instruction(frame: FrameType, within: Any) -> Any:
    frame.f_trace = within  # before the next line: Python 3.13 asks for it
    frame.f_trace_opcodes, frame.f_trace_lines = True, False
    return within


def _traced(work: Callable[[], Any], tracer: Any) -> None:
    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # before the next line: Python 3.12 asks for it
    sys.settrace(tracer)
    try:
        work()
    finally:
        sys.settrace(before)


def _point(frame: FrameType) -> Point:
    code, outer = frame.f_code, frame.f_back
    caller = ("", 0) if outer is None else (outer.f_code.co_name, outer.f_lineno)
    return Point(code.co_filename, code.co_name, code.co_firstlineno, frame.f_lasti, caller)


def complaints_of(name: str, choose: Callable[[list[Point]], Sequence[Point]]) -> tuple[int, list[str]]:
    """Interrupt one of the WAYS at the points that `choose` picks: how many they were, and what was wrong then."""
    way, found, heard = WAYS[name], [], signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        way(Bench())  # what is computed once and kept is computed now
        wanted = gradients_of(Bench())
        fresh = Bench()
        chosen = choose(points(lambda: way(fresh)))
        for point in chosen:
            before = settings()
            wrong = _complaints(way, point, wanted)
            if settings() != before:
                wrong.append(f"{settings()} instead of {before}")
            if wrong:
                _set_back(before)
            found += [f"Ctrl-C in {name}, at {point}: {complaint}" for complaint in wrong]
    finally:
        signal.signal(signal.SIGINT, heard)
    return len(chosen), found


def _complaints(way: Callable[[Bench], Any], point: Point, wanted: list[Any]) -> list[str]:
    bench = Bench()
    weights = bench.model.state_dict()
    interrupted(lambda: way(bench), point)
    wrong = list(bench.complaints())
    if not wrong and same(bench.model.state_dict(), weights) and not same(gradients_of(bench), wanted):
        wrong.append("the next gradients are wrong")
    return wrong


def gradients_of(bench: Bench) -> list[Any]:
    """Of a loss without anything random."""
    bench.model.eval()
    bench.optimizer.zero_grad()
    bench.loss().backward()
    bench.model.train()
    return list(arrays_of(bench.model.parameters()))


def _set_back(before: Any) -> None:
    """For the points behind one that leaves something switched."""
    from tinygrad_reg.modes import modes

    gc.collect()
    vars(modes).clear()
    modes.__init__()
    np.seterr(**before[1])
    signal.signal(signal.SIGINT, signal.default_int_handler)


@attack(long=1, short=0)
def ctrl_c_at_every_place(rng: np.random.Generator, folder: Path) -> int:
    """Ctrl-C wherever Python looks for it, in 17 kinds of step: nothing stays switched"""
    outcomes = [complaints_of(name, list) for name in WAYS]
    wrong = [complaint for _, complaints in outcomes for complaint in complaints]
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:20])
    return sum(count for count, _ in outcomes)

"""The usual call, written out in straight lines: all is in its place, so test that, run the program, put results away.

It does what `Replay.holds` and `Replay.run` do, in half the time: what a call costs besides its program is Python that
is met once in a call, and slow. Where anything is elsewhere than the last time, it gives `MISS` and has done nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..modes import ERROR_STATE, IGNORE, default_dtype, modes
from ..tensor import Clock
from .program import Result
from .replay import Replay, filled, give_gradient, leaf

MISS = object()


class Text:
    """Lines of the function, and what their names stand for."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {"MISS": MISS, "modes": modes, "default_dtype": default_dtype, "Clock": Clock,
            "ndarray": np.ndarray, "ERROR_STATE": ERROR_STATE, "IGNORE": IGNORE, "leaf": leaf,
            "filled": filled, "give_gradient": give_gradient}  # fmt: skip

    def name(self, thing: Any) -> str:
        """A name for an object."""
        name = f"v{len(self.scope)}"
        self.scope[name] = thing
        return name


def straight(replay: Replay, args: tuple[Any, ...]) -> Callable[[tuple[Any, ...]], Any] | None:
    """call(args), for arguments like these; None where they are not just arrays."""
    if not all(type(x) is np.ndarray for x in args) or replay._stands:
        return None
    text = Text()
    name = text.name
    tests = [f"len(args) == {len(args)}", f"default_dtype() is {name(default_dtype())}"]
    tests += [f"modes.recording is {modes.recording}", f"{name(replay._guards.hold)}()"]
    for i, x in enumerate(args):
        parts = name(x.shape), name(x.dtype), name(x.strides)
        tests.append(f"type(args[{i}]) is ndarray and args[{i}].shape == {parts[0]}")
        tests.append(f"args[{i}].dtype == {parts[1]} and args[{i}].strides == {parts[2]}")
    for flat, arrays in replay._flats.items():
        tests.append(f"{name(flat)}.arrays is {name(arrays)}")
    for p, w, _ in replay._moved:
        tests.append(f"{(q := name(p))}._data is {name(w)} and {q}._requires_grad")
    for tensor, shape, dtype, strides, requires_grad in replay._plain:
        data, t = name(None), name(tensor)
        same = f"({data} := {t}._data).shape == {name(shape)} and {data}.dtype == {name(dtype)}"
        same += f" and {data}.strides == {name(strides)}"
        is_number = isinstance(tensor._data, np.generic)  # which has one layout
        tests.append(f"(type({t}._data) is {name(type(tensor._data))} or {same})" if is_number else same)
        tests.append(f"{t}._requires_grad is {requires_grad}")
    for tensor, there in replay._grad_there:
        tests.append(f"{name(tensor)}._grad is {'not ' if there else ''}None")

    given = [f"args[{i}]" for i in replay._places] + [
        _read(*source, read, name) for source, read in zip(replay._sources, replay._readers, strict=True)
    ]
    after = ["Clock.now = now = Clock.now + 1"] if replay._new_data or replay._steps else []  # one tick for all
    for tensor, i in replay._new_data:
        after += [f"{(t := name(tensor))}._data = results[{i}]", f"{t}._time = now"]
    after += [f"{name(tensor)}._grad = None" for tensor in replay._no_grad]
    after += [f"{name(tensor)}._home = {name(home)}" for tensor, home in replay._homes]
    after += [f"{(t := name(tensor))}._grad = {t}._home = {name(home)}" for tensor, home in replay._home_grad]
    for tensor, i in replay._new_grad:
        give = f"give_gradient({(t := name(tensor))}, results[{i}])"
        after += [f"if {t}._home is None:", f"    {t}._grad = results[{i}]", "else:", f"    {give}"]
    for optimizer, groups in replay._steps:
        after.append(f"{name(optimizer)}.steps += 1")
        after += [f"{name(group)}.t += 1" for group in groups]
        after += [f"{name(p)}._time = now" for group in groups for p in group.params]
    lines = [
        "def call(args):",
        f"    if not ({' and '.join(tests)}):",
        "        return MISS",
        "    errors = ERROR_STATE.get()",
        "    try:",
        "        ERROR_STATE.set(IGNORE)",
        f"        results = {name(replay._program)}({', '.join(given)})",
        "    except Exception as error:",
        f"        {name(replay._origins)}.note(error)",
        "        raise",
        "    finally:",
        "        ERROR_STATE.set(errors)",
        *(f"    {line}" for line in after),
        f"    return {_returned(replay, name)}",
    ]
    exec(compile("\n".join(lines), "<tg.compile>", "exec"), text.scope)
    call: Callable[[tuple[Any, ...]], Any] = text.scope.pop("call")  # or it would hold itself
    return call


def _read(kind: str, of: Any, read: Callable[[Any], Any], name: Callable[[Any], str]) -> str:
    """What reads an input that is no argument, as an expression."""
    if kind == "leaf":
        return f"{name(of.tensor)}._data"
    if kind == "clock":
        group, ticks = of
        return f"{name(group)}.t + {ticks}"
    return f"{name(read)}(())"


def _returned(replay: Replay, name: Callable[[Any], str]) -> str:
    """What the step returns, as an expression."""
    parts = replay.returned if type(replay.returned) is tuple else (replay.returned,)
    if not all(isinstance(part, Result) for part in parts):
        return f"filled({name(replay.returned)}, results)"
    made = [f"leaf(results[{part.position}])" if part.is_tensor else f"results[{part.position}]" for part in parts]
    return f"({', '.join(made)},)" if parts is replay.returned else made[0]

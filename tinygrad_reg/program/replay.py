"""A call of a program: all is as it was, so run it, and do to Tensors, optimizers and clocks what the step would have.

What a call costs besides its program is Python that is met once in a call, and slow. So it is written out for each
program, in straight lines, without a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..layers.running import Changes
from ..modes import ERROR_STATE, IGNORE, default_dtype, modes, quiet
from ..optim.flat import Row
from ..tensor import COMPILED, Tensor, tick
from .arguments import Arguments
from .changes import Switch
from .failing import Failing
from .guards import Guards
from .leaves import Leaf
from .listing import Listing
from .node import PLAIN, Input
from .places import GONE
from .plan import Plan
from .program import Program, Result
from .structures import is_structure, parts
from .tensors import Unshared, are_back, as_tensor, give_gradient

MISS = object()  # what a call gives where the program is for other arguments, or something else has changed
_SCOPE = {"MISS": MISS, "GONE": GONE, "COMPILED": COMPILED, "ERROR_STATE": ERROR_STATE, "IGNORE": IGNORE,
    "modes": modes, "default_dtype": default_dtype, "Changes": Changes, "tick": tick,
    "are_back": are_back, "as_tensor": as_tensor, "give_gradient": give_gradient}  # fmt: skip


class Replay:
    """One program of a step, ready to run: `call(args, options)` gives what the step returns, or MISS."""

    def __init__(
        self,
        program: Program,
        listing: Listing,
        plan: Plan,
        guards: Guards,
        arguments: Arguments,
        changed: Sequence[str],
        switches: Sequence[Switch],
    ) -> None:
        self.source, self.planned_source = listing.text, plan.text
        self.key = arguments.key
        self.guards = guards
        self.changed = changed  # variables that the step itself changes, and reads
        self._given = listing.names.given
        scope = {**plan.given}
        with quiet():  # its constants are computed here: 1 / 0 is as quiet as it was in the step
            exec(compile(plan.text, "<tg.compile>", "exec"), scope)
        writer = CallWriter(program, guards, arguments, switches)
        lines = [*writer.call(plan, scope), "", *writer.inputs(listing)]
        exec(compile("\n".join(lines), "<tg.compile>", "exec"), writer.scope)
        self.call: Callable[..., Any] = writer.scope["call"]
        self._inputs: Callable[..., dict[str, Any]] = writer.scope["inputs"]
        # A function that its own globals hold is freed by the garbage collector only, and all buffers with it.
        for names, functions in ((scope, ("step", "in_arrays", "in_floats")), (writer.scope, ("call", "inputs"))):
            for function in functions:
                names.pop(function, None)

    def inputs(self, args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
        """What the readable program takes, by name."""
        return self._inputs(args, options) | self._given


class CallWriter:
    """The lines of a call; `scope` is what the names in them stand for."""

    def __init__(self, program: Program, guards: Guards, arguments: Arguments, switches: Sequence[Switch]) -> None:
        self.program, self.guards, self.arguments, self.switches = program, guards, arguments, switches
        self.scope: dict[str, Any] = {**guards.names, **_SCOPE}
        # A Tensor that stood for one among the arguments is the one that is given.
        self._names = {id(stand): arguments.inputs[i] for i, stand in program.capture.given}
        self.leaves = list(program.capture.leaves.values())

    def name(self, thing: Any) -> str:
        """A name for an object, or the object itself where it can be written."""
        if thing is None or type(thing) in (bool, int) or (type(thing) is tuple and all(type(n) is int for n in thing)):
            return repr(thing)
        if id(thing) not in self._names:
            name = self._names[id(thing)] = f"v{len(self.scope)}"
            self.scope[name] = thing
        return self._names[id(thing)]

    def call(self, plan: Plan, scope: dict[str, Any]) -> list[str]:
        """The function call(args, options, is_new): tests, the program, what it leaves behind.

        `is_new`: it has just been captured, and what the step has changed in its Python is not looked at.
        """
        rows = {row[0]: row for flat in self._flats() for row in flat.rows}
        moved = [rows[leaf.tensor] for leaf in self.leaves if leaf.flat is not None]
        guards = self.name(self.guards)
        lines = [
            "if not is_new:",
            f"    if not ({' and '.join(self._tests(moved))}):",
            "        return MISS",
            "    try:",
            f"        holds = {self.guards.text(guards)}",
            "    except GONE:",
            "        holds = False",
            f"    if not holds and not {guards}.hold():",
            "        return MISS",
        ]
        if moved:
            there = " and ".join(f"{self.name(p)}._data is {self.name(w)}" for p, w, _ in rows.values())
            are_back = f"are_back({self.name(moved)})"
            lines += [f"if not ({there}) and not {are_back}:", "    return MISS"]
        lines += [f"{self.name(switch.put)}({switch.now})" for switch in self.switches]
        lines += self._in_floats(plan, scope) if plan.is_of_floats else self._in_arrays(plan, scope)
        lines += [
            *self._left_behind(rows),
            f"return {self._returned(self.program.returned)}",
        ]
        return ["def call(args, options, is_new=False):", *(f"    {line}" for line in lines)]

    def _in_arrays(self, plan: Plan, scope: dict[str, Any]) -> list[str]:
        """The call of the program: quietly, as by `modes.quiet`, but at less cost."""
        left = [*((*x, True) for x in self.program.in_place), *((*x, False) for x in self.program.new_data)]
        data = [f"({self.name(leaf.tensor)}, {plan.results[i]!r}, {within}), " for leaf, i, within in left]
        return [
            "errors = ERROR_STATE.get()",
            "try:",
            "    ERROR_STATE.set(IGNORE)  # inside, so that Ctrl-C right behind it finds the way back",
            f"    {self._results()}{self.name(scope['step'])}({', '.join(map(self._read, plan.arguments))})",
            "except BaseException as error:",
            f"    {self.name(Failing(self.program, plan))}.leave(error, [{''.join(data)}])",
            "    raise",
            "finally:",
            "    ERROR_STATE.set(errors)",
        ]

    def _in_floats(self, plan: Plan, scope: dict[str, Any]) -> list[str]:
        """The same where all is Python's floats, which know no warnings; all inputs were tested to be such numbers."""
        given = list(map(self._read, plan.arguments))
        floats = ", ".join(f"float({x})" for x in given)
        return [
            "try:",
            f"    {self._results()}{self.name(scope['in_floats'])}({floats})",
            "except (ZeroDivisionError, OverflowError):",
            f"    {self._results()}{self.name(scope['step'])}({', '.join(given)})",
        ]

    def _results(self) -> str:
        """What the program's results are assigned to."""
        names = "".join(f"r{i}, " for i in range(len(self.program.results)))
        return f"{names}= " if names else ""

    def inputs(self, listing: Listing) -> list[str]:
        """What the readable program takes, by name; what it changes is a copy."""
        copies = {node: ".copy()" if node.kind == "flat" else "" for node in listing.arguments}
        listed = [f"{listing.named[node]!r}: {self._read(node)}{copy}" for node, copy in copies.items()]
        return ["def inputs(args, options):", f"    return {{{', '.join(listed)}}}"]

    def _flats(self) -> list[Any]:
        return list(dict.fromkeys(leaf.flat for leaf in self.leaves if leaf.flat is not None))

    # ---- whether it still says what the step does

    def _tests(self, moved: Sequence[Row]) -> list[str]:
        """The step, run now, would be captured as this program: all of this is so, and the guards hold."""
        name, given = self.name, dict(self.program.capture.given).values()
        tests = [fact.test(name) for fact in self.arguments.facts]
        known = {leaf.tensor for leaf in self.leaves if not leaf.is_new}.difference(given)
        tests += [f"{name(stand)} not in {name(known)}" for stand in given]
        tests += [f"{name(flat)}.arrays is {name(flat.arrays)}" for flat in self._flats()]
        tests += [f"{name(p)}._requires_grad" for p, _, _ in moved]
        tests += [self._as_before(leaf) for leaf in self.leaves if leaf.flat is None and leaf.tensor in known]
        tests += [self._as_it_was(x.of) for x in self.program.capture.inputs if x.kind in PLAIN and x.asked]
        tests += [f"{name(self._unshared(known))}.hold()"] * bool(self.program.in_place)
        return tests + [
            f"{name(leaf.tensor)}._grad is {'not ' if there else ''}None"
            for leaf, there in self.program.needs_grad.items()
        ]

    def _unshared(self, known: set[Tensor]) -> Unshared:
        """The arrays that the step writes into, and those that nobody else's may be."""
        written = [leaf.tensor for leaf, _ in self.program.in_place]
        others = [leaf.tensor for leaf in self.leaves if leaf.tensor in known.difference(written) and leaf.flat is None]
        arrays = [x.of for x in self.program.capture.inputs if x.kind in PLAIN]
        return Unshared([tensor for tensor in written if tensor in known], others, arrays)

    def _as_it_was(self, array: Any) -> str:
        """A plain array that the step refers to can be given another shape (x.shape = ..., x.resize(...))."""
        return f"{self.name(array)}.shape == {self.name(array.shape)}"

    def _as_before(self, leaf: Leaf) -> str:
        """A Tensor that no optimizer moves has an array as it had before."""
        tensor, data = self.name(leaf.tensor), leaf.data
        same = [f"{tensor}._data.{part} == {self.name(getattr(data, part))}" for part in ("shape", "dtype", "strides")]
        text = " and ".join(same)
        if not data.shape and any(leaf is written for written, _ in self.program.in_place):  # not into a NumPy scalar
            text = f"type({tensor}._data) is not {self.name(data.dtype.type)} and {text}"
        if isinstance(data, np.generic):  # which has one layout
            text = f"(type({tensor}._data) is {self.name(type(data))} or {text})"
        return f"{tensor}._requires_grad is {leaf.tensor._requires_grad} and {text}"

    # ---- what it is given, and what it leaves behind

    def _read(self, node: Input) -> str:
        """What an input is at this call, as an expression."""
        of = node.of
        if node.kind == "argument":
            path: str = self.arguments.inputs[of]
            return path
        if node.kind in ("leaf", "gradient"):
            return f"{self.name(of.tensor)}.{'_data' if node.kind == 'leaf' else '_grad'}"
        if node.kind == "rate":
            optimizer, taken = self.name(of[0]), of[1]
            return f"{optimizer}.lr_after({optimizer}._steps + {taken})"
        if node.kind == "clock":
            group, ticks = of
            return f"{self.name(group)}.t + {ticks}"
        return self.name(node.array)

    def _left_behind(self, rows: dict[Tensor, Row]) -> list[str]:
        """Lines that put away what the program has computed."""
        name, program = self.name, self.program
        steps = program.capture.steps
        ticks = program.in_place or program.new_data or steps
        lines = ["now = tick()"] if ticks else []  # one tick for all
        for leaf, i in program.in_place:
            lines += [f"{name(leaf.tensor)}._data[...] = r{i}", f"{name(leaf.tensor)}._time = now"]
        for leaf, i in program.new_data:
            lines += [f"{name(leaf.tensor)}._data = r{i}", f"{name(leaf.tensor)}._time = now"]
        lines += [f"{name(leaf.tensor)}._grad = None" for leaf in program.no_grad]
        for leaf in self.leaves:
            tensor = name(leaf.tensor)
            if leaf in program.home_grad:
                lines.append(f"{tensor}._grad = {tensor}._home = {name(rows[leaf.tensor][2])}")
            elif leaf.home is not None and leaf.cleared:
                lines.append(f"{tensor}._home = {name(leaf.home)}")
        for leaf, i in program.new_grad:
            tensor = name(leaf.tensor)
            lines += [f"if {tensor}._home is None:", f"    {tensor}._grad = r{i}"]
            lines += ["else:", f"    give_gradient({tensor}, r{i})"]
        for optimizer, groups, _ in steps:
            lines.append(f"{name(optimizer)}._steps += 1")
            lines += [f"{name(group)}.t += 1" for group in groups]
            lines += [f"{name(p)}._time = now" for group in groups for p in group.params]
        return lines

    def _returned(self, x: Any) -> str:
        """What the step returns, as an expression."""
        if isinstance(x, Result):
            return f"as_tensor(r{x.position}{', COMPILED' * x.has_graph})" if x.is_tensor else f"r{x.position}"
        if not is_structure(x):
            return self.name(x)
        made = [self._returned(part) for _, part in parts(x)]
        if type(x) is dict:
            return f"{{{', '.join(f'{self.name(key)}: {part}' for key, part in zip(x, made, strict=True))}}}"
        brackets = "()" if type(x) is tuple else "[]" if type(x) is list else f"{self.name(type(x))}()"
        return f"{brackets[:-1]}{''.join(f'{part}, ' for part in made)}{brackets[-1]}"

"""What is left where a line of a program fails: nothing has moved, or all is as the step itself would have left it."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import source
from ..optim.flat import written
from ..tensor import Tensor
from .node import Node
from .plan import Plan
from .program import Program


class Failing:
    """Knows which line of the user's a line of a program comes from, where in it an optimizer's step ends, and where
    parameters are ahead of where they belong."""

    def __init__(self, program: Program, plan: Plan) -> None:
        lines: dict[Node | None, int] = {node: i for i, node in enumerate(program.nodes)}
        capture = program.capture
        self._starts = plan.starts
        self._origins = [
            (node.op or getattr(node.function, "__name__", "a method"), node.phase, (node.code, node.place))
            for node in program.nodes
        ]
        self._steps = [(lines.get(step.last, -1), step.optimizer, step.groups) for step in capture.steps]
        self._ahead = [(lines[look.kept], lines[look.back], look.w.part, look.origin.part) for look in capture.looks]

    def leave(self, error: BaseException, data: Sequence[tuple[Tensor, str, bool]]) -> None:
        """`data`: Tensors that get new values, what these are called in the program, and whether their arrays stay.

        As long as no optimizer's step is done, they are what they were. After that, clocks count, and they have them.
        """
        i, variables = self._failed(error)
        if i >= 0 and isinstance(error, Exception):
            self._note(error, i)
        for kept, back, w, origin in self._ahead:
            if kept < i <= back:
                np.copyto(w, origin)
        done = [(optimizer, groups) for end, optimizer, groups in self._steps if end < i]
        for optimizer, groups in done:
            optimizer._steps += 1
            for group in groups:
                group.t += 1
            written(groups)
        for tensor, name, in_place in data if done else ():
            if name in variables:
                if in_place:
                    np.copyto(tensor._data, variables[name])
                else:
                    tensor._data = variables[name]
                tensor.written()

    def _failed(self, error: BaseException) -> tuple[int, dict[str, Any]]:
        """The number of the node whose line has raised, -1 where that is none, and the program's variables then."""
        i, variables, trace = -1, {}, error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if code.co_filename == "<tg.compile>" and code.co_name in ("step", "in_arrays"):
                i = bisect_right(self._starts, trace.tb_lineno - code.co_firstlineno - 1) - 1
                variables = trace.tb_frame.f_locals
            trace = trace.tb_next
        return i, variables

    def _note(self, error: Exception, i: int) -> None:
        """Add to what node number i has raised its op and the user's line."""
        op, phase, call = self._origins[i]
        if (place := source.place_of(call)) is not None:
            what = f"the derivative of {op}" if phase == "backward" else op
            error.add_note(f"in {what}, line {place.line} of {os.path.basename(place.file)}: {place.code}")

"""What is left where a line of a program fails: nothing has moved, or all is as the step itself would have left it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..optim.flat import written
from ..tensor import Tensor
from .plan import Plan, place_of
from .program import Program


class Failing:
    """Knows where in a program an optimizer's step ends, and where parameters are ahead of where they belong."""

    def __init__(self, program: Program, plan: Plan) -> None:
        lines = {node: i for i, node in enumerate(program.nodes)}
        capture = program.capture
        self._origins = plan.origins
        self._steps = [(lines.get(step.last, -1), step.optimizer, step.groups) for step in capture.steps]
        self._ahead = [
            (lines[look.kept], lines[look.back], place_of(look.w), place_of(look.origin)) for look in capture.looks
        ]

    def leave(self, error: BaseException, data: Sequence[tuple[Tensor, str, bool]]) -> None:
        """`data`: Tensors that get new values, what these are called in the program, and whether their arrays stay.

        As long as no optimizer's step is done, they are what they were. After that, clocks count, and they have them.
        """
        i, variables = self._origins.failed(error)
        if i >= 0 and isinstance(error, Exception):
            self._origins.note(error, i)
        for kept, back, w, origin in self._ahead:
            if kept < i <= back:
                np.copyto(w, origin)
        done = [(optimizer, groups) for end, optimizer, groups in self._steps if end < i]
        for optimizer, groups in done:
            optimizer.steps += 1
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

"""The record of a forward and a backward pass: plain data, from which tables, pictures and derivations are made.

It is written down by the same walk that fills `.grad` (backward.py), through an observer; no `.grad` is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import source
from ..answers.calls import answered
from ..answers.wrong_ways import refuse_to_show_stale
from ..backward import shares_owed, start_gradient, walk
from ..modes import quiet
from ..primitive import Primitive
from ..shares import fitted, share_of
from ..tensor import Tensor, values
from .formulas import formula, operand_text, short_formula, written
from .names import is_constant, names_of
from .words import in_full, is_number, short, table


@dataclass(eq=False)
class ForwardStep:
    """One tensor of the graph: what it is, what it was computed from and where."""

    index: int  # position in the order of computation: inputs come before what uses them
    name: str  # its name, its variable in the source, or v3
    kind: str  # "op", "parameter" (a leaf that requires a gradient), "input" (one that does not), "constant" (a number)
    op: str | None
    symbol: str
    inputs: tuple[int, ...]  # indices of what it was computed from, in order
    expression: str  # "w1 × x1", "1 / (1 + e^(−z))"
    call: str  # the same in short, "w1 × x1", "σ(z)"
    numbers: str  # the same in numbers, "(−0.6) × 1.5", or in shapes for arrays
    value: np.ndarray
    layer: str  # path of the layer that made it, "" outside of layers
    file: str | None
    line: int | None
    code: str  # the user's source line, "" where it is unknown
    why: str  # a sentence on the op's derivative
    options: dict[str, Any]
    tensor: Tensor = field(repr=False)
    gradient: np.ndarray | None = None  # ∂output/∂this, None where none is computed

    phase = "forward"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value."""
        return self.value.shape

    def __str__(self) -> str:
        return " = ".join([self.name, *([self.expression] if self.op else []), in_full(self.value)])


@dataclass(eq=False)
class BackwardStep:
    """One arrow taken backward: what a node sends to one of its inputs, and what that input has received since."""

    index: int
    node: int  # index of the tensor the gradient comes from ...
    input: int  # ... and of the one it goes to
    position: int  # which of the node's inputs that is
    op: str
    upstream: np.ndarray  # G = ∂output/∂node, complete
    local: np.ndarray | None  # ∂node/∂input by elements, or the factor of a product; None where it is neither
    local_text: str  # the same as a formula in the names of the tensors: "x2", "a · (1 − a)"
    how: str  # how the two meet: "G ⊙ local", "G @ localᵀ"
    raw: np.ndarray  # what comes out of that, in the node's broadcast shape
    contribution: np.ndarray  # the same, summed over the axes along which the input was broadcast
    before: np.ndarray | None  # what the input had received until then, None if nothing
    accumulated: np.ndarray  # before + contribution
    layer: str
    file: str | None
    line: int | None
    code: str
    why: str

    phase = "backward"

    @property
    def was_broadcast(self) -> bool:
        """Whether the contribution had to be summed back to the input's shape."""
        return self.raw.shape != self.contribution.shape


class Record(Sequence[Any]):
    """All forward steps, then all backward steps, in order. Print it for a table."""

    def __init__(self, output: Tensor, forward: list[ForwardStep], backward: list[BackwardStep]) -> None:
        self.output = output
        self.forward = forward
        self.backward = backward

    def __len__(self) -> int:
        return len(self.forward) + len(self.backward)

    def __getitem__(self, index: Any) -> Any:
        return [*self.forward, *self.backward][index]

    def __iter__(self) -> Iterator[ForwardStep | BackwardStep]:
        yield from self.forward
        yield from self.backward

    def find(self, tensor: Tensor) -> ForwardStep:
        """The step that made `tensor`."""
        if not isinstance(tensor, Tensor):
            raise TypeError(f"find() takes a Tensor, not {type(tensor).__name__}")
        for step in self.forward:
            if step.tensor is tensor:
                return step
        name = source.label(tensor) or "the tensor"
        raise KeyError(f"{name} is not part of what {self.forward[-1].name} was computed from")

    def __str__(self) -> str:
        forward = [("", "tensor", "computed as", "value", "gradient"), *map(self._forward_row, self.forward)]
        backward = [
            ("", "from", "to", "upstream", "local derivative", "contribution", "accumulated"),
            *map(self._backward_row, self.backward),
        ]
        tables = [f"forward\n{table(forward)}"]
        if self.backward:
            tables.append(f"backward\n{table(backward)}")
        return "\n\n".join(tables)

    __repr__ = __str__

    def _forward_row(self, s: ForwardStep) -> tuple[str, ...]:
        return str(s.index), s.name, s.expression if s.op else s.kind, in_full(s.value), in_full(s.gradient)

    def _backward_row(self, s: BackwardStep) -> tuple[str, ...]:
        is_plain = s.local is None or is_number(s.local_text)
        local = s.local_text if is_plain else f"{s.local_text} = {in_full(s.local)}"
        names = self.forward[s.node].name, self.forward[s.input].name
        return str(s.index), *names, in_full(s.upstream), local, in_full(s.contribution), in_full(s.accumulated)


@answered
def explain(output: Tensor, gradient: Any = None) -> Record:
    """The record of how `output` was computed, and of the way back from it. It leaves every `.grad` untouched.

    An output of many elements is started with gradient 1 for each of them, or with `gradient`.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> print(explain(x * x))
    forward
       tensor  computed as  value  gradient
    0  x       parameter    3      6
    1  v1      x × x        9      1
    <BLANKLINE>
    backward
       from  to  upstream  local derivative  contribution  accumulated
    0  v1    x   1         x = 3             3             3
    1  v1    x   1         x = 3             3             6
    """
    forward = forward_steps(output, call="explain()")
    index = {step.tensor: step.index for step in forward}
    recorder = _Recorder(forward, index)
    if output.requires_grad:
        gradient = np.ones(output.shape, output.dtype) if gradient is None else values(gradient)
        with quiet():
            for tensor, g in walk(output, start_gradient(output, gradient, "explain()"), observer=recorder):
                forward[index[tensor]].gradient = np.array(g)
    return Record(output, forward, recorder.steps)


def forward_steps(*outputs: Tensor, call: str = "forward_steps()") -> list[ForwardStep]:
    """Everything that `outputs` were computed from, in order, without the way back: no `gradient` is computed."""
    for output in outputs:
        if not isinstance(output, Tensor):
            raise TypeError(f"{call} takes a Tensor, not {type(output).__name__}")
        shares_owed(output, None, refuse_to_show_stale)
    tensors = in_order(outputs)
    index = {tensor: i for i, tensor in enumerate(tensors)}
    names = names_of(tensors)
    return [_forward_step(i, tensor, names, index) for i, tensor in enumerate(tensors)]


class _Recorder:
    """The observer that writes the backward steps down."""

    def __init__(self, forward: list[ForwardStep], index: dict[Tensor, int]) -> None:
        self.forward, self.index = forward, index
        self.steps: list[BackwardStep] = []

    def start(self, output: Tensor, gradient: Any) -> None:
        """Nothing to write: the output's gradient is part of the forward steps."""

    def share(self, node: Tensor, position: int, upstream: Any, raw: Any, share: Any, before: Any, after: Any) -> None:
        """Write down one arrow."""
        of = self.forward[self.index[node]]
        primitive, inputs = node._primitive, node.parents
        assert primitive is not None
        names = [self.forward[self.index[x]].name for x in inputs]
        text, how, local = _local(primitive, node, position, names, of.name)
        self.steps.append(
            BackwardStep(
                index=len(self.steps), node=of.index, input=self.index[inputs[position]], position=position,
                op=primitive.name, upstream=np.asarray(upstream), local=local, local_text=text, how=how,
                raw=np.asarray(raw), contribution=np.asarray(share),
                before=None if before is None else np.asarray(before), accumulated=np.array(after),
                layer=of.layer, file=of.file, line=of.line, code=of.code, why=of.why,
            )
        )  # fmt: skip


def send_back(node: Tensor, parent: Tensor, upstream: np.ndarray) -> np.ndarray:
    """What `node` sends to `parent`, one of its inputs, of the gradient `upstream`: one factor of the chain rule."""
    with quiet():
        places = [i for i, x in enumerate(node._inputs) if x is parent]
        shares = [fitted(share_of(node, i, upstream), parent, node) for i in places]
        return np.asarray(sum(shares[1:], start=shares[0]))


def _local(
    primitive: Primitive, node: Tensor, position: int, names: list[str], out: str
) -> tuple[str, str, np.ndarray | None]:
    """The local derivative: its formula, how it meets the upstream gradient, and its numbers where it is an array."""
    derivative = primitive.of_all or primitive.derivatives[position]
    assert derivative is not None
    text, how = (written(text, primitive, names, node._options, out) for text in (derivative.local, derivative.how))
    if derivative.local_input is not None:
        return text, how, node.parents[derivative.local_input].data
    if not primitive.elementwise:
        return text, how, None
    local = share_of(node, position, np.ones(node.shape, node.dtype))
    return text, how, np.broadcast_to(local, node.shape).copy()


def _forward_step(index: int, tensor: Tensor, names: list[str], order: dict[Tensor, int]) -> ForwardStep:
    primitive, inputs = tensor._primitive, tuple(order[x] for x in tensor.parents)
    place = source.place(tensor)
    kind = "op" if primitive else "parameter" if tensor.requires_grad else "input"
    if primitive is None:
        if is_constant(tensor) and (tensor.ndim == 0 or source.is_on_way_back(tensor)):
            kind = "constant"
        expression, numbers, symbol, why = names[index], short(tensor.data), "", ""
        call = expression
    else:
        operands = [names[i] for i in inputs]
        expression = formula(primitive, operands, tensor._options, names[index])
        call = short_formula(primitive, operands, tensor._options, names[index])
        numbers = formula(primitive, [operand_text(x) for x in tensor.parents], tensor._options, short(tensor.data))
        symbol, why = primitive.symbol, primitive.why
    file, line, code = place or (None, None, "")
    return ForwardStep(
        index=index, name=names[index], kind=kind, op=tensor.op, symbol=symbol, inputs=inputs,
        expression=expression, call=call, numbers=numbers, value=tensor.data,
        layer=tensor._layer, file=file, line=line, code=code, why=why, options=tensor._options, tensor=tensor,
    )  # fmt: skip


def in_order(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Everything `outputs` were computed from, in the order in which it was made; leaves before what uses them first.

    Of several outputs, a leaf that is one itself comes first.
    """
    seen = set(outputs)
    stack = list(outputs)
    while stack:
        new = [parent for parent in stack.pop().parents if parent not in seen]
        seen.update(new)
        stack.extend(new)
    made = sorted((tensor for tensor in seen if tensor.op is not None), key=lambda tensor: tensor._time)
    order = dict.fromkeys(output for output in outputs if output.op is None)
    for tensor in made:
        order |= dict.fromkeys((*tensor.parents, tensor))
    return list(order)

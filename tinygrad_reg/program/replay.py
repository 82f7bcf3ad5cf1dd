"""Runs a planned program: hands it its inputs, and does to Tensors, optimizers and clocks what the step would have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..modes import ERROR_STATE, IGNORE
from ..optim.flat import fetch, written
from ..tensor import Tensor
from .guards import Guards
from .listing import Listing
from .node import Input
from .plan import Plan, place_of
from .program import Program, Result

_new_tensor = Tensor.__new__


class Replay:
    """One program of a step, ready to run."""

    def __init__(self, program: Program, listing: Listing, plan: Plan, guards: Guards, kept: Any) -> None:
        self.source, self.planned_source = listing.text, plan.text
        self._origins = plan.origins
        self._guards = guards
        self._kept = kept  # arguments that are known by identity must not be replaced by others at their address
        # The arguments come first, each read by its place; whatever else is read by a function.
        self._places = [node.of for node in plan.arguments if node.kind == "argument"]
        self._sources = [(node.kind, node.of) for node in plan.arguments[len(self._places) :]]
        self._readers = [_reader(node) for node in plan.arguments[len(self._places) :]]
        self._listed = [(listing.named[node], node.kind, _reader(node)) for node in listing.arguments]
        self._given = listing.names.given
        scope = {**plan.given}
        exec(compile(plan.text, "<tg.compile>", "exec"), scope)
        # A function that its own globals hold is freed by the garbage collector only, and all buffers with it.
        self._program: Callable[..., Any] = scope.pop("step")
        scope.pop("in_arrays", None)
        scope.pop("in_floats", None)
        self.returned = program.returned
        self._results = len(program.results)

        leaves = list(program.capture.leaves.values())
        self._plain = [
            (leaf.tensor, leaf.data.shape, leaf.data.dtype, leaf.data.strides, leaf.tensor._requires_grad)
            for leaf in leaves
            if leaf.flat is None
        ]
        self._flats = {leaf.flat: leaf.flat.arrays for leaf in leaves if leaf.flat is not None}
        rows = {row[0]: row for flat in self._flats for group in flat.groups for row in group.rows}
        self._moved = [(p, rows[p][1], rows[p][2]) for p in (leaf.tensor for leaf in leaves if leaf.flat is not None)]
        self._grad_there = [(leaf.tensor, there) for leaf, there in program.needs_grad.items()]
        self._new_data = [(leaf.tensor, i) for leaf, i in program.new_data]
        self._new_grad = [(leaf.tensor, i) for leaf, i in program.new_grad]
        self._home_grad = [(leaf.tensor, rows[leaf.tensor][2]) for leaf in program.home_grad]
        self._no_grad = [leaf.tensor for leaf in program.no_grad]
        self._homes = [
            (leaf.tensor, leaf.home)
            for leaf in leaves
            if leaf.home is not None and leaf.cleared and leaf not in program.home_grad
        ]
        self._steps = program.capture.steps
        self._stands = program.capture.given  # Tensors among the arguments, by their places, and what stands for them
        self._given_now: list[Tensor] = []
        self._leaves = {leaf.tensor for leaf in leaves}
        self.straight: Callable[[tuple[Any, ...]], Any] | None = None  # the usual call, once there was one
        self.changed: Sequence[str] = ()  # variables that the step itself changes, and reads

    # ---- Tensors among the arguments

    def take(self, arrays: Sequence[Any]) -> Replay:
        """What stands for a Tensor that is given has its values from now on."""
        if self._stands:
            for i, stand in self._stands:
                stand._data, stand._grad = arrays[i]._data, arrays[i]._grad
            self._given_now = [arrays[i] for i, _ in self._stands]
        return self

    def _give_back(self, returned: Any) -> Any:
        """The Tensors that were given get what the program has done to what stands for them."""
        for (_, stand), x in zip(self._stands, self._given_now, strict=True):
            if stand._data is not x._data:
                x._data = stand._data
                x.written()
            x._grad = stand._grad
            stand._data = stand._grad = None
        returned = _exchanged(returned, dict(zip((stand for _, stand in self._stands), self._given_now, strict=True)))
        self._given_now = []
        return returned

    # ---- whether it still says what the step does

    def holds(self) -> bool:
        """Whether the step, run now, would be captured as this program."""
        if not self._guards.hold():
            return False
        if self._stands and not self._leaves.isdisjoint(self._given_now):
            return False
        for flat, arrays in self._flats.items():
            if flat.arrays is not arrays:
                return False
        for p, w, _ in self._moved:
            if not p._requires_grad or (p._data is not w and p._data.shape != w.shape):
                return False
        for tensor, shape, dtype, strides, requires_grad in self._plain:
            data = tensor._data
            if data.shape != shape or data.dtype != dtype or data.strides != strides:
                return False
            if tensor._requires_grad is not requires_grad:
                return False
        return not self._grad_there or all((tensor._grad is not None) is there for tensor, there in self._grad_there)

    # ---- a call

    def run(self, arrays: Sequence[Any]) -> Any:
        """The step, for these arguments."""
        for p, w, _ in self._moved:
            if p._data is not w:
                fetch(p, w)
        errors = ERROR_STATE.get()
        try:
            ERROR_STATE.set(IGNORE)  # inside, so that Ctrl-C right behind it finds the way back
            results = self._program(*[arrays[i] for i in self._places], *[read(arrays) for read in self._readers])
        except Exception as error:
            self._origins.note(error)
            raise
        finally:
            ERROR_STATE.set(errors)
        for tensor, i in self._new_data:
            tensor._data = results[i]
            tensor.written()
        for tensor in self._no_grad:
            tensor._grad = None
        for tensor, home in self._homes:
            tensor._home = home
        for tensor, home in self._home_grad:
            tensor._grad = tensor._home = home
        for tensor, i in self._new_grad:
            give_gradient(tensor, results[i])
        for optimizer, groups in self._steps:
            optimizer.steps += 1
            for group in groups:
                group.t += 1
            written(groups)
        returned = filled(self.returned, results)
        return self._give_back(returned) if self._stands else returned

    def inputs(self, arrays: Sequence[Any]) -> dict[str, Any]:
        """What the readable program takes, by name."""
        values = {name: read(arrays).copy() if kind == "flat" else read(arrays) for name, kind, read in self._listed}
        return values | self._given


def _reader(node: Input) -> Callable[[Sequence[Any]], Any]:
    """What reads an input at each call."""
    of = node.of
    if node.kind == "argument":
        return lambda arrays: arrays[of]
    if node.kind == "leaf":
        tensor = of.tensor
        return lambda arrays: tensor._data
    if node.kind == "gradient":
        tensor = of.tensor
        return lambda arrays: tensor._grad
    if node.kind == "rate":
        optimizer, taken = of
        return lambda arrays: optimizer.lr_after(optimizer.steps + taken)
    if node.kind == "clock":
        group, ticks = of
        return lambda arrays: group.t + ticks
    place = place_of(node)
    return lambda arrays: place


def leaf(data: Any) -> Tensor:
    """A Tensor of the program's: like `Tensor(data)`, which looks at what it is given, and where from."""
    made = _new_tensor(Tensor)
    made._data = data
    made._grad = made._home = made._primitive = made._kept = made._name = made._code = None
    made._inputs, made._options = (), {}
    made._requires_grad = made._owned = False
    made._time = made._place = 0
    made._layer, made._cut = "", "tg.compile"
    return made


def give_gradient(tensor: Tensor, gradient: Any) -> None:
    """For a Tensor whose gradient the program does not leave among an optimizer's."""
    home = tensor._home
    if home is None:
        tensor._grad = gradient
    else:
        home[...] = gradient
        tensor._grad = home


def filled(x: Any, results: Sequence[Any]) -> Any:
    """What the step returns."""
    if isinstance(x, Result):
        if not x.is_tensor:
            return results[x.position]
        return leaf(results[x.position])
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(filled(part, results) for part in x))
    if type(x) in (tuple, list):
        return type(x)([filled(part, results) for part in x])
    if type(x) is dict:
        return {name: filled(part, results) for name, part in x.items()}
    return x


def _exchanged(x: Any, instead: dict[Tensor, Tensor]) -> Any:
    """What the step returns, with the Tensors that it was given."""
    if isinstance(x, Tensor):
        return instead.get(x, x)
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(_exchanged(part, instead) for part in x))
    if type(x) in (tuple, list):
        return type(x)([_exchanged(part, instead) for part in x])
    if type(x) is dict:
        return {name: _exchanged(part, instead) for name, part in x.items()}
    return x

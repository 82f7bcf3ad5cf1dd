"""Optimizers in a capture: how a step moves Tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..modes import modes
from ..optim import Optimizer
from ..optim.flat import Flat, Group, stretches, written
from ..optim.mistakes import looks_for_divergence, warn_of_divergence, warn_of_idle_steps
from ..tensor import Tensor
from .around import Around
from .callables import Apart
from .flats import Flats
from .node import Check, Node, Stretch
from .places import Places
from .recorded import Recorded
from .refusals import Refused
from .rules import keeps_something, own_functions


class Step(NamedTuple):
    """An optimizer's step: the groups of parameters that move, and the last line that changes anything until then."""

    optimizer: Optimizer
    groups: list[Group]
    last: Node | None


class Look(NamedTuple):
    """A look ahead: the parameters and where they are kept, the line that keeps them, the one that puts them back."""

    w: Stretch
    origin: Stretch
    kept: Node
    back: Node


class Updates(Flats):
    """The lines by which optimizers change Tensors."""

    def __init__(self) -> None:
        super().__init__()
        self._steps_before: dict[Optimizer, int] = {}
        self._as_they_are: list[tuple[Optimizer, dict[str, Any]]] = []  # whose rules are called, and their attributes
        self.steps: list[Step] = []
        self.looks: list[Look] = []
        self.around = Around(Places())

    def restore(self) -> None:
        """Give Tensors and optimizers back what they had."""
        for optimizer, steps in self._steps_before.items():
            optimizer._steps = steps
        super().restore()

    # ---- optimizers

    def taken(self, optimizer: Optimizer) -> int:
        """The steps that an optimizer has taken in this capture."""
        return sum(step.optimizer is optimizer for step in self.steps)

    def _ticks(self, group: Group) -> int:
        """The steps that a group of parameters has taken in this capture."""
        return sum(group in step.groups for step in self.steps)

    def _clock(self, group: Group) -> int:
        """All steps that it has taken, before this capture and in it."""
        return group.t + self._ticks(group)

    def finish(self) -> None:
        """The step has returned. Schedules, and rules that are called as they are, are asked after all its Python."""
        super().finish()
        advice = "Change that outside of the step, or make it a function of the number of the step"
        for optimizer, before in self._as_they_are:
            now = _attributes(optimizer)
            if now.keys() != before.keys() or any(now[name] is not value for name, value in before.items()):
                self.refuse("it changes what the rule of its optimizer reads", advice)
        for node in self.inputs:
            if node.kind == "rate":
                optimizer, taken = node.of
                if optimizer.lr_after(self._steps_before[optimizer] + taken) != node.value:
                    self.refuse("it changes what the schedule of its learning rate reads", advice)

    def zero_grad(self, optimizer: Optimizer) -> None:
        """optimizer.zero_grad()"""
        for flat in optimizer.flats:
            for p, _, g in flat.rows:
                self.clear(p)
                p._grad = None
                if p._data.shape == g.shape:
                    self.leaves[p].home = g

    def step(self, optimizer: Optimizer) -> None:
        """optimizer.step(): its update rule, which is written in NumPy, is recorded like everything else."""
        self._steps_before.setdefault(optimizer, optimizer._steps)
        with self._while(phase="update"):
            moved = self._record_step(optimizer)
            changing = (node for node in reversed(self.nodes) if node.changes and not isinstance(node, Check))
            self.steps.append(Step(optimizer, moved, next(changing, None)))
            optimizer._steps += 1
            written(moved)
            self._moves([p for group in moved for p in group.params])

    def _record_step(self, optimizer: Optimizer) -> list[Group]:
        """The lines of a step; the groups that it moves."""
        taken = self.taken(optimizer)
        with self.around.calling(*filter(callable, [optimizer._lr])):
            rate = self.input("rate", (optimizer, taken), optimizer.lr_after(optimizer._steps), "lr")
        ready = [self._ready(flat) for flat in optimizer.flats]
        moved = [group for groups in ready for group in groups]
        for flat, groups in zip(optimizer.flats, ready, strict=True):
            for p in (p for group in groups for p in group.params):
                self._bring(flat, p)
            for place, _ in stretches(groups, self._clock):
                g = self.flat(flat, "g", flat.arrays["g"], place)
                self._keep(Check(_check_of_gradients(optimizer, taken, flat, place), (g.node,)))
        if not moved:
            self._keep(Check(_check_of_idle_steps(optimizer, taken)))
        for flat, spaces, groups in zip(optimizer.flats, optimizer.spaces, ready, strict=True):
            for place, t in stretches(groups, self._clock):
                clock = self._clock_of([group for group in groups if place.start <= group.start < place.stop], t)
                names = ("w", "g", *optimizer.state_names)
                arrays = [self.flat(flat, name, flat.arrays[name], place) for name in names]
                work = [self.flat(flat, f"work{i or ''}", space, place) for i, space in enumerate(spaces)]
                self._update(optimizer, rate, clock, arrays, work)
        return moved

    def _clock_of(self, together: Sequence[Group], t: int) -> Recorded:
        """The number of the step, of groups that have taken t and share a clock: as long as they take each together."""
        ticks = [self._ticks(group) for group in together]
        if len(together) > 1:
            self.read(functools.partial(_agree, together, ticks), True)
        return self.input("clock", (together[0], ticks[0] + 1), t + 1, "t")

    def ahead(self, optimizer: Optimizer, closure: Callable[[], Any]) -> Any:
        """optimizer.step(closure) in the look-ahead form: the closure runs with the parameters at w − μ·m."""
        origins = []
        for flat, spaces in zip(optimizer.flats, optimizer.spaces, strict=True):
            groups = self._without(flat, {p for p in flat.shapes if not p._requires_grad})
            for p in (p for group in groups for p in group.params):
                self._bring_values(flat, p)
            for place, _ in stretches(groups, self._clock):
                w, origin, m = (self.flat(flat, name, flat.arrays[name], place) for name in ("w", "origin", "m"))
                with self._while(phase="update"):
                    kept = self._assign(origin, w)
                    self._assign(w, optimizer.measured_at(w, self.flat(flat, "work", spaces[0], place), [m]))
                origins.append((w, origin, kept))
            self._moves([p for group in groups for p in group.params])
        found = closure()
        with self._while(phase="update"):
            for w, origin, kept in origins:
                self.looks.append(Look(w.node.of, origin.node.of, kept, self._assign(w, origin)))
        self.step(optimizer)
        return found

    def _update(self, optimizer: Optimizer, rate: Any, clock: Any, arrays: list[Recorded], work: Any) -> None:
        w, g, *state = arrays
        arguments = (rate, clock, w, g, work, state)
        before = [np.array(self.values(x)) for x in arrays]
        first, refused = len(self.nodes), self.refused
        with self._while(op=type(optimizer).__name__):
            try:
                if keeps_something(optimizer):  # it must run once a step, and not for the capture as well
                    self._as_they_are.append((optimizer, _attributes(optimizer)))
                    self._called(optimizer, arguments)
                else:
                    optimizer.apply(*arguments)
            except Refused:  # a rule that asks the clock: it is called as it is
                self.refused = refused
                del self.nodes[first:]
                for array, values in zip(arrays, before, strict=True):
                    self.values(array)[...] = values
                self._called(optimizer, arguments)

    def _called(self, optimizer: Optimizer, arguments: tuple[Any, ...]) -> None:
        """The rule of an optimizer, which is called as it is."""
        with self.around.calling(*own_functions(optimizer)):
            self.effect(optimizer.apply, arguments)

    def _ready(self, flat: Flat) -> list[Group]:
        """The groups that take the step."""
        for p in flat.shapes:
            self.touch(p)
        absent = {p for p in flat.shapes if p._grad is None or not p._requires_grad}
        for p in absent:
            self.leaves[p].absent |= self.leaves[p].grad is None and not self.leaves[p].cleared
        return self._without(flat, absent)

    # ---- functions that look at values: each is one line

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """A function that looks at values, as one line: it must compute its result from its arguments alone."""
        with self.around.calling(function):
            return self.record(Apart(function), arguments)

    def clip(self, function: Callable[..., Any], params: Sequence[Tensor], limit: float) -> Any:
        """One of optim's functions that clip gradients, as one line."""
        for p in params:
            self.touch(p)
            leaf = self.leaves.get(p)
            if leaf is not None:
                leaf.asked |= p._grad is None and not leaf.cleared
        having = [p for p in params if p._grad is not None]
        if not having:
            return _uncaptured(function, params, limit)
        with self._while(phase="clip"):
            found, clipped = self.record(Apart(Clipping(function, limit)), [p._grad for p in having])
        for p, gradient in zip(having, clipped, strict=True):
            p._grad = gradient
        if isinstance(found, tuple):  # norms: 0 for a parameter without a gradient
            norms = iter(found)
            return [0.0 if p._grad is None else next(norms) for p in params]
        return found


def _check_of_gradients(optimizer: Optimizer, taken: int, flat: Flat, place: slice) -> Callable[[Any], None]:
    """The optimizer's look at its gradients, which it takes at some steps only; `taken`: the step's own before it."""

    def look_for_divergence(g: Any) -> None:
        steps = optimizer._steps + taken
        if looks_for_divergence(optimizer, steps):
            warn_of_divergence(optimizer, steps, flat, place, g)

    return look_for_divergence


def _attributes(optimizer: Optimizer) -> dict[str, Any]:
    """The attributes of an optimizer besides its count of steps."""
    return {name: value for name, value in vars(optimizer).items() if name != "_steps"}


def _check_of_idle_steps(optimizer: Optimizer, taken: int) -> Callable[[], None]:
    """The same for a step that moves nothing."""

    def look_for_idle_steps() -> None:
        if optimizer._steps + taken == 2:
            warn_of_idle_steps(optimizer)

    return look_for_idle_steps


def _agree(groups: Sequence[Group], ticks: Sequence[int]) -> bool:
    """Whether groups that will have taken so many steps more are at the same step then."""
    return len({group.t + n for group, n in zip(groups, ticks, strict=True)}) == 1


def _uncaptured(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives for arrays, or for Tensors that no capture needs to know."""
    capture, modes.capture = modes.capture, None
    try:
        return function(*arguments)
    finally:
        modes.capture = capture


class Clipping:
    """clip_by_...(params, limit) as a function of the gradients: what it returns, and the new gradients."""

    def __init__(self, function: Callable[..., Any], limit: float) -> None:
        self.function, self.limit = function, limit
        self.__name__ = function.__name__

    def __call__(self, *gradients: Any) -> tuple[Any, tuple[Any, ...]]:
        tensors = [Tensor(g, requires_grad=True) for g in gradients]
        for tensor, g in zip(tensors, gradients, strict=True):
            tensor._grad = g
        found = _uncaptured(self.function, tensors, self.limit)
        return (tuple(found) if isinstance(found, list) else found), tuple(tensor._grad for tensor in tensors)

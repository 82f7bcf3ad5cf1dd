"""Where an optimizer keeps its parameters: one after the other in one array, their gradients and its state likewise.

So a step is a handful of NumPy calls, however many parameters there are. Each parameter's array becomes a view of the
flat one, and `backward()` writes the finished gradient straight into a view of the flat gradients, the parameter's
`_home`. The user is free to assign `p.data` or `p.grad`, to freeze p, or to give p to a second optimizer as well:
before a step, whatever lies elsewhere is copied here. No other Tensor gets a parameter's array:
`q.data = p.data` and `q = Tensor(p.data)` copy it (see `memory.is_moved`).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..memory import aligned, move
from ..tensor import Tensor, describe, tick

# A parameter, and its places in the flat arrays: the view that is its data, and the one for its gradient. A plain
# tuple, because every step looks at every one, and Python takes these apart fastest.
Row = tuple[Tensor, np.ndarray, np.ndarray]


class Group:
    """Parameters that so far took every step together: they lie side by side and share a clock."""

    __slots__ = ("params", "start", "stop", "t")

    def __init__(self, start: int, t: int) -> None:
        self.params: list[Tensor] = []
        self.start = self.stop = start
        self.t = t  # the steps that they have taken


class Stretch(NamedTuple):
    """A part of the flat arrays that takes a step in one go."""

    place: slice
    t: int


class Flat:
    """The parameters of one dtype in flat arrays: "w" (their values), "g" (gradients) and an optimizer's state.

    >>> p, q = Tensor([1.0, 2.0], requires_grad=True), Tensor(3.0, requires_grad=True)
    >>> flat = Flat([p, q], ["v"])
    >>> flat.arrays["w"] *= 2
    >>> print(p.data, q.data, flat.arrays["v"])
    [2. 4.] 6.0 [0. 0. 0.]
    """

    def __init__(self, params: Sequence[Tensor], names: Sequence[str]) -> None:
        self.dtype = params[0]._data.dtype
        self.shapes = {p: p._data.shape for p in params}
        self.size = sum(math.prod(shape) for shape in self.shapes.values())
        self.names = ("w", "g", *names)
        self.arrays: dict[str, np.ndarray] = {}
        self.places: dict[Tensor, slice] = {}
        self.groups: list[Group] = []
        self.rows: list[Row] = []  # one a parameter, in the order of the flat arrays
        self._group_of: dict[Tensor, Group] = {}
        self.lay_out([(list(params), 0)])

    def view(self, name: str, p: Tensor) -> np.ndarray:
        """The part of a flat array that belongs to p, in p's shape."""
        return self.arrays[name][self.places[p]].reshape(self.shapes[p])

    def clock(self, p: Tensor) -> int:
        """The steps that p has taken."""
        return self._group_of[p].t

    def lay_out(self, plan: Sequence[tuple[Sequence[Tensor], int]]) -> None:
        """Fill new arrays in the order of `plan`, groups as (parameters, clock).

        The old arrays are left as they are: someone may hold views of them, who must not see other numbers there.
        """
        arrays = {name: aligned((self.size,), self.dtype) for name in self.names}
        for array in arrays.values():
            array.fill(0)
        move(arrays["w"])
        places: dict[Tensor, slice] = {}
        groups: list[Group] = []
        rows: list[Row] = []
        group_of: dict[Tensor, Group] = {}
        start = 0
        for params, t in plan:
            group = Group(start, t)
            for p in params:
                place = places[p] = slice(start, start + math.prod(self.shapes[p]))
                w, g = (arrays[name][place].reshape(self.shapes[p]) for name in ("w", "g"))
                if self.places:
                    for name, array in arrays.items():
                        array[place] = self.arrays[name][self.places[p]]
                rows.append((p, w, g))
                group.params.append(p)
                group_of[p] = group
                start = group.stop = place.stop
            groups.append(group)
        before = {row[0]: row for row in self.rows}
        # Until the last line, Ctrl-C leaves all as it was: a parameter that has moved already is fetched from there.
        for row in rows:
            if row[0] in before:
                _move(before[row[0]], row)
            else:
                _adopt(row)
        self.arrays, self.places, self.groups, self.rows, self._group_of = arrays, places, groups, rows, group_of

    # ---- before a step

    def ready(self) -> list[Group]:
        """The groups that take the step: those with a gradient that are not frozen, all of it copied to its place.

        A group of which only a part takes it is split for good.
        """
        return self._bring_together(lambda p: p._grad is not None and p._requires_grad, with_gradients=True)

    def unfrozen(self) -> list[Group]:
        """The groups that are not frozen, whether or not they have a gradient."""
        return self._bring_together(lambda p: p._requires_grad, with_gradients=False)

    def _bring_together(self, takes_part: Callable[[Tensor], bool], with_gradients: bool) -> list[Group]:
        absent: set[Tensor] = set()
        for p, w, g in self.rows:
            if p._data is w and p._grad is g and p._requires_grad:
                continue  # everything in its place, as nearly always
            if not takes_part(p):
                absent.add(p)
                continue
            if p._data is not w:
                fetch(p, w)
            if with_gradients and p._grad is not g:
                np.copyto(g, p._grad)
        if absent and self.divides(absent):
            self.split(absent)
        return self.without(absent) if absent else self.groups

    def divides(self, absent: set[Tensor]) -> bool:
        """Whether of some group only a part is absent."""
        return any(0 < len(absent.intersection(group.params)) < len(group.params) for group in self.groups)

    def split(self, absent: set[Tensor]) -> None:
        """Make groups of those who are absent, and of those who are not."""
        plan = []
        for group in self.groups:
            parts = [p for p in group.params if p not in absent], [p for p in group.params if p in absent]
            plan += [(part, group.t) for part in parts if part]
        self.lay_out(plan)

    def without(self, absent: set[Tensor]) -> list[Group]:
        """The groups that are not absent."""
        return [group for group in self.groups if group.params[0] not in absent]

    # ---- after it

    def claim(self) -> None:
        """Drop the gradients, and have the next ones written here."""
        for p, _, g in self.rows:
            p._grad = None
            if p._home is not g and p._data.shape == g.shape:
                p._home = g


def stretches(groups: Sequence[Group], clock: Callable[[Group], int] = operator.attrgetter("t")) -> Iterator[Stretch]:
    """Where the groups lie, those of one clock that lie side by side as one."""
    i = 0
    while i < len(groups):
        j, t = i, clock(groups[i])
        while j + 1 < len(groups) and groups[j + 1].start == groups[j].stop and clock(groups[j + 1]) == t:
            j += 1
        yield Stretch(slice(groups[i].start, groups[j].stop), t)
        i = j + 1


def written(groups: Sequence[Group]) -> None:
    """Note that these parameters have new values (see `Tensor.written`), with one tick for all of them."""
    now = tick()
    for group in groups:
        for p in group.params:
            p._time = now


def _adopt(row: Row) -> None:
    """Copy a parameter here: its array may be the user's, who keeps it as it is."""
    p, w, g = row
    np.copyto(w, p._data)
    p._data = w
    if p._grad is not None and p._grad is p._home:  # another optimizer's buffer
        np.copyto(g, p._grad)
        p._grad = g
    p._home = g


def _move(old: Row, new: Row) -> None:
    """Let a parameter point at its new places, where it pointed at the old ones."""
    p, old_w, old_g = old
    _, new_w, new_g = new
    if p._data is old_w:
        p._data = new_w
    if p._grad is old_g:
        p._grad = new_g
    if p._home is old_g:
        p._home = new_g


def fetch(p: Tensor, w: np.ndarray) -> None:
    """Copy the array that the user, or another optimizer, gave to a parameter."""
    must_fit(p, w.shape)
    np.copyto(w, p._data)
    p._data = w


def must_fit(p: Tensor, shape: tuple[int, ...]) -> None:
    """Refuse the array that was given to a parameter, if it is of another shape than the optimizer's."""
    if p._data.shape != shape:
        raise ValueError(
            f"{describe(p)} had the shape {shape} when its optimizer was made: make a new optimizer for the new shape"
        )

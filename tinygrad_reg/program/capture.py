"""Runs a step once over Recorded arrays and writes down what NumPy is asked to do: the lines of a program.

The Tensors that the step meets get a Recorded in place of their array until the capture ends. Ops and the walk back
run as always; what they compute is recorded line by line. An op whose forward is more than functions of arrays (it
loops, assigns, draws random numbers) becomes one line that calls it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import source
from ..modes import generator as generator_of
from ..modes import modes
from ..primitive import Primitive
from ..tensor import Tensor
from .arguments import is_input
from .around import Around
from .callables import Apart
from .contents import Content, content_of
from .node import Input, Node, is_followed
from .once import MADE_INSIDE, Generators, drawn
from .origins import called, turn_back
from .places import Place, Places
from .recorded import Recorded
from .refusals import Refused, ShapeRefused, refusal
from .structures import is_structure, like, parts
from .updates import Updates

if TYPE_CHECKING:
    from .program import Program


class Capture(Updates):
    """The record of one run of a step. It is the `watch` of that run: every op, and every step back, comes by here.

    It has four storeys below, a file each: the lines, Tensors, optimizers' arrays, and their steps.
    """

    def __init__(self, generators: Sequence[Any], are_all: bool) -> None:
        super().__init__()
        self._generator = modes.generator
        self.generators = Generators(generators, are_all)
        self._replaced: list[tuple[Place, Any]] = []  # variables that hold a Recorded during the capture
        self._alive: list[Any] = []
        self._arguments = 0  # arrays and Tensors among the arguments, so far
        self._given_things: list[Content] = []  # lists and dicts among them
        self.given: list[tuple[int, Tensor]] = []  # what stands for the Tensors among them
        self._stands: dict[Tensor, Tensor] = {}
        self._told = 0  # the lines there were when the walk back last told of a share
        self._made: list[tuple[Node, Tensor, tuple[str, str]]] = []  # lines, and the Tensors that they made

    def run(self, found: Places, make: Callable[[], Program]) -> Program:
        """What `make` makes of the step, which meets this capture; then everything is as it was before."""
        last_output = modes.last_output
        self.around = Around(found)
        try:
            modes.capture = modes.watch = self
            self._stand_in(found.places)
            return make()
        except Refused:
            raise
        except Exception as error:
            if self.refused is None:
                raise
            raise self.refused from error  # of which NumPy's C code has made an error of its own
        finally:
            modes.capture = modes.watch = None
            modes.last_output = last_output
            try:
                self.restore()
            except KeyboardInterrupt:  # half of it done: a Tensor must not be left with what stood for its array
                self.restore()
                raise

    def restore(self) -> None:
        """Give variables, Tensors and generators back what they had."""
        for place, value in reversed(self._replaced):
            if place.put is not None and place.ask() is value:  # unless the step has put something else there
                place.put(place.was)
        super().restore()
        self.generators.restore()

    def refuse_changed_arguments(self) -> None:
        """The step had lists and dicts of stand-ins: what it writes there, the caller's would not get."""
        for content in self._given_things:
            if not content.is_as_it_was():
                it = f"the {type(content.thing).__name__} {content.name!r}"
                what = f"it changes {it} that it is given, which a program would not do"
                raise refusal(what, "Change a copy of it, and return what you want to keep")

    def forget(self) -> None:
        """Let go of the values of the capture, once the program is made, and of Tensors."""
        for node in (*self.nodes, *self.inputs):
            node.value = None
        for node in self.inputs:
            node.first = node.of = None
        self._examples.clear()

    # ---- what stands for variables and arguments

    def _stand_in(self, places: Sequence[Place]) -> None:
        """Put a Recorded where the step's Python finds a plain array: what it computes of it is recorded as well."""
        for place in places:
            if place.put is None:
                continue
            value = self._standing_for(place.was, place.name)
            if value is not place.was:
                try:
                    place.put(value)
                except (AttributeError, TypeError):  # an attribute that can't be assigned
                    what = f"the array {place.name!r}" if place.name else "an array"
                    what += " can't be followed, it is in an object that does not change"
                    self.refuse(what, "Give it as an argument")
                self._replaced.append((place, value))

    def _standing_for(self, x: Any, name: str) -> Any:
        if is_followed(x):
            if id(x) not in self._constants:
                plain = np.asarray(x)
                self._constants[id(x)] = self._constants[id(plain)] = self.input("variable", plain, plain, name)
                self._alive.append(x)
            return self._constants[id(x)]
        if isinstance(x, tuple):
            new = [self._standing_for(part, name) for part in x]
            if any(a is not b for a, b in zip(new, x, strict=True)):
                return like(x, new) if is_structure(x) else tuple(new)
        return x

    def take(self, x: Any, name: str) -> Any:
        """What stands for an argument: arrays and Tensors are known by their places among all of them."""
        if is_structure(x):
            taken = like(x, [self.take(part, f"{name}_{i}") for i, part in parts(x)])
            if content := content_of(name, taken):
                self._given_things.append(content)
            return taken
        if not is_input(x):
            return x
        place, self._arguments = self._arguments, self._arguments + 1
        return self._argument(x, name, place) if isinstance(x, Tensor) else self.input("argument", place, x, name)

    def _argument(self, tensor: Tensor, name: str, position: int) -> Tensor:
        """What stands for a Tensor among the arguments: each call brings another."""
        if tensor in self._stands:
            return self._stands[tensor]
        stand = self._stands[tensor] = Tensor(tensor._data, tensor._requires_grad, tensor._name or name)
        stand._grad, stand._cut, stand._code = tensor._grad, tensor._cut, None
        self.given.append((position, stand))
        return stand

    # ---- ops

    def applying(self, op: Primitive, inputs: Sequence[Any]) -> Callable[..., Any]:
        """An op is going to be applied: this computes it."""
        for x in inputs:
            if isinstance(x, Tensor):
                self.touch(x)
        return functools.partial(self._forward, op)

    def _forward(self, op: Primitive, *arrays: Any, **options: Any) -> Any:
        if op.random:
            return self._draw(op, arrays, options)
        if not any(isinstance(x, Recorded) for x in (*arrays, *options.values())):
            return op.forward(*arrays, **options)
        arrays = tuple(self.constant(x) if isinstance(x, np.ndarray) else x for x in arrays)
        first, refused = len(self.nodes), self.refused
        with self._while(op=op.name, since=first):
            try:
                return op.forward(*arrays, **options)
            except ShapeRefused:
                raise
            except Refused:
                self.refused = refused
                del self.nodes[first:]
                if not op.foreign:
                    return self.note(self._call(op, arrays, options), self.computed(op.forward, arrays, options))
                with self.around.calling(op.forward):
                    return self.record(Apart(op.forward, op.name), arrays, options)

    def _draw(self, op: Primitive, arrays: Sequence[Any], options: dict[str, Any]) -> Any:
        rng = options.get("rng")
        if isinstance(rng, (int, np.integer)):
            return op.forward(*arrays, **options)  # the same numbers each time
        generator = generator_of(rng)
        if self.generators.is_new(generator):
            self.refuse(*MADE_INSIDE)
        self.generators.begin(generator)
        if any(one is generator for one in self.generators.drawn_from()):
            self.refuse(*drawn())
        if generator is modes.generator:
            options = {**options, "rng": None}  # this thread's, which tg.seed() replaces
        node = self._call(op, arrays, options)
        node.changes = True
        try:
            with self._while(op=op.name):
                return self.note(node, op.forward(*self.values(arrays), **self.values(options)))
        finally:
            self.generators.end(generator)

    def forward(self, op: Primitive, tensor: Tensor, inputs: Sequence[Any], arrays: Sequence[Any]) -> None:
        """An op has computed this Tensor: its line is named as the user names it."""
        if isinstance(tensor._data, Recorded) and not isinstance(tensor._data.node, Input):
            layer = f"_{modes.layer.replace('.', '_')}" if modes.layer else ""
            name = called()  # z in a layer, say
            self._made.append((tensor._data.node, tensor, (name and f"{name}{layer}", f"{op.name}{layer}")))

    # ---- the way back

    def seed(self, output: Tensor, gradient: Any) -> Any:
        """The gradient that a walk starts with, as a line of its own."""
        value = np.asarray(gradient)
        made = Node(np.ones, (value.shape, value.dtype)) if value.shape else Node(value.dtype.type, (1.0,))
        seed = self.note(made, gradient)
        made.phase = "backward"
        if isinstance(output._data, Recorded):
            self._received.append((made, output._data.node))
        return seed

    def start(self, output: Tensor, gradient: Any) -> None:
        """The way back begins: the next lines are of derivatives."""
        self._told = len(self.nodes)

    def share(self, node: Tensor, position: int, upstream: Any, raw: Any, share: Any, before: Any, after: Any) -> None:
        """An input has received a share: the lines for it belong to `node`, and its gradient is named after it."""
        for line in self.nodes[self._told :]:
            turn_back(line, node)
        self._told = len(self.nodes)
        parent = node._inputs[position]._data
        if isinstance(after, Recorded) and isinstance(parent, Recorded):
            self._received.append((after.node, parent.node))

    # ---- the end

    def finish(self) -> None:
        """The step has returned."""
        if (error := self.refused or self.caught) is not None:
            raise error
        if self._generator is not None and modes.generator is not self._generator:
            what = "it calls tg.seed(), which a program would do only once"
            raise refusal(what, "Call it outside of the step")
        super().finish()
        self.around.refuse()
        if not self.leaves.keys().isdisjoint(self._stands):
            self.refuse("it is given a Tensor that it refers to as well", "Give it, or refer to it")
        if any(True for _ in self.generators.drawn_from()):  # somewhere in the step: no line is known
            raise refusal(*drawn())
        self._name_lines()

    def _name_lines(self) -> None:
        """Give the lines that make Tensors, and their gradients, the names that the user's code gives them."""
        for node, tensor, (name, otherwise) in self._made:
            node.name, node.op = source.label(tensor) or name or node.name, otherwise
        for node, own in self._received:
            if not isinstance(node, Input) and not node.name.startswith("grad_"):
                node.name = f"grad_{own.name or own.op}"
        for leaf in self.leaves.values():  # w.data = ... names no variable
            node = leaf.tensor._data.node
            if not isinstance(node, Input) and node.name in ("", "data"):
                node.name = f"new_{leaf.input.name}"

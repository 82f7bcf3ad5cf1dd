"""The text of a planned program as it grows: what nodes are called, what is made once, and the lines so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..loss_inputs import are_labels
from .buffers import allocation
from .kernels import Number, call_of, is_mask, is_masking, labels_of
from .node import Node
from .write import Namespace, Writer, of_dtype

UFUNCS = {name for name, thing in vars(np).items() if isinstance(thing, np.ufunc)}  # dir(np) would load numpy.f2py


class Draft:
    """Names, lines that run once before any call, and lines of the function."""

    def __init__(self) -> None:
        self.names = Namespace({"in_arrays", "in_floats", "aligned", *UFUNCS, *(f"{name}_reduce" for name in UFUNCS)})
        self._named: dict[Node, str] = {}
        self._fixed: set[Node] = set()  # whose array is at the same place in every call
        self._once: list[str] = []
        self._lines: list[str] = []
        self._writer = Writer(self.names, self._named.__getitem__)
        self._numbers: dict[Any, Node] = {}
        self._factors: dict[Any, Node] = {}
        self._flats: dict[Any, str] = {}
        self._classes: dict[Any, int] = {}  # of labels that were checked
        self._label_places: dict[Any, str] = {}

    def _make_once(self, wanted: str, text: str) -> str:
        """The name of what is made before any call."""
        name = self.names.fresh(wanted)
        self._once.append(f"{name} = {text}")
        return name

    # ---- arrays for numbers

    def _call(self, node: Node) -> Node:
        call = call_of(node)
        if is_masking(call):
            arguments = (self._factor(x, node.value) if is_mask(x) else x for x in call.arguments)
            call = call.but(arguments=tuple(arguments))
        return call.but(arguments=tuple(self._number(x) if isinstance(x, Number) else x for x in call.arguments))

    def _number(self, number: Number) -> Node:
        """The array that stands for a number: made once, and written into where the program computes the number."""
        value, shape, dtype = number.value, number.shape, of_dtype(number.dtype)
        key = (id(value) if isinstance(value, Node) else repr(value), shape, number.dtype)
        if key not in self._numbers:
            node = self._numbers[key] = Node(np.array)
            if isinstance(value, Node):
                self._named[node] = self._make_once(f"{self._named[value]}_array", f"np.empty((), {dtype})")
                self._lines.append(f"{self._named[node]}[()] = {self._named[value]}")
            else:
                made = self._writer.literal(value)[0]
                text = f"np.full({shape}, {made}, {dtype})" if shape else f"np.array({made}, {dtype})"
                self._named[node] = self._make_once(f"{'all' if shape else 'n'}_{value:.3g}", text)
        return self._numbers[key]

    def _factor(self, mask: Node, product: np.ndarray) -> Node:
        """1 and 0 for True and False, in an array for all such products: NumPy multiplies by them sooner."""
        key = product.shape, product.dtype
        if key not in self._factors:
            node = self._factors[key] = Node(np.array)
            self._named[node] = self._make_once("factor", allocation(product))
        factor = self._factors[key]
        self._lines.append(f"{self._named[factor]}[...] = {self._named[mask]}")
        return factor

    # ---- elements of rows, picked by labels

    def _note_labels(self, check: Node) -> None:
        if check.function is are_labels:
            labels, classes = check.arguments
            self._classes[labels] = classes

    def _places(self, x: Any, index: Any) -> str:
        """Where in x, row after row, x[index] is that takes an element of each row by labels: NumPy is quicker so.

        Only after a check that they are labels: without it, one that is too large would be found in the next row.
        """
        labels = labels_of(x, index)
        if labels is None or x not in self._fixed or self._classes.get(labels) != x.value.shape[1]:
            return ""
        key = labels, x.value.shape
        if key not in self._label_places:
            n, classes = x.value.shape
            first = self._make_once("first_of_rows", f"{classes} * np.arange({n})")
            self._label_places[key] = self._make_once("places", f"np.empty({n}, np.intp)")
            self._lines.append(f"np.add({first}, {self._named[labels]}, out={self._label_places[key]})")
        return self._label_places[key]

    def _flat(self, x: Node) -> str:
        """An array that stays where it is, row after row."""
        name = self._named[x]
        if name not in self._flats:
            self._flats[name] = self._make_once(f"flat_{name}", f"{name}.reshape(-1)")
        return self._flats[name]

"""Tensor: an array, its gradient, and the op and inputs that made it."""

from __future__ import annotations

import copy
import itertools
from typing import Any, Never

import numpy as np

from . import source
from .answers.elsewhere import answer, listed
from .answers.foreign import ON_TENSORS
from .answers.misfits import not_taken
from .arrays import as_array, require_float
from .memory import is_moved
from .methods import Methods
from .modes import modes

COMPILED = "tg.compile"  # the `_cut` of results of programs, and of what is computed from them


# Counts what nodes are made and what leaves are written into: which of two was first. See `Tensor._time`.
tick = itertools.count(1).__next__


class Tensor(Methods):
    """An array that remembers how it was computed.

    Tensor(data, requires_grad=True) is a leaf: a parameter or an input to differentiate by. An op on tensors gives
    a new Tensor, a node of the graph, wherever one of its inputs requires a gradient. `backward()` walks the graph
    from a loss and fills `.grad`.

    >>> x = Tensor(3.0, requires_grad=True)
    >>> y = x * x + 1
    >>> y.backward()
    >>> print(y.data, x.grad)
    10.0 6.0

    `data` may be a number, a nested list or an array, which is not copied (but that of a parameter which an optimizer
    moves is).
    """

    __slots__ = (
        "__weakref__",
        "_arrays",  # the same as its op got it
        "_code",  # the user's code object that made this tensor, and the place in it (see source.py)
        "_cut",  # what kept it out of the graph: "detach()", "no_grad()", COMPILED, or None
        "_data",  # ndarray, or a NumPy scalar for a 0-d result (much cheaper; `.data` shows an array)
        "_grad",  # what `.grad` shows, or None
        "_home",  # a view of an optimizer's flat buffer, where it wants the gradient to be written, or None
        "_inputs",  # what the op was given, in order: Tensors, arrays, numbers
        "_kept",  # what the op's forward chose to keep for its derivatives
        "_layer",  # path of the layer that made this node
        "_name",
        "_owned",  # whether it belongs to a layer, so that pictures name it by the layer's path
        "_options",  # the op's keyword options
        "_parents",  # what `parents` has made of inputs that are no Tensors, once somebody has asked
        "_place",
        "_primitive",  # the op that made this node, None for a leaf
        "_requires_grad",
        "_thawed",  # the `_time` at which requires_grad was switched on, if it ever was
        "_time",  # a node: when it was made; a leaf: when its array was last replaced or written
    )

    def __init__(
        self,
        data: Any,
        requires_grad: bool = False,
        name: str | None = None,
        *,
        dtype: Any = None,
        **foreign: Never,
    ) -> None:
        if foreign:
            raise not_taken(Tensor.__init__, "Tensor", foreign)
        array = as_array(data, dtype)
        if requires_grad is not False:
            if not isinstance(requires_grad, (bool, np.bool_)):
                shape = "; for zeros of a shape write tg.Tensor(np.zeros((2, 3)))" * isinstance(requires_grad, int)
                raise TypeError(f"requires_grad must be True or False, not {requires_grad!r}{shape}")
            if requires_grad:
                require_float(array)
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name must be a string, not {type(name).__name__}")
        if type(array) is np.ndarray and is_moved(array):
            array = array.copy()  # of a parameter, which its optimizer writes into
        self._data: Any = array if array.shape else array[()]
        self._grad: Any = None
        self._home: Any = None
        self._primitive: Any = None  # a Primitive; primitive.py stands on this file
        self._kept: Any = None
        self._cut: str | None = None
        self._inputs: tuple[Any, ...] = ()
        self._arrays: tuple[Any, ...] = ()
        self._options: dict[str, Any] = {}
        self._requires_grad = requires_grad is not False and bool(requires_grad)
        self._name = name
        self._time = 0 if modes.capture is None else modes.capture.mark
        self._layer = ""
        self._owned = False
        self._code, self._place = source.caller()

    # ---- what it holds

    @property
    def data(self) -> np.ndarray:
        """The values. Assigning replaces them (in a leaf); a graph built on the old ones can't go backward then.

        An array is not copied, but where it is that of a parameter which an optimizer moves: `q.data = p.data`.
        """
        if not isinstance(self._values(), np.ndarray):
            self._data = as_array(self._data)
        array: np.ndarray = self._data
        return array

    @data.setter
    def data(self, value: Any) -> None:
        if self._primitive is not None:
            if value is self._data:  # h.data -= 1 has been done by now
                self.written()
            raise TypeError(
                f"{describe(self)} was computed by '{self.op}', so its data can't be replaced; "
                "assign to the leaves it was computed from, or make it one: tg.Tensor(0.1 * array, requires_grad=True)"
            )
        dtype = self._values().dtype
        try:
            array = as_array(value, dtype)
        except TypeError:
            if not isinstance(value, Tensor):
                raise
            raise TypeError(
                f".data of {describe(self)} takes plain values, and these stand in a graph: compute with .data, as in "
                "w.data = w.data - 0.1 * w.grad; for another Tensor in its place write layer.kernel = t"
            ) from None
        if dtype.kind != "f" and isinstance(array, np.ndarray) and not np.array_equal(array, values(value)):
            raise TypeError(f"{describe(self)} holds {dtype} numbers, which these are not: make a new Tensor for them")
        if self._requires_grad:
            require_float(array)
        if array.shape != self._data.shape:
            self._grad = self._home = None  # of the shape of the values that are gone
        if array is not self._data and is_moved(array if modes.capture is None else modes.capture.values(array)):
            array = array.copy()  # of a parameter, which its optimizer writes into
        if modes.capture is not None:
            array = modes.capture.assigned(array)
        self._data = array if array.shape else array[()]
        self.written()

    def _values(self) -> Any:
        """`_data`, for a reader who is no op."""
        if modes.capture is not None:
            modes.capture.touch(self)
        return self._data

    def written(self) -> None:
        """Note that this leaf's array has new values: graphs built before refuse to go backward through it."""
        self._time = tick()

    @property
    def grad(self) -> np.ndarray | None:
        """∂loss/∂this from the last backward passes, of this shape and dtype, or None; assigning 0 clears it."""
        if modes.capture is not None:
            modes.capture.reading(self)
        grad: np.ndarray | None = self._grad
        if grad is None:
            return None
        if not isinstance(grad, np.ndarray):
            grad = self._grad = as_array(grad)
        elif grad is self._home:
            grad = self._grad = grad.copy()  # the reader may keep it, the optimizer will write over its own buffer
        return grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if modes.capture is not None:
            modes.capture.clear(self)
        if value is None:
            self._grad = None
            return
        if isinstance(value, Tensor):
            value = value.numpy()
        shape, dtype = self._data.shape, self._data.dtype
        array = as_array(value, dtype)
        if array.ndim == 0 and shape and array == 0:
            self._grad = np.zeros(shape, dtype)
            return
        if array.shape != shape:
            raise ValueError(f".grad of {describe(self)} must have its shape {shape}, not {array.shape}")
        self._grad = array

    @property
    def requires_grad(self) -> bool:
        """Whether backward() computes a gradient for this tensor. Set it to False to freeze a parameter."""
        if modes.capture is not None and self._primitive is None:
            modes.capture.touch(self)
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f"requires_grad must be True or False, not {value!r}")
        if self._primitive is not None and not value:
            raise TypeError(
                f"{describe(self)} was computed by '{self.op}'; write .detach() for its values without a graph"
            )
        if value:
            require_float(self._data)
            if not self._requires_grad:
                self._values()
                self.written()  # a graph made before knows some of its uses, not those that were constants
                self._thawed = self._time
        self._requires_grad = bool(value)

    @property
    def name(self) -> str | None:
        """The name it was given, or None (pictures then use the variable it was assigned to)."""
        if modes.capture is not None and self._primitive is None:
            modes.capture.read(lambda: self._name, self._name)
        return self._name

    @name.setter
    def name(self, value: str | None) -> None:
        if value is not None and not isinstance(value, str):
            raise TypeError(f"name must be a string, not {type(value).__name__}")
        self._name = value

    @property
    def op(self) -> str | None:
        """Name of the op that made this tensor, None for a leaf."""
        return None if self._primitive is None else self._primitive.name

    @property
    def parents(self) -> tuple[Tensor, ...]:
        """What the op was given, in order, as Tensors: x * x has two parents, a leaf none."""
        if all(isinstance(x, Tensor) for x in self._inputs):
            return self._inputs
        if not hasattr(self, "_parents"):  # beside the inputs: whoever looks at a graph does not change it
            self._parents = tuple(x if isinstance(x, Tensor) else self._constant(x) for x in self._inputs)
        return self._parents

    def _constant(self, value: Any) -> Tensor:
        # A number among the inputs has no dtype of its own: it took the result's.
        weak = isinstance(value, (int, float)) and not isinstance(value, bool)
        constant = Tensor(np.asarray(value, self._data.dtype if weak else None))
        constant._code = None
        return constant

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        shape: tuple[int, ...] = self._data.shape
        return shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._data.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(self._data.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        dtype: np.dtype[Any] = self._data.dtype
        return dtype

    def item(self) -> Any:
        """The one value of a one-element tensor, as a Python number."""
        if self._data.size != 1:
            raise ValueError(
                f"{describe(self)} has {self.size} elements; item() needs exactly one (index it, or use .numpy())"
            )
        return self._values().item()

    def numpy(self) -> np.ndarray:
        """The values as a plain array, without the graph; not a copy."""
        return self.data

    def tolist(self) -> Any:
        """The values as nested Python lists."""
        return self._values().tolist()

    def detach(self) -> Tensor:
        """A new leaf with the same values that needs no gradient: what is computed from it stays out of the graph."""
        values = self._values()
        if isinstance(values, np.ndarray) and (self._primitive is None or values.base is not None):
            values = values.copy()  # a parameter, or a view that may show one: it will be written into
        leaf = Tensor(values, name=self._name)
        leaf._cut = "detach()" if self._requires_grad or self._cut is COMPILED else self._cut
        return leaf

    # ---- as an object of Python's (as an array or a number: see arraylike.py)

    __dir__ = listed

    __hash__ = object.__hash__  # by identity; == compares elements

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def __repr__(self) -> str:
        values = np.array2string(self.data, separator=", ", prefix="Tensor(", threshold=100)
        extras = [f"name={self._name!r}"] if self._name is not None else []
        if self._data.dtype != np.float64:
            extras.append(f"dtype={self._data.dtype}")
        if self._primitive is not None:
            extras.append(f"op={self.op!r}")
        elif self._requires_grad:
            extras.append("requires_grad=True")
        return f"Tensor({', '.join([values, *extras])})"

    def __copy__(self) -> Tensor:
        return copy.deepcopy(self)

    def __reduce__(self) -> Any:
        if self._primitive is not None:
            raise TypeError(
                f"{describe(self)} is part of a graph, which can't be copied or pickled; "
                "write .numpy() for its values, in a plot for example, or .detach() for a Tensor without the graph"
            )
        parts = type(self), self.data, self._requires_grad, self._name, self._owned
        return Tensor._rebuild, parts, getattr(self, "__dict__", None)  # a subclass may have attributes of its own

    @staticmethod
    def _rebuild(kind: type[Tensor], data: Any, requires_grad: bool, name: str | None, owned: bool) -> Tensor:
        leaf = kind.__new__(kind)
        Tensor.__init__(leaf, data, requires_grad, name)
        leaf._owned = owned
        return leaf


answer(Methods, ON_TENSORS)


def describe(x: Any) -> str:
    """How messages speak of an operand: its name, if it has one, and its shape."""
    if isinstance(x, Tensor):
        return f"{source.label(x) or 'tensor'} of shape {x.shape}"
    try:
        return f"{'array' if isinstance(x, np.ndarray) else type(x).__name__} of shape {np.shape(x)}"
    except ValueError:  # rows that are not equally long
        return f"{type(x).__name__} without a shape"


def values(x: Any) -> Any:
    """A Tensor's array; anything else as it is."""
    return x.data if isinstance(x, Tensor) else x

"""The lines of a program, as they come: what is called, on which values."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

import numpy as np

from .. import source
from ..modes import quiet
from .callables import FILLED, OPERATORS, Method, assign, held_over, item
from .node import NUMERIC, PLAIN, Check, Input, Node
from .origins import asked_for, held, locate
from .recorded import Recorded
from .refusals import GONE_BY, Refused, refusal
from .structures import like, mapped

_KEEP_IT = "Keep it in a Tensor, and assign its .data"


class Running(NamedTuple):
    """What of the engine's is running as a line is recorded."""

    op: str = ""  # the op, or the optimizer, whose NumPy it is
    since: int | None = None  # in an op's forward: the number of its first line
    phase: str = ""  # what comes after the way back: "clip" or "update"


class Lines:
    """What has been recorded. A Recorded stands for an array object: changed in place, it stands for a later line."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.inputs: list[Input] = []
        self._constants: dict[int, Recorded] = {}
        self._handles: list[weakref.ref[Recorded]] = []
        self.reads: list[tuple[Callable[[], Any], Any]] = []  # what was asked besides arrays, and the answer
        self._changed: list[Any] = []  # arrays of Tensors that the step writes into
        self.refused: Refused | None = None
        self.caught: Refused | None = None  # why the step may not go on, where it has caught an error
        self._running = Running()
        self._received: list[tuple[Node, Node]] = []  # lines that made gradients, and the lines whose they are

    def input(self, kind: str, of: Any, value: Any, name: str) -> Recorded:
        """A new input of the program."""
        if kind != "home" and any(np.may_share_memory(value, array) for array in self._changed):
            self.refuse("+=, -= and the like write into an array, and others hold this array, too", "Write a = a + b")
        node = Input(kind, of, value, name)
        self.inputs.append(node)
        return self._handle(node)

    def constant(self, array: Any) -> Recorded:
        """What stands for an array that is neither an argument nor a Tensor's: the program refers to it."""
        if isinstance(array, Recorded):
            return array
        if id(array) not in self._constants:
            self._constants[id(array)] = self.input("constant", array, array, held(array) or "constant")
        return self._constants[id(array)]

    def record(self, function: Any, arguments: Sequence[Any], options: dict[str, Any] | None = None) -> Any:
        """Call a function of arrays, and note the call."""
        options = options or {}
        return self.note(self._call(function, arguments, options), self.computed(function, arguments, options))

    def computed(self, function: Callable[..., Any], arguments: Sequence[Any], options: dict[str, Any]) -> Any:
        """What a call gives in this run. Where values let it fail, the step may not go on as if nothing were."""
        try:
            with quiet():
                return function(*self.values(arguments), **self.values(options))
        except (np.linalg.LinAlgError, IndexError, FloatingPointError) as error:
            self._fails(error)
            raise

    def _fails(self, error: Exception) -> None:
        what = f"it catches an error that depends on values ({error}), and a program would go that way at each call"
        advice = "Look at the values outside of the step, or write np.where(condition, a, b) for a choice"
        self.caught = self.caught or self._refusal(what, advice)

    def filled(self, function: Callable[..., Any], arguments: Sequence[Any], options: dict[str, Any]) -> Any:
        """np.zeros_like and its kin, which take from their array no more than a shape and a dtype."""
        value = function(*self.values(arguments), **self.values(options))
        if not value.flags.c_contiguous:
            return self.note(self._call(function, arguments, options), value)
        return self.note(Node(FILLED[function], (value.shape, value.dtype)), value)

    def note(self, node: Node, value: Any) -> Any:
        """A new line, which gave this value."""
        node.value = value
        if not isinstance(value, (np.ndarray, np.generic, int, float, tuple, list)):
            return value
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind not in NUMERIC:
            self.refuse(f"it computes an array of {value.dtype}, which is none of numbers", "Compute it outside")
        self._locate(node)
        self.nodes.append(node)
        return self._spread(node)

    def _spread(self, node: Node) -> Any:
        """What stands for a line's value: a Recorded, for a function of several results one for each."""
        value = node.value
        if not isinstance(value, (tuple, list)):
            return self._handle(node)
        made = []
        for i, part in enumerate(value):
            if isinstance(part, (np.ndarray, np.generic, tuple, list, float)):
                picked = {"function": item, "arguments": (node, i), "options": {}, "name": "", "changes": False}
                piece = node.but(**picked, value=part)
                self.nodes.append(piece)
                made.append(self._spread(piece))
            else:
                made.append(part)
        return like(value, made)  # np.linalg.svd(x).S

    def _handle(self, node: Node) -> Recorded:
        handle = Recorded(node)
        self._handles.append(weakref.ref(handle))
        return handle

    def values(self, x: Any) -> Any:
        """`x` with the values of this capture in place of what stands for them."""
        return mapped(self._value, x)

    def _value(self, x: Any) -> Any:
        if not isinstance(x, Recorded):
            return x
        if x.node.value is None:
            self.refuse(*GONE_BY)
        x.node.asked = True
        return x.node.value

    def _call(self, function: Any, arguments: Sequence[Any], options: dict[str, Any] | None = None) -> Node:
        """A line that calls a function, with nodes in place of what stands for them."""
        return Node(function, self._nodes(tuple(arguments)), self._nodes(options or {}))

    def _nodes(self, x: Any) -> Any:
        return mapped(lambda part: self.constant(part).node if isinstance(part, np.ndarray) else part, x)

    def read(self, ask: Callable[[], Any], answer: Any) -> None:
        """The step has asked something besides arrays: another answer makes another program."""
        self.reads.append((ask, answer))

    # ---- writing into arrays

    def change(self, target: Recorded, function: Callable[..., Any], *others: Any) -> Recorded:
        """target −= y: from now on `target` stands for the difference; an optimizer's array is written into."""
        if target.node.kind == "flat":
            ufunc = OPERATORS[function].ufunc
            if ufunc is None:  # w **= 2 is not always np.power
                self.refuse("**= writes into an array", "Write np.power(w, y, out=w)")
            self.write(ufunc, "__call__", (target, *others), {"out": (target,)})
            return target
        if self._running.since is not None and not self._is_of_the_op(target):
            self.refuse("+=, -= and the like write into an array that an op was given", "Write a = a + b")
        views = self._views(target)
        changed = self.record(function, (target, *others))
        if changed.shape != target.shape or not np.can_cast(changed.dtype, target.dtype, "same_kind"):
            self.refuse("the result of the assignment does not fit into its array", "Write a = a + b")
        if changed.dtype != target.dtype:  # float32 -= float64
            changed = self.record(Method("astype"), (changed, target.dtype))
        old = np.asarray(target.node.value)
        if old.strides != np.asarray(changed.node.value).strides:  # it must lie in memory as the array does
            if not old.flags.forc:
                self.refuse("+=, -= and the like write into an array with gaps in memory", "Write a = a + b")
            changed = self.record(np.array, (changed,), {"order": "C" if old.flags.c_contiguous else "F"})
        if target.node.kind == "leaf":
            self._changed.append(target.node.value)
        changed.node.name = f"new_{target.node.name}" if target.node.name else ""
        target.node = changed.node
        for view in views:
            self.hold_over(view)
        return target

    def _views(self, target: Recorded) -> list[Recorded]:
        """What the step has got of an array that it is going to write into: x @ w.T has, before w.data -= ..."""
        if target.node.kind in PLAIN:
            self.refuse("+=, -= and the like write into an array that outlives the step", _KEEP_IT)
        others = self._sharing(target)
        views = [] if self._running.op else [x for x in others if not x.node.kind]
        self._unshared(target, "+=, -= and the like write into an array", len(others) > len(views))
        return views

    def hold_over(self, view: Recorded) -> None:
        """The array that this looks at has been written into: whoever reads it from now on is refused."""
        view.node = self.record(held_over, (view,)).node

    def set_item(self, target: Recorded, index: Any, value: Any) -> None:
        """target[index] = value: an op may fill an array that it made, a step may not."""
        if target.node.kind in PLAIN:
            self.refuse("a[i] = b writes into an array that outlives the step", _KEEP_IT)
        if self._running.since is None or not self._is_of_the_op(target):
            self.refuse("a[i] = b writes into a captured array", "Write np.where(mask, b, a)")
        self._unshared(target, "an assignment to an element", bool(self._sharing(target)))
        assign(target.node.value, self.values(index), self.values(value))
        node = self._call(assign, (target, index, value))
        node.name = target.node.name
        self.note(node, target.node.value)
        target.node = node

    def _is_of_the_op(self, target: Recorded) -> bool:
        """Whether the op whose forward is running has made the array."""
        return target.node in self.nodes[self._running.since :]

    def _unshared(self, target: Recorded, what: str, is_shared: bool) -> None:
        if is_shared or target.node.kind == "argument":
            self.refuse(f"{what}, and others hold this array, too", "Write a = a + b for a new array")

    def _sharing(self, target: Recorded) -> list[Recorded]:
        """All others that stand for an array in the same memory."""
        others = [handle() for handle in self._handles]
        return [
            x for x in others
            if x is not None and x is not target and x.node is not None
            and np.may_share_memory(x.node.value, target.node.value)
        ]  # fmt: skip

    def write(self, ufunc: Any, method: str, inputs: Any, options: dict[str, Any]) -> Any:
        """ufunc(..., out=target), which the update rules of the optimizers are written with."""
        (target,) = options["out"]
        if not isinstance(target, Recorded):
            self.refuse("out= writes into an array", "Leave out= away: a = np.add(a, b)")
        if target.node.kind != "flat":
            if target is not inputs[0] or method != "__call__" or len(options) > 1:
                self.refuse("out= writes into a captured array", "Leave out= away: a = np.add(a, b)")
            return self.change(target, ufunc, *inputs[1:])
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        options = {**options, "out": target}
        with quiet():
            function(*self.values(inputs), **self.values(options))
        self.effect(function, inputs, options)
        return target

    def effect(self, function: Any, arguments: Sequence[Any], options: dict[str, Any] | None = None) -> None:
        """A line that changes an array which outlives the program."""
        self._keep(self._call(function, arguments, options))

    def laid_out_as(self, first: Any, x: Any) -> Any:
        """See captured.Recorder: where NumPy would give another order than adding in place does, it is copied."""
        first, made = self.values((first, x))
        if not isinstance(first, np.ndarray) or first.strides == made.strides:
            return x
        if first.flags.forc:
            return self.record(np.array, (x,), {"order": "C" if first.flags.c_contiguous else "F"})
        axes = sorted(range(first.ndim), key=lambda axis: -first.strides[axis])  # as they lie in memory
        rows = self.record(np.array, (self.record(np.transpose, (x, axes)),), {"order": "C"})
        return self.record(np.transpose, (rows, sorted(range(first.ndim), key=axes.__getitem__)))

    def check(self, test: Callable[..., None], arguments: Sequence[Any], options: dict[str, Any]) -> None:
        """See captured.check: made now, and again at each call if it looks at arrays that may have changed by then."""
        try:
            test(*self.values(arguments), **options)
        except Exception as error:
            self._fails(error)
            raise
        if any(isinstance(x, np.ndarray) for x in arguments):
            self._keep(Check(test, self._nodes(tuple(arguments)), options))

    def _keep(self, node: Node) -> None:
        node.changes = True
        self._locate(node)
        self.nodes.append(node)

    @contextmanager
    def _while(self, **running: Any) -> Iterator[None]:
        """This is running inside the block: see `Running`."""
        before = self._running
        self._running = before._replace(**running)
        try:
            yield
        finally:
            self._running = before

    def _locate(self, node: Node) -> None:
        op, since, phase = self._running
        node.op = op
        node.phase = phase or ("forward" if since is not None or not self._received else "after")
        locate(node)

    def refuse(self, what: str, advice: str, kind: type[Refused] = Refused) -> NoReturn:
        """Raise Refused, with the user's line; it is noted, for the step may have an `except` for everything."""
        error = self._refusal(what, advice, kind)
        self.refused = self.refused or error
        raise error

    def _refusal(self, what: str, advice: str, kind: type[Refused] = Refused) -> Refused:
        return refusal(*(asked_for() or (what, advice)), source.place_of(source.caller(1)), kind)

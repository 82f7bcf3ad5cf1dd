"""The way back over the graph: the chain rule in one loop.

A node of the graph knows the op that made it and what the op was given. Its gradient is the sum of the shares that
the nodes using it send back. So the walk starts at the loss with gradient 1, and takes a node as soon as everything
that uses it has sent its share: then the sum is complete, and the node's op says what share of it each input gets.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Never

import numpy as np

from . import source
from .answers import checks, wrong_ways
from .answers.calls import answered
from .answers.misfits import not_taken
from .answers.wrong_calls import instead
from .arrays import as_array
from .half import widened_for_derivative
from .methods import attach
from .modes import ERROR_STATE, IGNORE, modes, quiet
from .shares import fitted
from .tensor import COMPILED, Tensor, describe

if TYPE_CHECKING:
    from .watching import Observer

_SCALARS = {np.float64, np.float32}  # of 0-d tensors: to be one of them says shape and dtype at once


def walk(
    output: Tensor,
    gradient: Any,
    targets: Iterable[Tensor] | None = None,
    *,
    create_graph: bool = False,
    observer: Observer | None = None,
) -> Iterator[tuple[Tensor, Any]]:
    """Yield every node on the way back with its complete gradient.

    Starts at `output` with its `gradient`. With `targets`, only what leads to them is visited. With `create_graph`,
    gradients are Tensors, computed by ops and differentiable in turn. Else a leaf's gradient is memory of its own;
    that of a node in between may be a view, or an array that others hold as well.
    """
    owed = shares_owed(output, None if targets is None else _leading_to(set(targets), output))
    received: dict[Tensor, Any] = {}  # the sum of the shares so far, of nodes that still wait for others
    summed: set[Tensor] = set()  # nodes whose sum is an array of its own, so the next share may be added in place
    ready = [(output, gradient)] if output in owed else []
    if observer is not None:
        observer.start(output, gradient)

    while ready:
        # 1. A node whose users have all sent their shares: its gradient is complete.
        complete = ready.pop()
        yield complete
        node, upstream = complete
        primitive = node._primitive
        if primitive is None:
            continue  # a leaf: the way ends here

        # 2. Its op turns the gradient into a share for each input that needs one.
        inputs, options = node._inputs, node._options
        if create_graph:
            given = zip(inputs, node._arrays, strict=True)  # a list among the inputs is an array for its op
            known = (upstream, node, *(x if isinstance(x, (Tensor, float, int)) else array for x, array in given))
        else:
            known = (upstream, node._data, *node._arrays)
        if primitive.sums:
            known = widened_for_derivative(known)
        if primitive.keeps:
            parts_without_graph = create_graph and primitive.keeps == "parts"
            options = {**options, primitive.keeps: None if parts_without_graph else node._kept}
        shares = primitive.shares_of_all(known, options, inputs, owed) if primitive.joint else None
        for position, parent in enumerate(inputs):
            left = owed.get(parent) if isinstance(parent, Tensor) else None
            if left is None:
                continue
            if shares is not None:
                raw = shares[position]
            else:
                derivative = primitive.functions[position]
                try:
                    raw = derivative(*known, **options) if options else derivative(*known)
                except Exception as error:
                    if choose := instead(error):
                        error.add_note(choose)
                    error.add_note(f"in the derivative of '{primitive.name}' by '{primitive.input_name(position)}'")
                    raise
            data = parent._data
            kind = type(raw)
            fits = kind is type(data) and (
                raw.shape == data.shape and raw.dtype is data.dtype if kind is np.ndarray else kind in _SCALARS
            )
            share = raw if fits else fitted(raw, parent, node, create_graph)

            # 3. The input adds its share to what it has received.
            before = received.pop(parent, None) if received else None
            is_leaf = parent._primitive is None
            if before is None:
                lives_on = is_leaf and type(share) is np.ndarray  # its .grad, which must be memory of its own
                held = lives_on and (share is upstream or share.base is not None or primitive.foreign)
                after = share.copy() if held else share
            elif (is_leaf or parent in summed) and type(before) is np.ndarray and observer is None and not create_graph:
                after = np.add(before, share, out=before)
            else:
                after = before + share
                if observer is not None and parent in summed and not create_graph:
                    after = _laid_out_as(before, after)  # as where it is added in place
                summed.add(parent)
            if observer is not None:
                observer.share(node, position, upstream, raw, share, before, after)
            if left == 1:
                ready.append((parent, after))
            else:
                received[parent], owed[parent] = after, left - 1


def _laid_out_as(first: Any, x: Any) -> Any:
    """The sum `x` in memory as its first part lies: what sums it up in turn adds in that order."""
    if modes.capture is not None:
        return modes.capture.laid_out_as(first, x)
    if type(x) is not np.ndarray or x.strides == first.strides:
        return x
    out = np.empty_like(first)
    out[...] = x
    return out


def shares_owed(
    output: Tensor, wanted: set[Tensor] | None, stale: Callable[[Tensor, Tensor], Never] = wrong_ways.refuse_stale
) -> dict[Tensor, int]:
    """For each node that a gradient will reach: how many shares it is going to receive.

    `stale` refuses a graph that was built on values that are gone.
    """
    found = [output] if wanted is None or output in wanted else []
    owed = dict.fromkeys(found, 0)
    while found:
        node = found.pop()
        for parent in node._inputs:
            if not isinstance(parent, Tensor):
                continue
            if parent._time > node._time:
                stale(parent, node)
            if not parent._requires_grad:
                if parent._cut is COMPILED:
                    wrong_ways.refuse_compiled(parent)
                continue
            expected = owed.get(parent)
            if expected is not None:
                owed[parent] = expected + 1
            elif wanted is None or parent in wanted:
                owed[parent] = 1
                found.append(parent)
    return owed


def _leading_to(targets: set[Tensor], output: Tensor) -> set[Tensor]:
    """The nodes between output and targets: those whose gradient is a factor in some target's."""
    users: dict[Tensor, list[Tensor]] = {}
    found, seen = [output], {output}
    while found:
        node = found.pop()
        for parent in node._inputs:
            if isinstance(parent, Tensor) and parent._requires_grad:
                users.setdefault(parent, []).append(node)
                if parent not in seen:
                    seen.add(parent)
                    found.append(parent)
    leading, found = targets & seen, list(targets & seen)
    while found:
        for user in users.get(found.pop(), ()):
            if user not in leading:
                leading.add(user)
                found.append(user)
    return leading


def start_gradient(output: Any, gradient: Any, call: str) -> Any:
    """The gradient to start with: 1 for a scalar, the weights that the caller gives otherwise."""
    wrong_ways.refuse_start(output, gradient, call)
    data = output._data
    if gradient is None:
        one = np.ones(data.shape, data.dtype) if data.shape else data.dtype.type(1)
        return one if modes.capture is None else modes.capture.seed(output, one)
    if isinstance(gradient, Tensor):
        given: Any = gradient if gradient.dtype == data.dtype else gradient.astype(data.dtype)
    else:
        given = as_array(gradient, data.dtype).copy()
    if given.shape != data.shape:
        raise ValueError(f"gradient= must have the shape of {describe(output)}, not {given.shape}")
    return given


def backward(output: Tensor, gradient: Any = None, *, retain_grads: bool = True, **foreign: Never) -> None:
    """Fill `.grad` of everything this tensor was computed from: ∂(this)/∂(that), by the chain rule.

    Leaves add to the `.grad` they have; nodes in between get theirs anew (with retain_grads=False they get none,
    which saves memory). A tensor of many elements needs `gradient=`, the weight of each of them.
    """
    if foreign:
        raise not_taken(backward, "backward", foreign)
    seed = start_gradient(output, gradient, "backward()")
    seed = seed.numpy().copy() if isinstance(seed, Tensor) else seed  # it becomes a .grad
    modes.last_output = weakref.ref(output)
    outside = ERROR_STATE.get()
    try:
        ERROR_STATE.set(IGNORE)
        steps = walk(output, seed, observer=modes.watch)
        if not retain_grads:
            steps = ((node, g if node._primitive is None else None) for node, g in steps)
        # Nothing is written before the whole walk has succeeded.
        for node, g in list(steps):
            if node._primitive is not None:
                node._grad = g
            elif node._grad is not None:
                node._grad = _added(node, g)
            elif node._home is not None:
                node._home[...] = g
                node._grad = node._home
            else:
                node._grad = g if g.flags.c_contiguous else g.copy()  # as in_rows(g), sooner
    finally:
        ERROR_STATE.set(outside)


def _added(leaf: Tensor, g: Any) -> Any:
    if leaf._grad is leaf._home:
        return np.add(leaf._home, g, out=leaf._home)
    return leaf._grad + in_rows(g)


def in_rows(g: Any) -> Any:
    """A gradient in memory row after row, however the walk has come to it: what is summed up later is summed alike."""
    return g if g.flags.c_contiguous else g.copy()


attach(backward, "backward")


@answered
def gradients(
    output: Tensor, inputs: Tensor | Sequence[Tensor], create_graph: bool = False, *, gradient: Any = None
) -> Any:
    """∂output/∂input for each of `inputs` (leaves or nodes), as arrays, without touching any `.grad`.

    With create_graph=True they are Tensors with a graph of their own: differentiate them again. An input that the
    output does not depend on gets zeros. One Tensor as `inputs` gives one gradient, a sequence a list.
    """
    wanted = wrong_ways.differentiable(inputs)
    if create_graph is not False:  # weights, which stand there in other libraries, would be left out
        checks.switch("create_graph", create_graph)
    seed = start_gradient(output, gradient, "gradients()")
    if create_graph:
        if not modes.recording:
            raise RuntimeError("create_graph=True records a graph of the gradients, which no_grad() switches off")
        seed = seed if isinstance(seed, Tensor) else Tensor(seed)
    elif isinstance(seed, Tensor):
        seed = seed.numpy().copy()
    found: dict[Tensor, Any] = dict.fromkeys(wanted)
    with quiet():
        for node, g in walk(output, seed, wanted, create_graph=create_graph, observer=modes.watch):
            if node in found:
                found[node] = g if create_graph or node._primitive is None else g.copy()
    result = [_finished(x, found[x], create_graph) for x in wanted]
    if len(found) < len(result) and not create_graph:  # each an array of its own
        result = [g.copy() for g in result]
    if not isinstance(inputs, Tensor):
        return result
    return source.gradient(result[0], gradient) if create_graph else result[0]


def _finished(x: Tensor, g: Any, create_graph: bool) -> Any:
    if g is None:
        g = np.zeros(x._data.shape, x._data.dtype)
    if create_graph:
        return g if isinstance(g, Tensor) else Tensor(g)
    return in_rows(g) if isinstance(g, np.ndarray) else np.asarray(g)

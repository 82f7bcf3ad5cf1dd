"""Where derivatives go wrong: kinks, ties, zeros, infinities, shapes that broadcast, arrays of no element or no axis.

Only first derivatives are compared at kinks: a second one does not exist there. Where PyTorch's own answer is not
what we promise, the exception stands here, with what we give instead.
"""

import itertools
import math

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg.primitive import registry

from .replay import compare

inf = math.inf
ELEMENTWISE = [op for op in registry.values() if op.elementwise and op.name not in ("astype", "where", "clip")]
UNARY = [op for op in ELEMENTWISE if op.arity == 1]
BINARY = [op for op in ELEMENTWISE if op.arity == 2]
POINTS = [-1000.0, -30.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 30.0, 1000.0, inf, -inf]

# (op, a condition on its inputs): PyTorch gives NaN there, or has no function of its own.
EXCEPTIONS = {
    "cbrt": lambda x: x == 0,  # put together of sign and a power, which gives 0 · ∞; ours is ∞, as sqrt's
    "arccosh": lambda x: x <= -1,  # there is no value, and no slope of ours: NaN
    "floored_log": lambda x: x <= 0,  # inside PyTorch's cross-entropy: see test_losses.py
    "sigmoid_crossentropy": lambda z, y: z == -inf or not 0 <= y <= 1,  # NaN, ours is ∞; no probability
    "hypot": lambda x, y: x == y == 0,  # NaN; ours is 0, as norm's
    "copysign": lambda x, y: abs(x) == inf,  # |x|/x is NaN; ours is ±1
    "remainder": lambda x, y: abs(x) == inf or y == 0,  # of no meaning
    "fmod": lambda x, y: abs(x) == inf or y == 0,
}


def close(op, *point, dtype="float64"):
    exception = EXCEPTIONS.get(op.name)
    if exception is not None and exception(*point):
        return 0
    return compare(op, [np.array([x]) for x in point], dtype, order=1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("op", UNARY, ids=lambda op: op.name)
def test_kinks_and_limits_of_one_input(op, dtype):
    assert sum(close(op, x, dtype=dtype) for x in POINTS) > 0


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.name)
def test_ties_and_limits_of_two_inputs(op):
    assert sum(close(op, x, y) for x, y in itertools.product([*POINTS[::2], 0.0, 1.0, 2.0, inf, -inf], repeat=2)) > 0


SHAPES = [((0, 3), (3,)), ((2, 0), (2, 1)), ((0,), (1,)), ((), (0,)), ((1, 1), (0, 3)), ((), ())]
SHAPES += [((2, 1), (1, 3)), ((4, 1, 3), (2, 1)), ((1,), (2, 3, 1)), ((2, 3), ()), ((1, 1, 1), ())]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.name)
def test_broadcasting(op, shapes):
    rng = np.random.default_rng(0)
    compare(op, [rng.uniform(0.5, 2, shape) for shape in shapes])


@pytest.mark.parametrize("shape", [(0, 3), (), (1, 1)], ids=str)
@pytest.mark.parametrize("op", UNARY, ids=lambda op: op.name)
def test_no_element_and_one(op, shape):
    compare(op, [np.full(shape, 1.3 if op.name == "arccosh" else 0.3)])


TIES = np.array([[1.0, 2, 2, -1], [0, 0, 0, 0], [3, 3, -3, 3]])
NOTHING = [np.zeros((0, 3)), np.zeros((3, 0))]


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1)], ids=str)
@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "prod", "max", "min", "logsumexp", "median"])
def test_reductions_at_ties_and_of_nothing(name, axis, keepdims):
    def reduced(x):
        return registry[name](x, axis=axis, keepdims=keepdims)

    if name == "median" and isinstance(axis, tuple):
        return
    compare(reduced, [TIES])
    if name not in ("max", "min", "median"):  # which refuse to answer
        for nothing in NOTHING:
            compare(reduced, [nothing])


@pytest.mark.parametrize("ord", [None, 1, 2, 3, inf, -inf, 0.5, 0, -1])
def test_norms_at_zeros_and_ties(ord):
    for x in ([0.0, 0, 0], [1.0, -1, 1], [0.0, -1, 1]):
        if not (ord == -1 and x == [0.0, -1, 1]):  # PyTorch gives 0 · ∞ to the element at 0
            compare(lambda x: np.linalg.norm(x, ord), [np.array(x)], order=1)
    compare(lambda x: np.linalg.norm(x, ord, axis=1), [TIES], order=1)


@pytest.mark.parametrize("bounds", [(-1, 2), (2, 1), (1, 3), (2, 2)], ids=str)
def test_clip_at_its_bounds(bounds):
    x = TIES if bounds[0] != bounds[1] else TIES[bounds[0] <= TIES]  # PyTorch loses it where x < low = high
    compare(np.clip, [x, *(np.full(x.shape[-1], float(b)) for b in bounds)], order=1)
    compare(lambda x: np.clip(x, *bounds), [x], order=1)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("axis", [0, 1, None, (0, 1)], ids=str)
def test_softmax_of_ties_and_of_large_numbers(name, axis):
    for x in (TIES, 1000 * TIES):
        compare(lambda x: registry[name](x, axis=axis), [x])


@pytest.mark.parametrize("options", [(2, None, 0), (3, 2, 1), (2, 1, 0), (3, 3, 1)], ids=str)
def test_the_first_of_tied_elements_wins_a_window(options):
    size, stride, padding = options
    x = np.round(np.random.default_rng(0).normal(size=(2, 3, 6, 7)))
    compare(lambda x: tg.ops.max_pool2d(x, size=size, stride=stride, padding=padding), [x])


@pytest.mark.parametrize("name", ["sort", "cumsum", "cumprod"])
@pytest.mark.parametrize("axis", [0, 1, None], ids=str)
def test_along_an_axis_of_ties_and_of_nothing(name, axis):
    for x in (TIES, *NOTHING):
        compare(lambda x: registry[name](x, axis=axis), [x])


EMPTY = {
    "matmul, no rows": (np.matmul, (0, 3), (3, 2)),
    "matmul, nothing to sum": (np.matmul, (2, 0), (0, 3)),
    "matmul, empty batch": (np.matmul, (0, 2, 3), (3, 2)),
    "dot": (np.dot, (0,), (0,)),
    "outer": (np.outer, (0,), (3,)),
    "inner": (np.inner, (2, 0), (3, 0)),
    "einsum": (lambda a, b: np.einsum("ij,jk", a, b), (0, 2), (2, 3)),
    "conv2d": (tg.ops.conv2d, (0, 2, 4, 4), (3, 2, 2, 2)),
    "max_pool2d": (lambda a: tg.ops.max_pool2d(a, size=2), (0, 2, 4, 4)),
    "avg_pool2d": (lambda a: tg.ops.avg_pool2d(a, size=2), (0, 2, 4, 4)),
    "concatenate": (lambda a, b: np.concatenate([a, b]), (0, 2), (3, 2)),
    "stack": (lambda a, b: np.stack([a, b]), (0,), (0,)),
    "an empty slice": (lambda a: a[1:1], (3, 2)),
    "an empty list": (lambda a: a[[]], (3, 2)),
    "reshape": (lambda a: a.reshape(0, 6), (2, 0, 3)),
    "transpose": (lambda a: a.T, (0, 3)),
    "inv": (np.linalg.inv, (0, 2, 2)),
    "det": (np.linalg.det, (0, 2, 2)),
    "repeat": (lambda a: np.repeat(a, 2), (0,)),
    "pad": (lambda a: np.pad(a, 1), (0, 2)),
    "diff of one": (lambda a: np.diff(a), (3, 1)),
    "tril": (np.tril, (0, 3)),
    "trace": (np.trace, (0, 3)),
    "norm": (np.linalg.norm, (0,)),
    "broadcast_to": (lambda a: np.broadcast_to(a, (0, 3)), (1, 3)),
}


@pytest.mark.parametrize("name", EMPTY)
def test_arrays_of_nothing(name):
    call, *shapes = EMPTY[name]
    rng = np.random.default_rng(0)
    compare(call, [rng.uniform(0.5, 2, shape) for shape in shapes])


@pytest.mark.parametrize("seed", range(20))
def test_indexing_at_random(seed):
    """Slices, numbers, new axes and arrays of indices in any mixture."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 4, 5))

    def piece(n):
        kind = rng.integers(5)
        if kind == 0:
            return slice(*sorted(rng.integers(0, n + 1, 2)), int(rng.integers(1, 3)))
        if kind == 1:
            return slice(None, None, -int(rng.integers(1, 3)))
        if kind == 2:
            return int(rng.integers(-n, n))
        return rng.integers(-n, n, size=(2,)) if kind == 3 else slice(None)

    for _ in range(10):
        index = tuple(piece(n) for n in x.shape[: rng.integers(1, 4)])
        index = (*index, None) if rng.integers(2) else (..., *[piece(n) for n in x.shape[-len(index) :]])
        compare(lambda x, index=index: x[index] ** 2, [x])

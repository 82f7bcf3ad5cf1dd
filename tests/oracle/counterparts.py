"""What PyTorch has for each op: one function an op, called with the op's inputs and options.

A graph of ours is computed again by these functions (see replay.py), so PyTorch differentiates the same computation
by its own rules, once and twice.
"""

import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F

from tinygrad_reg.ops.indexing import ARRAY
from tinygrad_reg.ops.windows import row_padding, windows

# ---- helpers: NumPy's ways of naming axes and places


def over(reduce):
    """A reduction over the last axis, as one over any axes."""

    def reduction(x, axis=None, keepdims=False, **options):
        axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = [a % x.ndim for a in axes]
        others = [a for a in range(x.ndim) if a not in axes]
        lengths = [x.shape[a] for a in others]
        row = x.permute(others + axes).reshape([*lengths, math.prod(x.shape[a] for a in axes)])
        out = reduce(row, **options)
        return out.reshape([1 if a in axes else n for a, n in enumerate(x.shape)]) if keepdims else out

    return reduction


def along(function):
    """A function along one axis, as one along several or all."""

    def applied(x, axis=-1):
        axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = [a % x.ndim for a in axes]
        order = [a for a in range(x.ndim) if a not in axes] + axes
        moved = x.permute(order)
        row = moved.reshape([*moved.shape[: x.ndim - len(axes)], math.prod(x.shape[a] for a in axes)])
        return function(row).reshape(moved.shape).permute(sorted(range(x.ndim), key=order.__getitem__))

    return applied


def flat_if_none(function):
    """axis=None: along the flattened array."""
    return lambda x, axis=None: function(x.ravel(), 0) if axis is None or x.ndim == 0 else function(x, axis)


def rearranged(numpy_function):
    """A function that only moves, copies or picks elements, by the places that NumPy says they come from."""

    def moved(x, *arrays, **options):
        places = numpy_function(np.arange(x.numel()).reshape(x.shape), *arrays, **options)
        return torch.take(x, torch.tensor(np.array(places)))

    return moved


def indexed(x, *arrays, index):
    left = iter(arrays)
    return x[tuple(np.asarray(next(left)) if piece is ARRAY else piece for piece in index)]


def scattered(x, *arrays, index, shape):
    places = torch.tensor(indexed(np.arange(math.prod(shape)).reshape(shape), *arrays, index=index).copy())
    zeros = torch.zeros(math.prod(shape), dtype=x.dtype)
    return zeros.index_add(0, places.ravel(), x.expand(places.shape).ravel()).reshape(shape)


def taken(x, indices, axis=None):
    if axis is None:
        return torch.take(x, indices % x.numel())
    axis %= x.ndim
    picked = torch.index_select(x, axis, indices.ravel() % x.shape[axis])
    return picked.reshape([*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]])


def taken_along(x, indices, axis=-1):
    x, axis = (x.ravel(), 0) if axis is None else (x, axis)
    return torch.take_along_dim(x, indices % x.shape[axis], axis)


# ---- windows on images


def padded(x, grid, value=0.0):
    (top, bottom), (left, right) = grid.pads
    return F.pad(x, (left, right, top, bottom), value=value)


def cut_to(image, grid):
    """What is spread over a padded image, without the padding; windows may leave a rest of the image out."""
    (top, bottom), (left, right) = grid.pads
    missing = [n + sum(p) - m for n, p, m in zip(grid.size, grid.pads, image.shape[2:], strict=True)]
    image = F.pad(image, (0, missing[1], 0, missing[0]))
    return image[:, :, top : image.shape[2] - bottom, left : image.shape[3] - right]


def conv2d(x, w, stride=1, padding=0):
    grid = windows(x.shape[2:], w.shape[2:], stride, padding)
    return F.conv2d(padded(x, grid), w, stride=grid.strides)


def conv_transpose2d(y, w, stride=1, padding=0, size=None):
    whole = F.conv_transpose2d(y, w, stride=stride)
    if size is None:
        pads = windows((99, 99), w.shape[2:], stride, padding).pads
        size = [n - sum(p) for n, p in zip(whole.shape[2:], pads, strict=True)]
    return cut_to(whole, windows(size, w.shape[2:], stride, padding))


def conv2d_kernel(x, y, size, stride=1, padding=0):
    grid = windows(x.shape[2:], size, stride, padding)
    kernel = F.conv2d(padded(x, grid).transpose(0, 1), y.transpose(0, 1), dilation=grid.strides).transpose(0, 1)
    return kernel[:, :, : grid.window[0], : grid.window[1]]


def conv1d(x, w, stride=1, padding=0):
    return conv2d(x[:, :, None], w[:, :, None], (1, stride), row_padding(padding))[:, :, 0]


def pool2d(pool, edge):
    def pooled(x, size, stride=None, padding=0):
        grid = windows(x.shape[2:], size, size if stride is None else stride, padding)
        return pool(padded(x, grid, edge), grid.window, grid.strides)

    return pooled


def on_one_row(pooled):
    def pooled_row(x, size, stride=None, padding=0):
        stride = size if stride is None else stride
        return pooled(x[:, :, None], (1, size), (1, stride), row_padding(padding))[:, :, 0]

    return pooled_row


max_pool2d, avg_pool2d = pool2d(F.max_pool2d, -math.inf), pool2d(F.avg_pool2d, 0.0)


def spread_mean2d(x, image, size, stride=None, padding=0):
    grid = windows(image, size, size if stride is None else stride, padding)
    share = torch.full((x.shape[1], 1, *grid.window), 1 / math.prod(grid.window), dtype=x.dtype)
    return cut_to(F.conv_transpose2d(x, share, stride=grid.strides, groups=x.shape[1]), grid)


def fractional_max_pool2d(x, rows, columns, reach, overlapping=False):
    def ends(cuts):
        return [(int(a), int(b) + overlapping) for a, b in itertools.pairwise(cuts)]

    return torch.stack(
        [
            torch.stack([x[:, :, a:b, c:d].flatten(2).max(-1).values for c, d in ends(columns)], -1)
            for a, b in ends(rows)
        ],
        -2,
    )


# ---- products and matrices


def dot(x, y):
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    return torch.tensordot(x, y, ([-1], [-1 if y.ndim == 1 else -2]))


def inner(x, y):
    return x * y if x.ndim == 0 or y.ndim == 0 else torch.tensordot(x, y, ([-1], [-1]))


def tensordot(x, y, axes=2):
    if isinstance(axes, int):
        return torch.tensordot(x, y, axes)
    return torch.tensordot(x, y, [[a] if isinstance(a, int) else list(a) for a in axes])


def solve(x, y):
    vector = y.ndim == 1
    y = y[:, None] if vector else y
    batch = torch.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    z = torch.linalg.solve(x.expand(*batch, *x.shape[-2:]), y.expand(*batch, *y.shape[-2:]))
    return z[..., 0] if vector else z


def triangle(function):
    return lambda x, k=0: function(x.expand(x.shape[0], x.shape[0]) if x.ndim == 1 else x, k)


def joined(xs, axis):
    return torch.cat([x.ravel() for x in xs]) if axis is None else torch.cat(xs, axis)


def repeated(x, repeats, axis=None):
    x, axis = (x.ravel(), 0) if axis is None else (x, axis)
    return torch.repeat_interleave(x, torch.as_tensor(np.broadcast_to(repeats, x.shape[axis]).copy()), axis)


def pad(x, pad_width, mode="constant", constant_values=0):
    if mode != "constant":
        return rearranged(np.pad)(x, pad_width=pad_width, mode=mode)
    widths = np.broadcast_to(pad_width, (x.ndim, 2))[::-1]
    return F.pad(x, tuple(int(n) for n in widths.ravel()), value=float(constant_values))


def whole(x, axis=None):
    return torch.flip(x, tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,))


def squeezed(x, axis=None):
    return torch.squeeze(x) if axis is None else torch.squeeze(x, axis)


def sloped(x, slope):
    """x above 0, slope · x elsewhere; the `where` inside keeps the part that is not chosen from giving 0 · ∞."""
    return torch.where(x > 0, x, torch.where(x > 0, 0.0, slope) * torch.where(x > 0, 0.0, x))


def grown(x, axis):
    return x.reshape(np.expand_dims(np.empty(x.shape), axis).shape)


_SAME_NAME = [
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "logaddexp2", "square", "sqrt",
    "reciprocal", "hypot", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "deg2rad", "rad2deg",
    "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "maximum", "minimum", "abs", "copysign", "sign",
    "floor", "ceil", "trunc", "remainder", "fmod", "where", "nan_to_num", "add", "subtract", "multiply", "divide",
    "negative", "positive", "matmul", "ravel", "fliplr", "flipud", "relu", "sigmoid",
]  # fmt: skip

COUNTERPARTS = {
    **{name: getattr(torch, name) for name in _SAME_NAME},
    # arithmetic and elementary
    "power": torch.pow,
    "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
    "rint": torch.round,
    "round": lambda x, decimals=0: torch.round(x, decimals=decimals),
    "floor_divide": lambda x, y: torch.div(x, y, rounding_mode="floor"),
    "clip": torch.clamp,
    "astype": lambda x, dtype: x.to(getattr(torch, np.dtype(dtype).name)),
    # activations
    "leaky_relu": lambda x, alpha=0.01: F.leaky_relu(x, alpha),
    "prelu": sloped,
    "rrelu": sloped,
    "elu": lambda x, alpha=1.0: F.elu(x, alpha),
    "selu": F.selu,
    "normal_cdf": torch.special.ndtr,
    "gelu": lambda x, approximate="none": F.gelu(x, approximate=approximate),
    "silu": F.silu,
    "softplus": lambda x: F.softplus(x, threshold=50),
    "softmax": along(lambda x: F.softmax(x, -1)),
    "log_softmax": along(lambda x: F.log_softmax(x, -1)),
    # reductions
    "sum": over(lambda x: torch.sum(x, -1)),
    "sum_of_squares": lambda x: (x * x).sum(),
    "mean": over(lambda x: torch.mean(x, -1)),
    "var": over(lambda x, ddof=0: torch.var(x, -1, correction=ddof)),
    "standardize": lambda x, axis=0, epsilon=0.0: (
        (x - x.mean(axis, keepdim=True)) / torch.sqrt(x.var(axis, correction=0, keepdim=True) + epsilon)
    ),
    "std": over(lambda x, ddof=0: torch.std(x, -1, correction=ddof)),
    "prod": over(lambda x: torch.prod(x, -1)),
    "max": over(lambda x: torch.amax(x, -1)),
    "min": over(lambda x: torch.amin(x, -1)),
    "logsumexp": over(lambda x: torch.logsumexp(x, -1)),
    "median": over(lambda x: torch.quantile(x, 0.5, -1)),
    # shapes
    "reshape": lambda x, shape: x.reshape(shape),
    "flatten": torch.ravel,
    "expand_dims": grown,
    "squeeze": squeezed,
    "transpose": lambda x, axes=None: x.permute(tuple(range(x.ndim))[::-1] if axes is None else tuple(axes)),
    "swapaxes": lambda x, axis1, axis2: torch.swapaxes(x, axis1, axis2),
    "moveaxis": lambda x, source, destination: torch.moveaxis(x, source, destination),
    "flip": whole,
    "rot90": lambda x, k=1, axes=(0, 1): torch.rot90(x, k, axes),
    "roll": lambda x, shift, axis=None: torch.roll(x, shift, axis),
    "copy": torch.clone,
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
    "concatenate": lambda *xs, axis=0: joined(xs, axis),
    "stack": lambda *xs, axis=0: torch.stack(xs, axis),
    "repeat": repeated,
    "tile": lambda x, reps: torch.tile(x, (reps,) if isinstance(reps, int) else tuple(reps)),
    "pad": pad,
    # picking
    "getitem": lambda x, *arrays, index: rearranged(indexed)(x, *arrays, index=index),
    "scatter_add": scattered,
    "take": taken,
    "take_along_axis": taken_along,
    "sigmoid_crossentropy": lambda z, y: F.binary_cross_entropy_with_logits(
        *torch.broadcast_tensors(z, y), reduction="none"
    ),
    "softmax_crossentropy": lambda z, labels, mean=False: F.cross_entropy(
        z.reshape(-1, z.shape[-1]), labels.ravel(), reduction="mean" if mean else "none"
    ).reshape(() if mean else labels.shape),
    # in order, and along diagonals
    "cumsum": flat_if_none(torch.cumsum),
    "cumprod": flat_if_none(torch.cumprod),
    "diff": lambda x, n=1, axis=-1: torch.diff(x, n=n, dim=axis),
    "sort": lambda x, axis=-1: torch.sort(x.ravel() if axis is None else x, -1 if axis is None else axis).values,
    "diagonal": lambda x, offset=0, axis1=0, axis2=1: torch.diagonal(x, offset, axis1, axis2),
    "diag": lambda x, k=0: torch.diag(x, k),
    "trace": lambda x, offset=0, axis1=0, axis2=1: torch.diagonal(x, offset, axis1, axis2).sum(-1),
    "tril": triangle(torch.tril),
    "triu": triangle(torch.triu),
    # products and matrices
    "affine": lambda x, w, b: F.linear(x, w.T, b),
    "dot": dot,
    "inner": inner,
    "outer": lambda x, y: torch.outer(x.ravel(), y.ravel()),
    "vdot": lambda x, y: torch.vdot(x.ravel(), y.ravel()),
    "tensordot": tensordot,
    "einsum": lambda *xs, subscripts: torch.einsum(subscripts, *xs),
    "norm": lambda x, ord=None, axis=None, keepdims=False: torch.linalg.norm(x, ord, axis, keepdims),
    "inv": torch.linalg.inv,
    "solve": solve,
    "pinv": lambda x, rcond=None: torch.linalg.pinv(x),
    "det": torch.linalg.det,
    "cofactors": lambda x: torch.linalg.det(x)[..., None, None] * torch.linalg.inv(x).mT,
    "logabsdet": lambda x: torch.linalg.slogdet(x)[1],
    "cholesky": lambda x, upper=False: torch.linalg.cholesky(x).mT if upper else torch.linalg.cholesky(x),
    # windows
    "conv2d": conv2d,
    "conv_transpose2d": conv_transpose2d,
    "conv2d_kernel": conv2d_kernel,
    "conv1d": conv1d,
    "max_pool2d": max_pool2d,
    "avg_pool2d": avg_pool2d,
    "max_pool1d": on_one_row(max_pool2d),
    "avg_pool1d": on_one_row(avg_pool2d),
    "spread_mean2d": spread_mean2d,
    "fractional_max_pool2d": fractional_max_pool2d,
    "floored_log": lambda p: torch.clamp(torch.log(p), min=-100.0),
}

_DRAWN = "drawn at random: compared with distributions in tests/ops/test_random.py"
NO_COUNTERPART = dict.fromkeys(["uniform", "normal", "bernoulli", "region_boundaries"], _DRAWN)

"""Cases of ops/convolution.py; the values are computed term by term, as the definition says."""

import numpy as np

from tinygrad_reg.ops import conv1d, conv2d, conv2d_kernel, conv_transpose2d

from .case import Case, numbers


def padded(x, pads):
    return np.pad(x, [(0, 0)] * (x.ndim - len(pads)) + list(pads))


def places(x, kernel, strides):
    """Where windows lie on x, and what they show: (row, column, window)."""
    for r, top in enumerate(range(0, x.shape[2] - kernel[0] + 1, strides[0])):
        for c, left in enumerate(range(0, x.shape[3] - kernel[1] + 1, strides[1])):
            yield r, c, np.s_[:, :, top : top + kernel[0], left : left + kernel[1]]


def by_definition(x, w, strides, pads):
    x = padded(x, pads)
    terms = {(r, c): np.einsum("nihw,oihw->no", x[at], w) for r, c, at in places(x, w.shape[2:], strides)}
    rows, columns = (1 + max(p[axis] for p in terms) for axis in (0, 1))
    return np.array([[terms[r, c] for c in range(columns)] for r in range(rows)]).transpose(2, 3, 0, 1)


def kernel_by_definition(x, y, size, strides, pads):
    x = padded(x, pads)
    return sum(np.einsum("nihw,no->oihw", x[at], y[:, :, r, c]) for r, c, at in places(x, size, strides))


def spread_by_definition(y, w, size, strides, pads):
    out = padded(np.zeros((len(y), w.shape[1], *size)), pads)
    for r, c, at in places(out, w.shape[2:], strides):
        out[at] += np.einsum("no,oihw->nihw", y[:, :, r, c], w)
    (top, _), (left, _) = pads
    return out[:, :, top : top + size[0], left : left + size[1]]


NONE, ONE = ((0, 0), (0, 0)), ((1, 1), (1, 1))
x = numbers(2, 2, 4, 5)

CASES = [
    *(
        Case(
            "conv2d",
            lambda x, w, options=options: conv2d(x, w, **options),
            (x, numbers(2, 2, *kernel, seed=1)),
            value=lambda x, w, strides=strides, pads=pads: by_definition(x, w, strides, pads),
            note="-".join(f"{k}={v}".replace(" ", "") for k, v in options.items()),
        )
        for kernel, options, strides, pads in [
            ((2, 2), {}, (1, 1), NONE),
            ((1, 1), {}, (1, 1), NONE),
            ((3, 2), {"stride": 2, "padding": 1}, (2, 2), ONE),
            ((2, 3), {"stride": (1, 2), "padding": (0, 1)}, (1, 2), ((0, 0), (1, 1))),
            ((3, 1), {"stride": (3, 2), "padding": ((0, 1), (2, 0))}, (3, 2), ((0, 1), (2, 0))),
            ((1, 2), {"padding": 2}, (1, 1), ((2, 2), (2, 2))),
            ((3, 2), {"padding": ((1, 2), (1, 0))}, (1, 1), ((1, 2), (1, 0))),
            ((3, 2), {"padding": ((1, 0), (0, 2))}, (1, 1), ((1, 0), (0, 2))),
            ((1, 2), {"stride": (3, 1)}, (3, 1), NONE),
            ((1, 2), {"stride": (3, 4)}, (3, 4), NONE),
            ((2, 3), {"padding": "same"}, (1, 1), ((0, 1), (1, 1))),
            ((3, 3), {"padding": "same", "stride": 2}, (2, 2), ((0, 1), (1, 1))),
        ]
    ),
    *(
        Case(
            "conv_transpose2d",
            lambda y, w, options=options: conv_transpose2d(y, w, **options),
            (numbers(2, 2, 2, 3), numbers(2, 3, *kernel, seed=1)),
            value=lambda y, w, facts=facts: spread_by_definition(y, w, *facts),
            note="-".join(f"{k}={v}".replace(" ", "") for k, v in options.items()),
        )
        for kernel, options, facts in [
            ((2, 3), {}, ((3, 5), (1, 1), NONE)),
            ((1, 2), {"padding": ((1, 0), (0, 1))}, ((1, 3), (1, 1), ((1, 0), (0, 1)))),
            ((3, 2), {"stride": 2, "padding": 1}, ((3, 4), (2, 2), ONE)),
            ((2, 2), {"stride": (2, 3), "size": (5, 9)}, ((5, 9), (2, 3), NONE)),
        ]
    ),
    *(
        Case(
            "conv2d_kernel",
            lambda x, y, options=options: conv2d_kernel(x, y, **options),
            (x, numbers(2, 3, *y_size, seed=1)),
            value=lambda x, y, facts=facts: kernel_by_definition(x, y, *facts),
        )
        for y_size, options, facts in [
            ((3, 4), {"size": 2}, ((2, 2), (1, 1), NONE)),
            ((2, 3), {"size": (3, 2), "stride": 2, "padding": 1}, ((3, 2), (2, 2), ONE)),
        ]
    ),
    *(
        Case(
            "conv1d",
            lambda x, w, options=options: conv1d(x, w, **options),
            (numbers(2, 2, 5), numbers(3, 2, 3, seed=1)),
            value=lambda x, w, stride=stride, pads=pads: by_definition(
                x[:, :, None], w[:, :, None], (1, stride), ((0, 0), pads)
            )[:, :, 0],
            note="-".join(f"{k}={v}".replace(" ", "") for k, v in options.items()),
        )
        for options, stride, pads in [
            ({}, 1, (0, 0)),
            ({"stride": 2, "padding": 1}, 2, (1, 1)),
            ({"padding": (2, 0)}, 1, (2, 0)),
            ({"padding": "same", "stride": 2}, 2, (1, 1)),
        ]
    ),
]

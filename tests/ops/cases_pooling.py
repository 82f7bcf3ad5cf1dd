"""Cases of ops/pooling.py: squared, so that second derivatives are not 0; values from loops over the windows."""

import numpy as np

from tinygrad_reg.ops import avg_pool1d, avg_pool2d, fractional_max_pool2d, max_pool1d, max_pool2d, spread_mean2d

from .case import Case, numbers


def pooled(x, reduce, size, stride, pads=((0, 0), (0, 0)), fill=0.0):
    x = np.pad(x, [(0, 0), (0, 0), *pads], constant_values=fill)
    rows, columns = (range(0, n - k + 1, s) for n, k, s in zip(x.shape[2:], size, stride, strict=True))
    windows = [[reduce(x[:, :, r : r + size[0], c : c + size[1]], axis=(2, 3)) for c in columns] for r in rows]
    return np.array(windows).transpose(2, 3, 0, 1)


def regions(x, rows, columns, overlap):
    ends = [[b + overlap for b in cuts[1:]] for cuts in (rows, columns)]
    return np.array(
        [
            [x[:, :, r:s, c:d].max((2, 3)) for c, d in zip(columns, ends[1], strict=False)]
            for r, s in zip(rows, ends[0], strict=False)
        ]
    ).transpose(2, 3, 0, 1)


def spread(x, image, size, stride):
    out = np.zeros((*x.shape[:2], *image))
    for r in range(x.shape[2]):
        for c in range(x.shape[3]):
            top, left = r * stride[0], c * stride[1]
            out[:, :, top : top + size[0], left : left + size[1]] += x[:, :, r, c, None, None] / (size[0] * size[1])
    return out


def note(options):
    return "-".join(f"{k}={v}".replace(" ", "") for k, v in options.items())


x, sequences = numbers(2, 2, 5, 6), numbers(2, 2, 7)
BOUNDARIES = [0, 3, 4, 5], [0, 1, 3, 4, 6]  # regions of up to 3 rows and 2 columns

CASES = [
    *(
        Case(
            op.name,
            lambda x, op=op, options=options: op(x, **options) ** 3,
            (x,),
            value=lambda x, reduce=reduce, facts=facts, fill=fill: pooled(x, reduce, *facts, fill=fill) ** 3,
            note=note(options),
        )
        for op, reduce, fill in [(max_pool2d, np.max, -np.inf), (avg_pool2d, np.mean, 0.0)]
        for options, facts in [
            ({"size": 2}, ((2, 2), (2, 2))),
            ({"size": (3, 1)}, ((3, 1), (3, 1))),
            ({"size": 2, "stride": 1}, ((2, 2), (1, 1))),
            ({"size": (2, 3), "stride": (1, 2), "padding": 1}, ((2, 3), (1, 2), ((1, 1), (1, 1)))),
            ({"size": 3, "stride": 2, "padding": "same"}, ((3, 3), (2, 2), ((1, 1), (0, 1)))),
            ({"size": 2, "padding": ((0, 1), (1, 0))}, ((2, 2), (2, 2), ((0, 1), (1, 0)))),
        ]
    ),
    *(
        Case(
            op.name,
            lambda x, op=op, options=options: op(x, **options) ** 3,
            (sequences,),
            value=lambda x, reduce=reduce, facts=facts, fill=fill: (
                pooled(x[:, :, None], reduce, *facts, fill=fill)[:, :, 0] ** 3
            ),
            note=note(options),
        )
        for op, reduce, fill in [(max_pool1d, np.max, -np.inf), (avg_pool1d, np.mean, 0.0)]
        for options, facts in [
            ({"size": 2}, ((1, 2), (1, 2))),
            ({"size": 3, "stride": 1, "padding": (0, 1)}, ((1, 3), (1, 1), ((0, 0), (0, 1)))),
        ]
    ),
    Case(
        "spread_mean2d",
        lambda x: spread_mean2d(x, image=(7, 8), size=(3, 2), stride=(1, 1)) ** 3,
        (numbers(2, 2, 5, 7),),
        value=lambda x: spread(x, (7, 8), (3, 2), (1, 1)) ** 3,
    ),
    *(
        Case(
            "fractional_max_pool2d",
            lambda x, o=overlapping: fractional_max_pool2d(x, boundaries=BOUNDARIES, overlapping=o) ** 3,
            (x,),
            value=lambda x, o=overlapping: regions(x, *BOUNDARIES, int(o)) ** 3,
            note="overlapping" if overlapping else "",
        )
        for overlapping in (False, True)
    ),
]

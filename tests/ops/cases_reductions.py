"""Cases of ops/reductions.py."""

import numpy as np

import tinygrad_reg as tg

from .case import Case, numbers

x, cube, number = numbers(3, 4), numbers(2, 3, 4, seed=1), np.array(1.5)
some_zeros = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [0.0, 0.0, 0.0], [1.5, -2.0, 0.5]])
KEPT = {"keepdims": True}
WAYS = [{}, {"axis": 0}, {"axis": -1} | KEPT, {"axis": (0, -1)}, {"axis": (2, 1)} | KEPT, {"axis": ()}]


def note(way):
    return ",".join(f"{key}={value}" for key, value in way.items())


def logsumexp(a, axis=None, keepdims=False):
    return np.log(np.sum(np.exp(a), axis=axis, keepdims=keepdims))


def standardized(a, axis=0, epsilon=0.0):
    return (a - np.mean(a, axis=axis, keepdims=True)) / np.sqrt(np.var(a, axis=axis, keepdims=True) + epsilon)


def _applied(function, **way):
    return lambda a: function(a, **way)


FUNCTIONS = {f.__name__: f for f in (np.sum, np.mean, np.var, np.std, np.prod, np.max, np.min)}

CASES = [
    *(
        Case(op, _applied(function, **way), (cube,), value=_applied(function, **way), note=note(way))
        for op, function in FUNCTIONS.items()
        for way in WAYS
        if not (op == "std" and way.get("axis") == ())  # one number has no spread: a kink
    ),
    *(
        Case(op, _applied(function), (number,), value=_applied(function))
        for op, function in FUNCTIONS.items()
        if op != "std"
    ),
    *(
        Case(op, _applied(FUNCTIONS[op], **way), (x,), value=_applied(FUNCTIONS[op], **way), note=note(way))
        for op in ("var", "std")
        for way in [{"ddof": 1}, {"axis": 0, "ddof": 1}, {"axis": 1, "ddof": 0.5, "keepdims": True}]
    ),
    Case("sum_of_squares", tg.ops.sum_of_squares, (cube,), value=lambda a: np.sum(a**2)),
    *(
        Case(
            "standardize",
            _applied(tg.ops.standardize, **way),
            (cube,),
            value=_applied(standardized, **way),
            note=note(way),
        )
        for way in [{}, {"axis": (0, 2)}, {"axis": -1, "epsilon": 0.5}]
    ),
    *(
        Case("prod", _applied(np.prod, **way), (some_zeros,), value=_applied(np.prod, **way), note=f"zeros,{note(way)}")
        for way in [{}, {"axis": 0}, {"axis": 1}, {"axis": -1, "keepdims": True}]
    ),
    *(
        Case("logsumexp", _applied(tg.ops.logsumexp, **way), (cube,), value=_applied(logsumexp, **way), note=note(way))
        for way in WAYS
    ),
    Case("logsumexp", tg.ops.logsumexp, (number,), value=logsumexp),
    Case("max", lambda a: np.ptp(a, axis=1), (x,), value=lambda a: np.ptp(a, axis=1), note="ptp"),
    *(
        Case("sum", average, inputs, value=average, note="average")
        for average, inputs in [
            (lambda a, w: np.average(a, weights=w), (x, np.abs(x) + 1)),
            (lambda a, w: np.average(a, axis=1, weights=w), (cube, np.array([1.0, 2.0, 0.5]))),
            (lambda a, w: np.average(a, axis=-1, weights=w, keepdims=True), (x, np.array([1.0, 2.0, 0.5, 1.0]))),
        ]
    ),
]

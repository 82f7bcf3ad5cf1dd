"""Questions about values: comparisons, argmax, isnan, shape. The answers are plain arrays and carry no gradient."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..captured import Captured
from ..methods import attach
from ..modes import ERROR_STATE, IGNORE, modes
from ..primitive import numpy_rules, questions
from ..tensor import Tensor, describe, values

questions.update(
    # is it so, for each element
    [np.isnan, np.isinf, np.isfinite, np.isposinf, np.isneginf, np.signbit, np.isclose, np.isin],
    [np.isreal, np.iscomplex, np.logical_and, np.logical_or, np.logical_xor, np.logical_not],
    # is it so at all
    [np.any, np.all, np.allclose, np.array_equal, np.array_equiv, np.iscomplexobj, np.isrealobj],
    [np.may_share_memory, np.shares_memory],
    # which, where and how many
    [np.argmax, np.argmin, np.argsort, np.argpartition, np.nanargmax, np.nanargmin, np.lexsort],
    [np.where, np.nonzero, np.flatnonzero, np.argwhere, np.count_nonzero, np.searchsorted, np.digitize, np.bincount],
    [np.histogram, np.histogram2d, np.histogramdd, np.histogram_bin_edges],
    [np.tril_indices_from, np.triu_indices_from, np.diag_indices_from],
    # what it looks like
    [np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.min_scalar_type, np.common_type],
    [np.zeros_like, np.ones_like, np.full_like, np.empty_like],
    [np.array_repr, np.array_str, np.array2string],
)


def _method(ask: Callable[..., Any]) -> Callable[..., Any]:
    def method(x: Any, *args: Any, **options: Any) -> Any:
        if "dim" in options:
            raise TypeError(f"{ask.__name__} has no option dim=; it takes axis=")
        return ask(x.data, *args, **options)

    return method


for _function in (np.argmax, np.argmin, np.argsort, np.any, np.all, np.nonzero):
    attach(_method(_function), _function.__name__)


def _without_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """What answers with some of the values themselves, and so would lose a gradient."""

    def answer(*inputs: Any, **options: Any) -> Any:
        for x in (*inputs, *options.values()):
            if isinstance(x, Tensor) and x._requires_grad and modes.recording:
                raise TypeError(
                    f"np.{function.__name__} gives values of {describe(x)}, which requires a gradient, without one; "
                    "write t[np.unique(t.numpy(), return_index=True)[1]] for the same values with it, or take "
                    "t.numpy() if none should flow"
                )
        return function(*map(values, inputs), **{name: values(value) for name, value in options.items()})

    return answer


for _unique in (np.unique, np.unique_values, np.unique_counts, np.unique_inverse, np.unique_all):
    numpy_rules[_unique] = _without_gradient(_unique)


def _plain(x: Any, beside: Any) -> Any:
    """The values, to be compared with what is `beside` them.

    A single number is as weak as Python's are, so NumPy's 0.1 equals the 0.1 of a float32 tensor.
    """
    if isinstance(x, Tensor):
        return x._values()
    if isinstance(x, Captured):  # which gives no number away
        return x.astype(beside.dtype) if not np.shape(x) and beside.dtype.kind == "f" else x
    # NumPy hands its scalars on as arrays without axes when they stand on the left.
    return x.item() if isinstance(x, (np.generic, np.ndarray)) and not x.shape else x


def _comparison(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def answer(x: Any, y: Any) -> Any:
        errors = ERROR_STATE.get()
        try:
            ERROR_STATE.set(IGNORE)  # 1e300 is inf among float32 numbers
            return compare(_plain(x, y), _plain(y, x))
        except ValueError as error:
            raise ValueError(f"can't compare {describe(x)} with {describe(y)}: {error}") from None
        except TypeError:
            raise TypeError(f"can't compare {describe(x)} with {describe(y)}: both must be real numbers") from None
        except OverflowError:
            raise OverflowError(f"can't compare {describe(x)} with {describe(y)}, which is too large") from None
        finally:
            ERROR_STATE.set(errors)

    return answer


for _ufunc, _name in {
    np.equal: "eq",
    np.not_equal: "ne",
    np.less: "lt",
    np.less_equal: "le",
    np.greater: "gt",
    np.greater_equal: "ge",
}.items():
    numpy_rules[_ufunc] = _comparison(getattr(operator, _name))
    attach(numpy_rules[_ufunc], f"__{_name}__")


def _contains(x: Any, value: Any) -> bool:
    """value in t: whether an element is equal to it"""
    return bool(np.any(numpy_rules[np.equal](x, value)))


attach(_contains, "__contains__")

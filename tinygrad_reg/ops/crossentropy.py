"""What cross-entropies are made of: softmax and logarithm in one, and a logarithm that stays finite."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..modes import default_dtype
from ..primitive import primitive
from ..sums import ones, product, sum_rows
from .activations import sigmoid, softmax


@primitive(
    reuses=True, sums=True, text="−ln softmax(z)[labels]", symbol="−ln softmax [y]",
    why="Softmax and logarithm together leave the plainest of slopes: the probability given to a class, minus 1 if it "
    "is the true one.",
)  # fmt: skip
def softmax_crossentropy(z: Any, labels: Any, *, mean: bool = False) -> Any:
    """−ln softmax(z)[y]: what a classifier with logits z (classes last) pays for each label y, or the mean of it"""
    labels = _labels(labels)
    if labels.shape != z.shape[:-1] or not z.shape or not z.shape[-1]:
        raise ValueError("z must hold the classes on its last axis, and labels be one for each row of it")
    if labels.dtype.kind not in "iu":
        raise TypeError("labels must be whole numbers")  # True and False would pick rows, as a mask does
    if z.dtype.kind != "f":
        z = z.astype(default_dtype())
    rows = (positions if labels.size < MANY_PLACES else positions.__wrapped__)(labels.shape)
    shifted = z - _largest(z, rows)
    e = np.exp(shifted)
    total = product(e, ones(z.shape[-1], e.dtype))  # the sums of short rows, in a tenth of the time of np.add.reduce
    of_labels = (*rows, labels)
    true = _onehot(of_labels, e)
    each = np.log(total) - shifted[of_labels]
    return (_mean(each) if mean else each), (e, total[..., None], true)


@softmax_crossentropy.derivative("softmax(z) − onehot(labels)", how="G (or G/n) of each sample ⊙ local")
def _(g, out, z, labels, *, mean=False, parts):
    labels = _labels(labels)
    if parts is None:
        p, classes = softmax(z), np.arange(z.shape[-1])
        column = labels[..., None]
        true = (column == classes) | (column == classes - z.shape[-1])  # −1 is the last class, as it is to an index
    else:
        e, total, true = parts
        p = e / total
    p -= true
    p *= g / labels.size if mean else g[..., None]
    return p


softmax_crossentropy.no_derivative()


def _largest(z: Any, rows: tuple[np.ndarray, ...]) -> Any:
    """The largest number of each row, as a column: where it stands is found in a fifth of the time of which it is."""
    if type(z) is np.ndarray:
        return z[(*rows, z.argmax(-1))][..., None]
    return np.maximum.reduce(z, axis=-1, keepdims=True)


def _onehot(of_labels: tuple[Any, ...], e: Any) -> Any:
    """1 at each label, 0 elsewhere, in the shape and dtype of e."""
    if type(e) is np.ndarray and e.shape[-1] <= _FEW_CLASSES and of_labels[-1].dtype.char not in "LQ":  # for NumPy 2.0
        return unit_vectors(e.shape[-1], e.dtype).take(of_labels[-1], axis=0)
    true = np.zeros_like(e)
    true[of_labels] = 1
    return true


def _mean(each: Any) -> Any:
    return (sum_rows(each) if each.ndim == 1 else np.add.reduce(each, axis=None)) / each.size


def _labels(labels: Any) -> Any:
    """Python's number, the label of a single sample, as an array."""
    return np.asarray(labels) if isinstance(labels, int) else labels


@primitive(
    floats=True, elementwise=True, text="ln(1 + e^z) − y · z",
    why="Sigmoid and logarithm together leave the plainest of slopes: the probability minus the truth.",
)  # fmt: skip
def sigmoid_crossentropy(z: Any, y: Any) -> Any:
    """ln(1 + e^z) − y·z: what a classifier of two classes with logit z pays where y is the probability of the one"""
    # What z costs by its sign is 0 where that is right, and the small rest keeps its digits.
    return np.maximum(z, 0) * (1 - y) + np.maximum(-z, 0) * y + np.log1p(np.exp(-np.abs(z)))


@sigmoid_crossentropy.derivative("σ(z) − y")
def _(g, out, z, y):
    return g * (sigmoid(z) - y)


@sigmoid_crossentropy.derivative("−z")
def _(g, out, z, y):
    return -g * z


@primitive(
    elementwise=True, text="max(ln p, −100)", symbol="ln",
    why="The derivative of a logarithm is one over its argument: the less probable the truth, the stronger the push.",
)  # fmt: skip
def floored_log(p: Any) -> Any:
    """max(ln p, −100): the logarithm in a cross-entropy, finite where a probability is 0"""
    return np.maximum(np.log(p), -100.0)


@floored_log.derivative("1/max(p, 10⁻¹²)")
def _(g, out, p):
    least = 1e-12 if out.dtype.itemsize > 2 else 2.0**-14  # float16 has no 10⁻¹²
    return g / np.maximum(p, least)  # finite at 0 and, as PyTorch's, still pointing away from it


MANY_PLACES = 2**16  # index arrays over so many are not kept at hand


@functools.lru_cache(maxsize=16)
def positions(shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Index arrays that run over all places of this shape."""
    return tuple(np.ogrid[tuple(map(slice, shape))]) if shape else ()


_FEW_CLASSES = 256  # whose unit vectors are kept at hand


@functools.lru_cache(maxsize=16)
def unit_vectors(n: int, dtype: Any) -> np.ndarray:
    """The one-hot vectors of n classes, one a row."""
    return np.eye(n, dtype=dtype)  # of which rows are taken, as copies

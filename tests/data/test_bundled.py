"""The sets that scikit-learn brings along."""

import importlib

import numpy as np
import pytest

from tinygrad_reg import data

SHAPES = {"digits": (1797, 64, 10), "breast_cancer": (569, 30, 2), "wine": (178, 13, 3), "iris": (150, 4, 3)}


@pytest.mark.parametrize("name", SHAPES)
def test_classification_sets(name):
    samples, features, classes = SHAPES[name]
    x, y = getattr(data, name)()
    assert x.shape == (samples, features) and np.isfinite(x).all()
    assert y.shape == (samples,) and y.dtype.kind == "i" and set(y) == set(range(classes))


def test_digits_as_images_and_diabetes_as_a_column():
    x, y = data.digits(images=True)
    assert x.shape == (1797, 1, 8, 8) and (x.min(), x.max()) == (0, 1)
    assert np.array_equal(x.reshape(1797, 64), data.digits()[0])
    x, y = data.diabetes()
    assert x.shape == (442, 10) and y.shape == (442, 1) and y.dtype == np.float64


def test_without_scikit_learn_the_message_says_how_to_get_it(monkeypatch):
    def missing(name):
        raise ImportError(f"No module named '{name}'")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad_reg\[data\]'"):
        data.iris()

"""Real data sets that need no download: those that scikit-learn brings along.

| set | samples | features | target |
|---|---|---|---|
| digits | 1797 | 64 pixels of 8 × 8, in [0, 1] | 10 digits |
| breast_cancer | 569 | 30 measures of cell nuclei | malignant 0, benign 1 |
| wine | 178 | 13 chemical measures | 3 cultivars |
| iris | 150 | 4 lengths of leaves | 3 species |
| diabetes | 442 | 10 body measures, standardised | progress of the disease, a number |
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ..answers.calls import answered


@answered
def digits(*, images: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits: x (1797, 64), or (1797, 1, 8, 8) with images=True, pixels from 0 to 1; labels 0 to 9."""
    x, y = _loaded("digits")
    x = x / 16.0
    return (x.reshape(-1, 1, 8, 8) if images else x), y


@answered
def breast_cancer() -> tuple[np.ndarray, np.ndarray]:
    """Tumours: x (569, 30), not standardised; labels 0 malignant, 1 benign."""
    return _loaded("breast_cancer")


@answered
def wine() -> tuple[np.ndarray, np.ndarray]:
    """Wines: x (178, 13), not standardised; labels 0 to 2."""
    return _loaded("wine")


@answered
def iris() -> tuple[np.ndarray, np.ndarray]:
    """Irises: x (150, 4); labels 0 to 2."""
    return _loaded("iris")


@answered
def diabetes() -> tuple[np.ndarray, np.ndarray]:
    """Patients: x (442, 10), standardised by its publishers; targets (442, 1), to go with a model of one output."""
    x, y = _loaded("diabetes")
    return x, y.astype(np.float64).reshape(-1, 1)


def _loaded(name: str) -> tuple[np.ndarray, np.ndarray]:
    try:
        datasets: Any = importlib.import_module("sklearn.datasets")
    except ImportError as error:
        raise ImportError(
            f"the set '{name}' comes with scikit-learn, which is not installed: pip install 'tinygrad_reg[data]'"
        ) from error
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return x, y

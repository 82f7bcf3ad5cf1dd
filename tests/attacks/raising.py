"""A plugin for pytest: every test runs while NumPy raises where it would warn.

python -m pytest -p tests.attacks.raising
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

# Tests that compute with plain NumPy themselves, where it may complain.
LEFT_OUT = {
    "test_norms_whose_square_is_out_of_range[float64]": "numbers of 1e-300 are compared",
    "test_the_page_gives_the_same_bits[adam-float16]": "a printed program runs as the user's own NumPy does",
    "test_the_page_gives_the_same_bits[adam inside the root-float16]": "the same",
    "test_the_page_gives_the_same_bits[adamw-float16]": "the same",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[Any]) -> None:
    """Leave them out."""
    config.hook.pytest_deselected(items=[item for item in items if item.name in LEFT_OUT])
    items[:] = [item for item in items if item.name not in LEFT_OUT]


@pytest.fixture(autouse=True)
def numpy_raises() -> Iterator[None]:
    """For the time of a test."""
    with np.errstate(all="raise"):
        yield

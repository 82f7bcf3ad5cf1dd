"""What tests at kinks and limits ask for: an overflow, a division by 0 or a NaN that NumPy would warn of raises."""

import numpy as np
import pytest


@pytest.fixture
def every_floating_point_error_raises():
    with np.errstate(all="raise"):
        yield

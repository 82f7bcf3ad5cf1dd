"""Every op against PyTorch: values, first and second derivatives, in float64 and float32."""

import pytest

from tests.ops.test_ops import CASES, every_case
from tinygrad_reg.primitive import registry

from .counterparts import COUNTERPARTS, NO_COUNTERPART
from .replay import compare


def test_every_op_has_a_counterpart_or_a_reason():
    house = {name for name, op in registry.items() if op.__module__.startswith("tinygrad_reg.")}
    assert house == COUNTERPARTS.keys() | NO_COUNTERPART.keys()
    assert not COUNTERPARTS.keys() & NO_COUNTERPART.keys()
    assert {name for name in house if name not in {case.op for case in CASES}} == set(NO_COUNTERPART)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@every_case
def test_cases(case, dtype):
    assert compare(case.call, case.inputs, dtype, case.order) > 0

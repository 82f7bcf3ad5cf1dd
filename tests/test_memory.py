"""Memory that a step has freed is there for the next one; what stays lies where processors read it fastest."""

import gc
import platform
import subprocess
import sys

import numpy as np
import pytest

import tinygrad_reg as tg
from tinygrad_reg import memory
from tinygrad_reg.memory import aligned, is_moved

COUNT_PAGE_FAULTS = """
import resource
import numpy as np
{}
def step():
    [np.ones(2**14) for _ in range(20)]

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

step()
before = faults()
for _ in range(50):
    step()
print(faults() - before)
"""


def page_faults(first: str) -> int:
    script = COUNT_PAGE_FAULTS.format(first)
    return int(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep freed memory as they see fit")
def test_a_step_gets_the_memory_that_the_last_one_freed():
    assert page_faults("import tinygrad_reg") < 0.1 * page_faults("")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, bool])
@pytest.mark.parametrize("shape", [(), (0,), (7,), (33, 5)])
def test_arrays_that_begin_with_a_cache_line(shape, dtype):
    arrays = [aligned(shape, dtype) for _ in range(20)]
    for i, array in enumerate(arrays):
        assert (array.shape, array.dtype) == (shape, dtype) and array.flags.c_contiguous and array.flags.writeable
        assert array.ctypes.data % 64 == 0 or not array.size
        array[...] = i % 2
    assert all(np.all(array == i % 2) for i, array in enumerate(arrays))


def test_what_an_optimizer_and_a_program_keep_begins_with_one():
    w = tg.Tensor(np.zeros((3, 5)), requires_grad=True)
    opt = tg.optim.Adam([w])
    assert all(array.ctypes.data % 64 == 0 for flat in opt.flats for array in flat.arrays.values())
    fast = tg.compile(lambda x: np.sum(np.tanh(x @ w) ** 2))
    fast(np.ones((4, 3)))
    assert "= aligned((4, 5), np.float64)" in fast.planned_source and "np.empty" not in fast.planned_source


def test_of_arrays_that_are_gone_no_list_grows():
    for _ in range(50):
        tg.optim.SGD([tg.Tensor(np.zeros(3), requires_grad=True)], lr=0.1)
    gc.collect()
    kept = tg.optim.SGD([tg.Tensor(np.zeros(3), requires_grad=True)], lr=0.1)
    assert is_moved(kept.params[0].data)
    assert sum(known() is None for known in memory._MOVED.values()) == 0

"""Memory that a step has freed is there for the next one."""

import platform
import subprocess
import sys

import pytest

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

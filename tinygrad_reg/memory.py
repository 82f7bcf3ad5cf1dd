"""Keeps the memory of one training step at hand for the next.

A step frees all its arrays, and glibc, the C library of Linux, then gives the free end of the heap back to the system
as soon as it is longer than 128 kB. The next step gets it again page by page, each page at the cost of computing on it
several times over. How much may stay free is twice the size of the largest block that was ever mapped and freed, up to
32 MB (man mallopt, M_MMAP_THRESHOLD). So one such block is asked for and freed, untouched: that takes a microsecond,
and elsewhere than in glibc it changes nothing.
"""

import numpy as np

_LARGEST = 32 * 2**20 - 2**16  # glibc takes no notice of blocks above 32 MB, its own few bytes included


def keep_freed_memory() -> None:
    """Let this process keep up to 64 MB of freed memory (where the user has not set it with MALLOC_… variables)."""
    np.empty(_LARGEST, np.uint8)

"""Where arrays lie: the memory of one training step is kept at hand for the next; what stays begins with a cache line.

A step frees all its arrays, and glibc, the C library of Linux, then gives the free end of the heap back to the system
as soon as it is longer than 128 kB. The next step gets it again page by page, each page at the cost of computing on it
several times over. How much may stay free is twice the size of the largest block that was ever mapped and freed, up to
32 MB (man mallopt, M_MMAP_THRESHOLD). So one such block is asked for and freed, untouched: that takes a microsecond,
and elsewhere than in glibc it changes nothing.
"""

import math
import weakref
from typing import Any

import numpy as np

_LINE = 64  # bytes of a cache line
_LARGEST = 32 * 2**20 - 2**16  # glibc takes no notice of blocks above 32 MB, its own few bytes included
# By their id, those that still live, and some that do not: to be told of an array's end, as weakref's dicts are, is to
# run Python code where a Ctrl-C would get lost.
_MOVED: dict[int, weakref.ref[np.ndarray]] = {}


def keep_freed_memory() -> None:
    """Let this process keep up to 64 MB of freed memory (where the user has not set it with MALLOC_… variables)."""
    np.empty(_LARGEST, np.uint8)


def aligned(shape: Any, dtype: Any) -> np.ndarray:
    """An array to be filled, like np.empty's, whose first number is the first of a cache line.

    Memory comes in pieces that begin at any 16 bytes. Where a processor takes 32 or 64 at a time, every second time it
    then has to read two lines for them.
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    room = np.empty(size + _LINE, np.uint8)
    first = -room.ctypes.data % _LINE
    array: np.ndarray = room[first : first + size].view(dtype).reshape(shape)
    return array


def move(array: np.ndarray) -> None:
    """Note that an optimizer keeps parameters in parts of this array, and is going to write into it."""
    owner = array if array.base is None else array.base
    for key in [key for key, known in tuple(_MOVED.items()) if known() is None]:
        _MOVED.pop(key, None)
    _MOVED[id(owner)] = weakref.ref(owner)


def is_moved(array: np.ndarray) -> bool:
    """Whether an array is part of one that an optimizer writes into: a view knows whose memory it shows."""
    owner: Any = array.base
    known = None if owner is None else _MOVED.get(id(owner))
    return known is not None and known() is owner

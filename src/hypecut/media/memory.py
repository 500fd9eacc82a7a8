"""Having freed memory go back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import sys

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
# A picture, or the index of a long recording, is larger by far.
_LARGE = 1 << 20
_ARENAS = 2


@functools.cache
def return_freed_memory() -> None:
    """Keep the C library from holding on to what was freed, from here on; it does nothing but on Linux.

    Left alone, glibc's malloc takes blocks as large as those freed before from heaps, of which threads have
    their own and which shrink only at their ends: what pictures and indexes leave there is lost (mallopt(3)).
    """
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in (
            (_M_MMAP_THRESHOLD, _LARGE),
            (_M_TRIM_THRESHOLD, _LARGE),
            (_M_ARENA_MAX, _ARENAS),
        ):
            mallopt(option, value)

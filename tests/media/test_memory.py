"""What is freed goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Large blocks that were freed once raise the size from which on glibc asks the system for each by itself.
_GROWTH = """
import ctypes
from pathlib import Path
from hypecut.media.memory import return_freed_memory

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

return_freed_memory()
libc.free(libc.malloc(4 << 20))
before = resident_mib()
blocks = []
for _ in range(32):
    blocks.append(libc.malloc(3 << 20))
    ctypes.memset(blocks[-1], 1, 3 << 20)
on_top = libc.malloc(100_000)
full = resident_mib()
for block in blocks:
    libc.free(block)
print(full - before, resident_mib() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there it does anything")
def test_large_blocks_are_given_back_though_a_small_one_lies_behind_them() -> None:
    command = [sys.executable, "-c", _GROWTH]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    full, left = (float(word) for word in done.stdout.split())
    assert full > 90
    assert left < 24

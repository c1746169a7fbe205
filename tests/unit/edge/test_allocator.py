"""Memory that was freed goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_PROGRAM = """
import sys
import numpy as np
from insect_edge.adapters import allocator

def resident():
    with open("/proc/self/statm", encoding="ascii") as pages:
        return int(pages.read().split()[1]) * 4096

if sys.argv[1] == "set":
    assert allocator.give_large_arrays_back()
np.ones(24 << 20, np.uint8)
arrays = [np.ones(6 << 20, np.uint8) for _ in range(4)]
keeps_the_heap_from_shrinking = np.ones(1 << 18, np.uint8)
before = resident()
del arrays
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library's allocator has its own ways")
def test_large_arrays_go_back_at_once() -> None:
    """After one very large array glibc by itself keeps all that are smaller; with the daemon's setting it does not."""
    freed = {
        name: int(subprocess.run([sys.executable, "-c", _PROGRAM, name], capture_output=True, check=True).stdout)
        for name in ("set", "unset")
    }
    assert freed["set"] >= 20 << 20
    assert freed["unset"] < 10 << 20

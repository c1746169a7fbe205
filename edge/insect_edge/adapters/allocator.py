"""How the C library's allocator keeps memory that the program has given back."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""
_KEPT_BYTES = 4 * 1024 * 1024
"""More than a frame of 1280x720 pixels, so that one a second costs no system calls."""


def give_large_arrays_back() -> bool:
    """Have large arrays go back to the system as soon as they are freed; returns whether the allocator can do that.

    By itself glibc takes the largest array it has ever freed for the size that is worth keeping, and twice that for the
    room to keep beside it: one large picture at the start, and the process stays that much larger for ever.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _KEPT_BYTES) and mallopt(_TRIM_THRESHOLD, _KEPT_BYTES))

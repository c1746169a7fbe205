"""Facts of the board and of this process that only the kernel knows."""

from __future__ import annotations

import os
from pathlib import Path

THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
STATM = Path("/proc/self/statm")


def temperature_celsius(path: Path = THERMAL) -> float | None:
    """Temperature of the processor; None where the board does not tell."""
    try:
        return int(path.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None


def memory_bytes(path: Path = STATM) -> int | None:
    """Resident memory of this process; None where the kernel does not tell."""
    try:
        return int(path.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None

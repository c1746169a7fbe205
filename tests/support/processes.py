"""Measures of processes as the kernel accounts for them."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PEAK = """
import contextlib, runpy, sys
target, sys.argv = sys.argv[1], sys.argv[1:]
with contextlib.suppress(SystemExit):
    run = runpy.run_path if target.endswith(".py") else runpy.run_module
    run(target, run_name="__main__", **({} if target.endswith(".py") else {"alter_sys": True}))
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM:")).split()[1], file=sys.stderr)
"""


def seconds(command: Sequence[str]) -> float:
    """Wall clock of a command from start to end, its output thrown away; fails when it fails."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def peak_mebibytes(target: str, *arguments: str) -> float:
    """Largest resident memory of a Python script (a path) or module (a name).

    As the process itself reads it at its end: what the kernel accounts to a finished child begins with the memory of
    the process that started it.
    """
    command = [sys.executable, "-c", _PEAK, target, *arguments]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(done.stderr.split()[-1]) / 1024


def resident_mebibytes(pid: int) -> float:
    """Resident memory of a running process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123 - /proc is no place for paths
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def proportional_mebibytes(pid: int) -> float | None:
    """Proportional set size: as resident memory, but of what is shared with others its share; None where not told."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as parts:  # noqa: PTH123 - /proc is no place for paths
            return next(int(line.split()[1]) for line in parts if line.startswith("Pss:")) / 1024
    except OSError:  # a kernel without it, or another user's process
        return None


def written_bytes(pid: int) -> int:
    """Bytes a running process has caused to be written to block devices."""
    with open(f"/proc/{pid}/io", encoding="ascii") as counters:  # noqa: PTH123 - /proc is no place for paths
        return next(int(line.split()[1]) for line in counters if line.startswith("write_bytes:"))

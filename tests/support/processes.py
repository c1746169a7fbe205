"""Measures of processes as the kernel accounts for them."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One finished process: seconds of wall clock, and its largest resident memory in MiB."""

    wall: float
    memory: float


def timed(command: Sequence[str]) -> Usage:
    """Run a command to its end, its output thrown away; fails when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    # wait4 has reaped it; Popen must not wait for it again.
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{command}: exit code {process.returncode}"
    return Usage(wall=wall, memory=usage.ru_maxrss / 1024)


def resident_mebibytes(pid: int) -> float:
    """Resident memory of a running process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123 - /proc is no place for paths
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def written_bytes(pid: int) -> int:
    """Bytes a running process has caused to be written to block devices."""
    with open(f"/proc/{pid}/io", encoding="ascii") as counters:  # noqa: PTH123 - /proc is no place for paths
        return next(int(line.split()[1]) for line in counters if line.startswith("write_bytes:"))

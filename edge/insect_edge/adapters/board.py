"""Facts of the board and of this process that only the kernel and the firmware know."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

from insect_edge.health.report import Board, Throttling

SYSTEM = Path("/sys")
PROCESSES = Path("/proc")
FIRMWARE_SECONDS = 60.0
"""No process is started more often than this."""
_VCGENCMD_SECONDS = 10.0


class BoardProbe:
    """Looks at the machine; each look takes well under a millisecond.

    The firmware of a Raspberry Pi says through a file of the kernel whether it slows the processor down; where only
    `vcgencmd` can be asked, that is done in the background about once a minute.

    Args:
        disk: where the outbox lies.
        system: where sysfs is.
        processes: where procfs is.
        vcgencmd: the program to ask; None where there is none.
    """

    def __init__(
        self,
        disk: Path,
        *,
        system: Path = SYSTEM,
        processes: Path = PROCESSES,
        vcgencmd: str | None = None,
    ) -> None:
        self._disk = disk
        self._thermal = system / "class/thermal/thermal_zone0/temp"
        # `soc` on most boards, with its address behind it on others.
        self._firmware = next(system.glob("devices/platform/soc*/*firmware/get_throttled"), None)
        self._processes = processes
        self._vcgencmd = vcgencmd if vcgencmd is not None else shutil.which("vcgencmd")
        self._throttling: Throttling | None = None
        self._asked: float | None = None
        self._asking: threading.Thread | None = None

    def look(self) -> Board:
        """What is to be had now."""
        return Board(
            temperature_celsius=self._temperature_celsius(),
            throttling=self._read_throttling(),
            memory_bytes=self._memory_bytes(),
            memory_available_bytes=self._memory_available_bytes(),
            disk_free_bytes=self._disk_free_bytes(),
        )

    def settled(self) -> Board:
        """The same, waiting for what has to be asked in the background."""
        board = self.look()
        if board.throttling is None and self._asking is not None:
            self._asking.join(_VCGENCMD_SECONDS)
            board = self.look()
        return board

    def _temperature_celsius(self) -> float | None:
        try:
            return int(self._thermal.read_text(encoding="ascii")) / 1000
        except (OSError, ValueError):
            return None

    def _memory_bytes(self) -> int | None:
        try:
            text = (self._processes / "self/statm").read_text(encoding="ascii")
            return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, IndexError):
            return None

    def _memory_available_bytes(self) -> int | None:
        try:
            lines = (self._processes / "meminfo").read_text(encoding="ascii").splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
        except (OSError, ValueError, IndexError, StopIteration):
            return None

    def _disk_free_bytes(self) -> int | None:
        try:
            return shutil.disk_usage(self._disk).free
        except OSError:
            return None

    def _read_throttling(self) -> Throttling | None:
        if self._firmware is not None:
            try:
                return throttling(self._firmware.read_text(encoding="ascii"))
            except OSError:
                return None
        if self._vcgencmd is not None:
            self._ask_now_and_then(self._vcgencmd)
        return self._throttling

    def _ask_now_and_then(self, program: str) -> None:
        now = time.monotonic()
        if self._asking is not None and self._asking.is_alive():
            return
        if self._asked is not None and now - self._asked < FIRMWARE_SECONDS:
            return
        self._asked = now
        # A daemon thread: a program that hangs must not hold up the end of the process.
        self._asking = threading.Thread(target=self._ask, args=(program,), name="get_throttled", daemon=True)
        self._asking.start()

    def _ask(self, program: str) -> None:
        try:
            answer = subprocess.run(  # noqa: S603 # found on PATH, with a constant argument
                (program, "get_throttled"),
                capture_output=True,
                check=True,
                timeout=_VCGENCMD_SECONDS,
                stdin=subprocess.DEVNULL,
                encoding="ascii",
                errors="replace",
            )
        except (OSError, subprocess.SubprocessError):
            self._throttling = None
            return
        self._throttling = throttling(answer.stdout)


def throttling(text: str) -> Throttling | None:
    """What `throttled=0x50005` (vcgencmd) or `50005` (the kernel's file) says; None for anything else."""
    try:
        return Throttling.from_bits(int(text.strip().removeprefix("throttled="), 16))
    except ValueError:
        return None

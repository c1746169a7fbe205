"""The operating system's clocks, and whether the wall clock can be believed.

A Raspberry Pi has no battery-backed clock: after a power cut it starts with the time of its last shutdown until a
time server has answered.
"""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from insect_edge.domain import Moment

if TYPE_CHECKING:
    from collections.abc import Callable
    from queue import SimpleQueue

    from insect_edge.protocols import Notice

SYSTEMD_MARK = Path("/run/systemd/system")
"""Exists while systemd runs the machine: what sd_booted(3) looks at."""
TIMESYNCD_MARK = Path("/run/systemd/timesync/synchronized")
"""Touched by systemd-timesyncd whenever it has set the clock."""
BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")
PROBE_INTERVAL_SECONDS = 60.0
FIRST_PROBE_SECONDS = 1.0
"""How long the first look may hold up start-up: timedated is started on demand, which takes a Pi tenths of a second."""
_EARLIEST_PLAUSIBLE = datetime(2026, 1, 1, tzinfo=UTC)
"""No copy of this program existed before: a clock that says so is certainly not set."""
_BUSCTL = (
    "busctl",
    "--timeout=5",
    "get-property",
    "org.freedesktop.timedate1",
    "/org/freedesktop/timedate1",
    "org.freedesktop.timedate1",
    "NTPSynchronized",
)
_BUSCTL_SECONDS = 10.0


def clock_synced() -> bool:
    """Whether the wall clock is known to be set; may take seconds, so `SystemClock` asks from a thread of its own.

    systemd-timesyncd's mark says yes by itself. Else timedate1 is asked over D-Bus, which also knows chrony and ntpsec;
    on a machine run by systemd only its yes counts, so that no wrong time is ever passed off as right. Without systemd
    (a container, another init) nobody can say: the clock is the host's business and believed, unless it shows a
    time before this program existed.
    """
    if TIMESYNCD_MARK.exists():
        return True
    if SYSTEMD_MARK.exists():
        return _timedate_says_synced()
    return datetime.now(tz=UTC) >= _EARLIEST_PLAUSIBLE


def _timedate_says_synced() -> bool:
    try:
        answer = subprocess.run(  # noqa: S603 # a constant command line
            _BUSCTL, capture_output=True, check=True, timeout=_BUSCTL_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return answer.stdout.split() == [b"b", b"true"]


class SystemClock:
    """`protocols.Clock` of this machine.

    Whether the wall clock is set is looked at in the background about once a minute, so that `moment` costs
    microseconds; only the first look is waited for, at most `FIRST_PROBE_SECONDS`.

    Args:
        probe: tells whether the wall clock is set.
        probe_interval: seconds after which an answer is asked for again.
    """

    def __init__(
        self, *, probe: Callable[[], bool] = clock_synced, probe_interval: float = PROBE_INTERVAL_SECONDS
    ) -> None:
        self._probe = probe
        self._probe_interval = probe_interval
        self._synced = False
        self._asked: float | None = None
        self._asking: threading.Thread | None = None

    def monotonic(self) -> float:
        """Seconds since some fixed point of this boot."""
        return time.monotonic()

    def moment(self) -> Moment:
        """Now, on both clocks."""
        self._refresh()
        utc = datetime.now(tz=UTC)
        # A clock that was set back is not asked about before the next probe.
        return Moment(monotonic=time.monotonic(), utc=utc, clock_synced=self._synced and utc >= _EARLIEST_PLAUSIBLE)

    def boot_id(self) -> str:
        """The kernel's random identity of this boot; empty where /proc is not to be had."""
        try:
            return BOOT_ID_FILE.read_text(encoding="ascii").strip()
        except OSError:
            return ""

    def wait(self, inbox: SimpleQueue[Notice], *, seconds: float) -> Notice | None:
        """Take the next notice, or None once `seconds` passed without one."""
        try:
            return inbox.get(timeout=seconds) if seconds > 0 else inbox.get_nowait()
        except queue.Empty:
            return None

    def _refresh(self) -> None:
        now = time.monotonic()
        if self._asking is not None and self._asking.is_alive():
            return
        if self._asked is not None and now - self._asked < self._probe_interval:
            return
        first, self._asked = self._asked is None, now
        # A daemon thread: a D-Bus call that hangs must not hold up the end of the process.
        self._asking = threading.Thread(target=self._ask, name="clock-synced", daemon=True)
        self._asking.start()
        if first:
            self._asking.join(FIRST_PROBE_SECONDS)

    def _ask(self) -> None:
        self._synced = self._probe()

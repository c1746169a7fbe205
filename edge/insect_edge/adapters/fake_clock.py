"""A clock that stands still until it is told to move: a whole day runs in milliseconds."""

from __future__ import annotations

import queue
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from insect_edge.domain import Moment

if TYPE_CHECKING:
    from queue import SimpleQueue

    from insect_edge.protocols import Notice

DEFAULT_START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
_REMEMBERED_WAITS = 10_000


class FakeClock:
    """`protocols.Clock` whose time passes only in `wait` and `advance`.

    Args:
        utc: aware wall-clock time to start at.
        monotonic: seconds to start at.
        clock_synced: what moments say of the wall clock; may be assigned later.
        boot_id: which boot this pretends to be.
    """

    def __init__(
        self,
        *,
        utc: datetime = DEFAULT_START,
        monotonic: float = 1000.0,
        clock_synced: bool = True,
        boot_id: str = "00000000-0000-4000-8000-000000000000",
    ) -> None:
        if utc.tzinfo is None:
            raise ValueError(f"utc={utc} has no time zone: pass an aware time")
        self.clock_synced = clock_synced
        self._utc = utc.astimezone(UTC)
        self._monotonic = monotonic
        self._boot_id = boot_id
        self._waits: deque[float] = deque(maxlen=_REMEMBERED_WAITS)

    @property
    def waits(self) -> list[float]:
        """The seconds of each `wait` that passed without a notice, oldest first; the last 10,000."""
        return list(self._waits)

    def monotonic(self) -> float:
        """Seconds as far as they were advanced."""
        return self._monotonic

    def moment(self) -> Moment:
        """Now, on both clocks."""
        return Moment(monotonic=self._monotonic, utc=self._utc, clock_synced=self.clock_synced)

    def boot_id(self) -> str:
        """The boot this clock was told to pretend."""
        return self._boot_id

    def wait(self, inbox: SimpleQueue[Notice], *, seconds: float) -> Notice | None:
        """Take a notice that is there at no cost of time; else let `seconds` pass, remember them and return None."""
        try:
            return inbox.get_nowait()
        except queue.Empty:
            self._waits.append(seconds)
            self.advance(max(seconds, 0.0))
            return None

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks.

        Raises:
            ValueError: when `seconds` is negative; only the wall clock can go back (`jump_utc`).
        """
        if seconds < 0:
            raise ValueError(f"cannot advance by {seconds:g} s: monotonic time never goes back")
        self._monotonic += seconds
        self._utc += timedelta(seconds=seconds)

    def jump_utc(self, utc: datetime, *, clock_synced: bool = True) -> None:
        """Set the wall clock, as a time server does: monotonic time does not notice."""
        if utc.tzinfo is None:
            raise ValueError(f"utc={utc} has no time zone: pass an aware time")
        self._utc = utc.astimezone(UTC)
        self.clock_synced = clock_synced

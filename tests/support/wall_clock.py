"""The wall clock of one program, which can be wrong, unset, and set while the program runs (libfaketime)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from datetime import timedelta

_HOOKS = Path(__file__).with_name("unset_clock")


def library() -> Path:
    """The library for programs with threads; skips the test where it is not installed."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.skip("libfaketime is not installed: apt-get install faketime")
    return found[0]


class WallClock:
    """What the time seems to be; durations and the boot's own clock stay as they are.

    Args:
        folder: for the files that say so.
        shift: how far the clock is from the machine's in the beginning.
        synchronized: whether the system says that it is set.
    """

    def __init__(self, folder: Path, *, shift: timedelta, synchronized: bool = False) -> None:
        self._time = folder / "time"
        self._mark = folder / "synchronized"
        self.environment = {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._time),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Else it corrects waits that need no correction, and threads hand over to each other in tenths of a second.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "INSECT_EDGE_TEST_SYNCHRONIZED": str(self._mark),
            "PYTHONPATH": str(_HOOKS),
        }
        self.jump(shift)
        if synchronized:
            self._mark.touch()

    def jump(self, shift: timedelta) -> None:
        """Be so far from the machine's clock from now on."""
        self.shift = shift
        new = self._time.with_suffix(".new")
        new.write_text(f"{shift.total_seconds():+.0f}\n", encoding="ascii")
        new.replace(self._time)

    def set(self, shift: timedelta) -> None:
        """A time server has answered: be so far from the machine's clock, and say that it is right."""
        self.jump(shift)
        self._mark.touch()

    def now(self) -> datetime:
        """What the program takes for the time."""
        return datetime.now(tz=UTC) + self.shift

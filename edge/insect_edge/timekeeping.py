"""What an instant on one clock is on the other.

Durations, windows and cooldowns are computed from monotonic seconds alone, which know nothing of a wall clock that is
set, jumps by years or goes back. The wall clock only dates what is told, and only while it is known to be set; what
happened before it was set is dated from later, within the boot whose monotonic seconds both instants share.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_edge.domain import Moment


def utc_at(monotonic: float, *, by: Moment) -> datetime:
    """The wall-clock time at `monotonic` seconds of the boot of `by`, by whose wall clock it is told."""
    return by.utc + timedelta(seconds=monotonic - by.monotonic)


def monotonic_at(utc: datetime, *, by: Moment) -> float:
    """The monotonic seconds of the boot of `by` at a wall-clock time; negative before that boot."""
    return by.monotonic - (by.utc - utc).total_seconds()


def dated(moment: Moment, *, by: Moment) -> Moment:
    """`moment` with the time that `by`, a later instant of the same boot, makes known.

    Unchanged where it was known already, where `by` does not know it either, or where `by` is earlier and so cannot be
    of the same boot.
    """
    if moment.clock_synced or not by.clock_synced or moment.monotonic > by.monotonic:
        return moment
    return replace(moment, utc=utc_at(moment.monotonic, by=by), clock_synced=True)


def carried_over(moment: Moment, *, by: Moment) -> Moment:
    """`moment` of an earlier boot, whose time is known, in monotonic seconds of the boot of `by`."""
    return replace(moment, monotonic=monotonic_at(moment.utc, by=by))

"""What there is now and what came lately, label by label."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from insect_edge.policy.arrivals import DAY, HOUR
from insect_edge.policy.thresholds import rate
from insect_edge.timekeeping import monotonic_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from insect_edge.domain import Moment
    from insect_edge.policy.arrivals import Arrivals
    from insect_edge.policy.daylight import Daylight, Period
    from insect_edge.policy.state import OpenEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """Labels without any are left out.

    Attributes:
        visible: label → open events: animals, where single ones are followed.
        last_hour: label → arrivals of the last 60 minutes.
        period: the night or day it is; None while the clock is not set.
        this_period: label → arrivals since that began.
        per_trap_day: label → arrivals per 24 hours in which the trap looked, of the last 24 hours.
        exposure_hours: of the last 24, in which it did; no news of its own.
    """

    visible: Mapping[str, int] = field(default_factory=dict)
    last_hour: Mapping[str, int] = field(default_factory=dict)
    period: Period | None = None
    this_period: Mapping[str, int] = field(default_factory=dict)
    per_trap_day: Mapping[str, float] = field(default_factory=dict)
    exposure_hours: float = field(default=0.0, compare=False)

    @classmethod
    def of(cls, arrivals: Arrivals, *, open_events: Iterable[OpenEvent], now: Moment, daylight: Daylight) -> Recent:
        """As of `now`."""
        a_day_ago = now.monotonic - DAY
        exposure = arrivals.exposure(since=a_day_ago, until=now.monotonic)
        period = daylight.at(now.utc) if now.clock_synced else None
        began = None if period is None else monotonic_at(period.since, by=now)
        return cls(
            visible=visible(open_events),
            last_hour=_counts(arrivals, since=now.monotonic - HOUR),
            period=period,
            this_period={} if began is None else _counts(arrivals, since=began),
            per_trap_day={
                label: round(rate(count, exposure=exposure), 1)
                for label, count in _counts(arrivals, since=a_day_ago).items()
            },
            exposure_hours=round(exposure / HOUR, 1),
        )


def visible(open_events: Iterable[OpenEvent]) -> dict[str, int]:
    """Label → open events, in the order they came."""
    return dict(Counter(event.label for event in open_events))


def _counts(arrivals: Arrivals, *, since: float) -> dict[str, int]:
    counts = {label: arrivals.count(label, since=since) for label in arrivals.groups}
    return {label: count for label, count in sorted(counts.items()) if count}

"""Economic thresholds: how many animals over some time are worth waking somebody.

Two kinds, both of one label: more than a number in a time (`CountThreshold`), and a rate that has grown against that of
the days before (`RateThreshold`). A rate is the catch of a *trap-day*: of 24 hours in which the trap looked (flies per
trap and day, FAO/IAEA, "Trapping guidelines for area-wide fruit fly programmes"). It is the catch of the last 24 hours,
over the part of them in which the trap did look; of less than half a day nothing is told for a whole one, since most
animals have hours of their own, so the part counts as half a day at least.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge.policy.arrivals import DAY, HOUR
from insect_edge.policy.daylight import Half
from insect_edge.timekeeping import monotonic_at

if TYPE_CHECKING:
    from insect_edge.domain import Moment
    from insect_edge.policy.arrivals import Arrivals
    from insect_edge.policy.daylight import Daylight

SHORTEST_TRAP_DAY = DAY / 2
"""Seconds: a rate is told from at least so many, so that it is never more than twice what came."""
REARM_SHARE = 0.8
"""Of a limit: where nothing else is said the count has to fall to it before the rule may fire again."""
MOST_AGAINST_DAYS = 7
LEAST_GROWTH = 5
"""Animals: one is no doubling of none."""
ROUNDING = 1e-9
"""Twice a rate of 0.1 is 0.2 although binary fractions say a little less."""


class Per(enum.StrEnum):
    """The time a count is of."""

    TRAP_DAY = "trap-day"
    """24 hours in which the trap looked; the last 24 hours are told in it."""
    HOUR = "hour"
    """The last 60 minutes."""
    NIGHT = "night"
    """From sunset on, while it is night."""
    DAY = "day"
    """From sunrise on, while it is day."""
    WEEK = "week"
    """The last seven times 24 hours."""


_SLIDING = {Per.TRAP_DAY: DAY, Per.HOUR: HOUR, Per.WEEK: 7 * DAY}
_HALVES = {Per.NIGHT: Half.NIGHT, Per.DAY: Half.DAY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a rule looks at.

    Attributes:
        value: what is held against the limit: a count, or a rate per trap-day.
        limit: see there.
        passed: whether the value is past it.
        low: whether the value is low enough for the rule to fire once more.
        count: animals in the time looked at.
        since: monotonic seconds at which that time began.
        mean: animals per trap-day in the days it is held against; None for a plain count.
    """

    value: float
    limit: float
    passed: bool
    low: bool
    count: int
    since: float
    mean: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountThreshold:
    """More than so many animals in a time.

    Attributes:
        label: which animals.
        more_than: the count that is still borne, from 0.
        per: in what time.
        rearm_below: once it has fired, the count has to fall to this before it may fire again; None for 80 % of
            `more_than`.
        cooldown: seconds after an alert in which it fires no more.
        also_sightings: whether each single animal alerts as well.
    """

    label: str
    more_than: float
    per: Per
    rearm_below: float | None = None
    cooldown: float = 0.0
    also_sightings: bool = False

    @property
    def words(self) -> str:
        """What it says; different rules say different things."""
        return f"{self.label}: more than {self.more_than:g} {self._time}"

    @property
    def _time(self) -> str:
        return (
            f"per {self.per}" if self.per is Per.TRAP_DAY else f"in {'an' if self.per is Per.HOUR else 'a'} {self.per}"
        )

    def measure(self, arrivals: Arrivals, *, now: Moment, daylight: Daylight) -> Measure | None:
        """The count as of `now`; None where it says nothing: by day of a night, and while the clock is not set."""
        since = self._since(now, daylight)
        if since is None:
            return None
        count = arrivals.count(self.label, since=since)
        value = float(count)
        if self.per is Per.TRAP_DAY:
            value = rate(count, exposure=arrivals.exposure(since=since, until=now.monotonic))
        again = REARM_SHARE * self.more_than if self.rearm_below is None else self.rearm_below
        return Measure(
            value=value,
            limit=self.more_than,
            passed=value > self.more_than + ROUNDING,
            low=value <= again + ROUNDING,
            count=count,
            since=since,
        )

    def said(self, measure: Measure) -> str:
        """What was measured, in words."""
        return f"{self.label}: {measure.value:.3g} {self._time}, more than {self.more_than:g}"

    def _since(self, now: Moment, daylight: Daylight) -> float | None:
        if self.per in _SLIDING:
            return now.monotonic - _SLIDING[self.per]
        if not now.clock_synced:
            return None
        period = daylight.at(now.utc)
        return monotonic_at(period.since, by=now) if period.half is _HALVES[self.per] else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateThreshold:
    """A rate that is so many times the mean of the days before the last 24 hours.

    Attributes:
        label: which animals.
        factor: from which on it fires, above 1.
        against_days: how many days before are looked at, up to seven.
        minimum_count: animals in the last 24 hours below which nothing has grown: one is no doubling of none.
        minimum_days: trap-days among those days below which their mean is not known.
        rearm_below: once it has fired, the rate has to fall to so many times the mean before it may fire again; None
            for 80 % of `factor`.
        cooldown: as of a count.
        also_sightings: likewise.
    """

    label: str
    factor: float
    against_days: int = MOST_AGAINST_DAYS
    minimum_count: int = LEAST_GROWTH
    minimum_days: float = MOST_AGAINST_DAYS / 2
    rearm_below: float | None = None
    cooldown: float = 0.0
    also_sightings: bool = False

    per = Per.TRAP_DAY

    @property
    def words(self) -> str:
        """What it says; different rules say different things."""
        times = "doubled" if self.factor == 2 else f"{self.factor:g} times"  # noqa: PLR2004 # which has a word of its own
        return f"{self.label}: rate {times} against the mean of the last {self.against_days} days"

    def measure(self, arrivals: Arrivals, *, now: Moment, daylight: Daylight) -> Measure | None:  # noqa: ARG002 # as of all
        """The rate as of `now`; None while too little is known of the days before."""
        until = now.monotonic - DAY
        since = until - self.against_days * DAY
        known = arrivals.exposure(since=since, until=until)
        if known < self.minimum_days * DAY - ROUNDING:
            return None
        mean = arrivals.count(self.label, since=since, until=until) * DAY / known
        count = arrivals.count(self.label, since=until)
        value = rate(count, exposure=arrivals.exposure(since=until, until=now.monotonic))
        again = REARM_SHARE * self.factor if self.rearm_below is None else self.rearm_below
        return Measure(
            value=value,
            limit=self.factor * mean,
            passed=count >= self.minimum_count and value >= self.factor * mean - ROUNDING,
            low=value <= again * mean + ROUNDING,
            count=count,
            since=until,
            mean=mean,
        )

    def said(self, measure: Measure) -> str:
        """What was measured, in words."""
        mean = measure.mean or 0.0
        times = f"{measure.value / mean:.2g} times" if mean else "against"
        days = f"the mean of the last {self.against_days} days ({mean:.2g})"
        return f"{self.label}: {measure.value:.3g} per trap-day, {times} {days}"


Threshold = CountThreshold | RateThreshold


def highest(per: Per, *, spacing: float) -> float | None:
    """What a count can come to where arrivals are `spacing` seconds apart; None of a time without a fixed length.

    That of a trap-day is doubled, as a trap may tell it that has looked for half of one.
    """
    if per not in _SLIDING:
        return None
    most = _SLIDING[per] // spacing + 1
    return most * DAY / SHORTEST_TRAP_DAY if per is Per.TRAP_DAY else most


def rate(count: int, *, exposure: float) -> float:
    """Animals per trap-day, `count` of which came in the 24 hours of which the trap looked `exposure` seconds."""
    return count * DAY / max(exposure, SHORTEST_TRAP_DAY)

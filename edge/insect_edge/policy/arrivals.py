"""How many animals came, and how long anybody looked: counts over the last eight days, in bounded memory.

Arrivals and exposure are kept in monotonic seconds of the boot under way, like every window and cooldown: a wall clock
that is set, jumps or changes to summer time moves no count. After a reboot the wall clock carries them over; where
nobody knows how long the trap was off they go on as if it had been no time, and get their true place once the clock is
set (`Arrivals.placed`).

Up to `MOST_GROUPS` arrivals of a label are remembered to the millisecond. Where there are more, those within the same
minute, five minutes, quarter of an hour or hour are counted together as if they had come with the first of them, so
that a window forgets them up to an hour early and never counts one too many. Those of the last two hours are the last
to be: for windows of a day an hour is little, for those of an hour it is all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from insect_edge.timekeeping import monotonic_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from insect_edge.domain import Moment

HOUR, DAY = 3600.0, 86_400.0
KEPT_SECONDS = 8 * DAY
"""A trap-day, and the seven before it that it is held against."""
MOST_GROUPS = 240
"""Of one label: one an hour for eight days fits, with room until it is time to tidy up again."""
MOST_SPANS = 240
LONGEST_GAP_SECONDS = 300.0
"""A trap that looks again within five minutes has looked all the time: frames are rare in the dark and at a restart."""
_WIDTHS = (60.0, 300.0, 900.0, HOUR)
_EXACT_SECONDS = 2 * HOUR
_TIDY = 200
"""Groups left by tidying up, at most: an hour has one, the one in which two hours ago was two, and eight days have 194
at most."""


class Group(NamedTuple):
    """Animals that came together.

    Attributes:
        at: monotonic seconds at which the first of them came.
        number: how many, from 1.
    """

    at: float
    number: int


class Span(NamedTuple):
    """A time in which the trap looked, all of it or in parts.

    Attributes:
        start: monotonic seconds.
        end: likewise, not before `start`.
        looked: seconds between the two in which it did.
    """

    start: float
    end: float
    looked: float

    def within(self, since: float, until: float) -> float:
        """Seconds looked between two instants, taken to be spread evenly."""
        overlap = min(self.end, until) - max(self.start, since)
        return self.looked * overlap / (self.end - self.start) if overlap > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """A threshold that was passed.

    Attributes:
        at: monotonic seconds of its newest alert.
        armed: whether the count was low enough since for another.
    """

    at: float
    armed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Misplaced:
    """What was counted in an earlier boot and goes on as if no time lay between.

    Attributes:
        until: monotonic seconds up to which that is, to the millisecond.
        utc: when that instant really was.
    """

    until: float
    utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Counts over time.

    Attributes:
        groups: label → its arrivals, oldest first.
        spans: in which the trap looked, oldest first, none overlapping.
        spent: rule, by its words → its newest alert.
        misplaced: None where everything stands where it belongs, or nobody will ever know.
    """

    groups: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    spent: Mapping[str, Spent] = field(default_factory=dict)
    misplaced: Misplaced | None = None

    def plus(self, label: str, *, at: float) -> Arrivals:
        """After one animal more came at `at` (monotonic seconds, not before the newest)."""
        groups = {name: kept for name, groups in self.groups.items() if (kept := _recent(groups, now=at))}
        groups[label] = _thinned((*groups.get(label, ()), Group(round(at, 3), 1)))
        return replace(self, groups=groups)

    def looked(self, *, at: float) -> Arrivals:
        """After a look at `at`: the time since the one before counts as looked at, where that was not long ago."""
        at = round(at, 3)
        last = self.spans[-1] if self.spans else None
        if last is not None and at <= last.end:
            return self
        if last is None or at - last.end > LONGEST_GAP_SECONDS or self._is_misplaced(last):
            return replace(self, spans=(*_tidied(self.spans, now=at), Span(at, at, 0.0)))
        # Only spans that are over are ever put together, so that the last one has no holes.
        return replace(self, spans=(*self.spans[:-1], Span(last.start, at, at - last.start)))

    def _is_misplaced(self, span: Span) -> bool:
        return self.misplaced is not None and span.end <= self.misplaced.until

    def count(self, label: str, *, since: float, until: float | None = None) -> int:
        """Animals that came from `since` on and before `until`, both monotonic seconds."""
        groups = self.groups.get(label, ())
        return sum(group.number for group in groups if group.at >= since and (until is None or group.at < until))

    def exposure(self, *, since: float, until: float) -> float:
        """Seconds in which the trap looked between two instants."""
        return sum(span.within(since, until) for span in self.spans)

    def moved(self, by: float, *, until: float | None = None) -> Arrivals:
        """All of it `by` seconds later, or what was up to `until` alone."""
        offset = _Offset(by, until)

        def spent(one: Spent) -> Spent:
            return replace(one, at=offset(one.at))

        return replace(
            self,
            groups={
                label: tuple(Group(offset(group.at), group.number) for group in groups)
                for label, groups in self.groups.items()
            },
            spans=tuple(Span(offset(s.start), offset(s.end), s.looked) for s in self.spans),
            spent={rule: spent(one) for rule, one in self.spent.items()},
            misplaced=None if self.misplaced is None else replace(self.misplaced, until=offset(self.misplaced.until)),
        )

    def cut_off(self, *, saved: Moment, now: Moment) -> Arrivals:
        """In terms of a boot of which nobody knows how long after `saved` it began."""
        # Rounded like every instant here: what came just before `saved` must not lie just after `until`.
        until = round(now.monotonic, 3)
        moved = self.moved(until - round(saved.monotonic, 3))
        if not saved.clock_synced:
            return moved
        return replace(moved, misplaced=Misplaced(until=until, utc=saved.utc))

    def placed(self, *, now: Moment) -> Arrivals:
        """With what was counted in an earlier boot where it belongs, since `now` makes that known."""
        if self.misplaced is None or not now.clock_synced:
            return self
        until = self.misplaced.until
        # A clock that was ahead then would move them into the future.
        by = min(monotonic_at(self.misplaced.utc, by=now) - until, 0.0)
        return replace(self.moved(by, until=until), misplaced=None)


def _recent(groups: tuple[Group, ...], *, now: float) -> tuple[Group, ...]:
    return tuple(group for group in groups if now - group.at <= KEPT_SECONDS)


def _thinned(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """No more than are allowed, in the finest steps that will do; the newest are touched only where they must be."""
    if len(groups) <= MOST_GROUPS:
        return groups
    old = tuple(group for group in groups if groups[-1].at - group.at > _EXACT_SECONDS)
    new = groups[len(old) :]
    for width in _WIDTHS:
        old = tuple(_together(old, width=width))
        if len(old) + len(new) <= _TIDY:
            return (*old, *new)
    for width in _WIDTHS:
        new = tuple(_together(new, width=width))
        if len(old) + len(new) <= _TIDY:
            break
    return (*old, *new)


def _together(groups: Iterable[Group], *, width: float) -> Iterable[Group]:
    for _, same in groupby(groups, key=lambda group: group.at // width):
        first, *others = same
        yield Group(first.at, first.number + sum(other.number for other in others))


def _tidied(spans: tuple[Span, ...], *, now: float) -> tuple[Span, ...]:
    """Those of the last eight days; where there are too many, one an hour."""
    spans = tuple(span for span in spans if now - span.end <= KEPT_SECONDS)
    if len(spans) < MOST_SPANS:
        return spans
    hours = [tuple(same) for _, same in groupby(spans, key=lambda span: span.start // HOUR)]
    return tuple(Span(same[0].start, same[-1].end, sum(span.looked for span in same)) for same in hours)


class _Offset(NamedTuple):
    """Moves instants, or those up to one alone."""

    by: float
    until: float | None

    def __call__(self, at: float) -> float:
        at = round(at, 3)
        moved = self.until is None or at <= round(self.until, 3)
        return round(at + self.by, 3) if moved else at

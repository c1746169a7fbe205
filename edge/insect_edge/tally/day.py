"""The counts of one day: events and alerts by label, and the newest pest.

The day is the calendar day of the machine's own time zone, as a grower means it. Counts begin anew when that day does.
While the wall clock is not set nobody knows which day it is: what is counted meanwhile belongs to whatever day it turns
out to be once the clock is set, and what was counted before the restart is kept until then.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from insect_edge.domain import Phase, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from insect_edge.domain import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPest:
    """The newest event of a pest.

    Attributes:
        label: which.
        score: its best when it was told last.
        event_id: of the event.
        started: RFC 3339; None where the clock was not set.
    """

    label: str
    score: float
    event_id: str
    started: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What was counted.

    Attributes:
        date: which day; None until the clock was set for the first time.
        events: label → events that started, but for those of animals that were there when the trap began to look.
        alerts: label → alerts raised.
        undated_events: those of `events` that were counted while the clock was not set.
        undated_alerts: likewise.
        last_pest: of any day; None before the first.
    """

    date: dt.date | None = None
    events: Mapping[str, int] = field(default_factory=dict)
    alerts: Mapping[str, int] = field(default_factory=dict)
    undated_events: Mapping[str, int] = field(default_factory=dict)
    undated_alerts: Mapping[str, int] = field(default_factory=dict)
    last_pest: LastPest | None = None

    def at(self, today: dt.date | None) -> Day:
        """The counts as of `today`, None while nobody knows it: those of another day are over."""
        if today is None or (today == self.date and not self.undated_events and not self.undated_alerts):
            return self
        if today == self.date:
            return replace(self, undated_events={}, undated_alerts={})
        return Day(date=today, events=self.undated_events, alerts=self.undated_alerts, last_pest=self.last_pest)

    def plus(self, event: Event, *, today: dt.date | None, started: str | None) -> Day:
        """After one change of an event.

        Args:
            event: the change.
            today: the day of the change; None while the clock is not set.
            started: when the event started, RFC 3339; None where that is not known.
        """
        day = self.at(today)
        if event.phase is Phase.START and event.arrival:
            day = replace(day, events=_plus_one(day.events, event.label))
            if today is None:
                day = replace(day, undated_events=_plus_one(day.undated_events, event.label))
        if event.alert:
            day = replace(day, alerts=_plus_one(day.alerts, event.label))
            if today is None:
                day = replace(day, undated_alerts=_plus_one(day.undated_alerts, event.label))
        if event.role is Role.PEST:
            last = LastPest(label=event.label, score=round(event.score, 4), event_id=event.event_id, started=started)
            newer = event.phase is Phase.START or day.last_pest is None or day.last_pest.event_id == event.event_id
            day = replace(day, last_pest=last) if newer else day
        return day

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return {**asdict(self), "date": None if self.date is None else self.date.isoformat()}

    @classmethod
    def from_json(cls, content: Any) -> Day:
        """What `to_json` gave.

        Raises:
            ValueError: when it is anything else.
        """
        try:
            last = content["last_pest"]
            return cls(
                date=None if content["date"] is None else dt.date.fromisoformat(content["date"]),
                last_pest=None if last is None else LastPest(**last),
                **{name: _counts(content[name]) for name in _COUNTS},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no counts: {error}") from error


_COUNTS = ("events", "alerts", "undated_events", "undated_alerts")


def _plus_one(counts: Mapping[str, int], label: str) -> dict[str, int]:
    return {**counts, label: counts.get(label, 0) + 1}


def _counts(content: Any) -> dict[str, int]:
    if not all(isinstance(label, str) and type(count) is int and count >= 0 for label, count in content.items()):
        raise ValueError("a count is no number")
    return dict(content)

"""The day's counts, and those of the last hours, as a payload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.domain import Message
from insect_edge.mqtt.fields import encode, rfc3339, when

if TYPE_CHECKING:
    from insect_edge.domain import Moment
    from insect_edge.mqtt.messages import Origin
    from insect_edge.mqtt.payloads import Counts, LastPest, Period
    from insect_edge.policy import daylight
    from insect_edge.tally import day as tally
    from insect_edge.tally.recent import Recent


def counts_message(day: tally.Day, *, recent: Recent, at: Moment, origin: Origin) -> Message:
    """Counts of the day, of the last hours, and who is there now, retained: newest wins.

    Args:
        day: the counts of the day.
        recent: the others.
        at: now.
        origin: who speaks.
    """
    payload: Counts = {
        "schema": "insect-edge/counts/1",
        "day": None if day.date is None else day.date.isoformat(),
        "events": dict(sorted(day.events.items())),
        "alerts": dict(sorted(day.alerts.items())),
        "present": list(recent.visible),
        "visible": dict(recent.visible),
        "last_hour": dict(recent.last_hour),
        "period": _period(recent.period),
        "this_period": dict(recent.this_period),
        "per_trap_day": dict(recent.per_trap_day),
        "exposure_hours": recent.exposure_hours,
        "last_pest": _last_pest(day.last_pest),
        **when(at, boot_id=origin.boot_id),
        "device_id": origin.topics.device_id,
    }
    return Message(topic=origin.topics.counts, payload=encode(payload), qos=1, retain=True)


def _period(period: daylight.Period | None) -> Period | None:
    return None if period is None else {"half": period.half, "since": rfc3339(period.since)}


def _last_pest(last: tally.LastPest | None) -> LastPest | None:
    if last is None:
        return None
    return {"label": last.label, "score": last.score, "event_id": last.event_id, "started": last.started}

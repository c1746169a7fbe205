"""The day's counts as a payload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.domain import Message
from insect_edge.mqtt.fields import encode, when

if TYPE_CHECKING:
    from insect_edge.domain import Moment
    from insect_edge.mqtt.messages import Origin
    from insect_edge.mqtt.payloads import Counts, LastPest
    from insect_edge.tally import day as tally


def counts_message(day: tally.Day, *, present: tuple[str, ...], at: Moment, origin: Origin) -> Message:
    """Counts of the day and who is there now, retained: newest wins.

    Args:
        day: the counts.
        present: labels with an open event, in the order they came.
        at: now.
        origin: who speaks.
    """
    payload: Counts = {
        "schema": "insect-edge/counts/1",
        "day": None if day.date is None else day.date.isoformat(),
        "events": dict(sorted(day.events.items())),
        "alerts": dict(sorted(day.alerts.items())),
        "present": list(present),
        "last_pest": _last_pest(day.last_pest),
        **when(at, boot_id=origin.boot_id),
        "device_id": origin.topics.device_id,
    }
    return Message(topic=origin.topics.counts, payload=encode(payload), qos=1, retain=True)


def _last_pest(last: tally.LastPest | None) -> LastPest | None:
    if last is None:
        return None
    return {"label": last.label, "score": last.score, "event_id": last.event_id, "started": last.started}

"""Changes of events, as the policy tells them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from insect_edge.domain import Category, Event, Frame, Label, Moment, Phase, Region, Role
from insect_edge.mqtt.messages import Origin
from insect_edge.mqtt.topics import Topics

LABEL = Label(index=0, name="slug", role=Role.PEST, taxon=None, threshold=0.5)
AT = Moment(monotonic=10.0, utc=datetime(2026, 6, 1, tzinfo=UTC), clock_synced=True)
FRAME = Frame(pixels=np.zeros((8, 8, 3), dtype=np.uint8), captured=AT, sequence=0)
ORIGIN = Origin(topics=Topics(device_id="trap"), model_id="garden-v1", boot_id="boot", slugs={"slug": "slug"})


def event(number: int, *, phase: Phase = Phase.START, alert: bool = False) -> Event:
    """A change of event `number`."""
    return Event(
        event_id=f"event-{number}",
        phase=phase,
        label="slug",
        role=Role.PEST,
        score=0.9,
        threshold=0.5,
        categories=(Category(label=LABEL, score=0.9),),
        region=Region.whole(),
        started=AT,
        last_seen=AT,
        at=AT,
        frames=3,
        hits=3,
        alert=alert,
    )

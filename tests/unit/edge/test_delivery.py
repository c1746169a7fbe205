"""The delivery keeps what the outbox will not take, within bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_edge.delivery import MOST_WAITING, Delivery, DeliverySettings
from insect_edge.domain import Category, Event, Frame, Label, Message, Moment, Phase, Region, Role
from insect_edge.errors import OutboxError
from insect_edge.mqtt.messages import Origin
from insect_edge.mqtt.topics import Topics
from insect_edge.outbox.entry import Draft, Entry, Kind, Ticket

if TYPE_CHECKING:
    from collections.abc import Sequence

LABEL = Label(index=0, name="slug", role=Role.PEST, taxon=None, threshold=0.5)
AT = Moment(monotonic=10.0, utc=datetime(2026, 6, 1, tzinfo=UTC), clock_synced=True)
FRAME = Frame(pixels=np.zeros((8, 8, 3), dtype=np.uint8), captured=AT, sequence=0)


class FailingOutbox:
    """Takes drafts, or not."""

    def __init__(self) -> None:
        self.fails = False
        self.entries: list[Entry] = []

    def put(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Number and keep them."""
        if self.fails:
            raise OutboxError("outbox: broken: mend it")
        new = []
        for draft in drafts:
            number = len(self.entries) + len(new) + 1
            new.append(Entry(seq=number, kind=draft.kind, message=draft.build(Ticket(seq=number, kind_seq=number))))
        self.entries += new
        return new


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


def delivered(**settings: Any) -> tuple[Delivery, FailingOutbox, list[Message], list[Frame]]:
    """A delivery, its outbox, what went to the relay, and the frames that were encoded."""
    outbox, latest, encoded = FailingOutbox(), [], []

    def encode(frame: Frame) -> bytes:
        encoded.append(frame)
        return b"jpeg"

    origin = Origin(topics=Topics(device_id="trap"), model_id="garden-v1", boot_id="boot", slugs={"slug": "slug"})
    relay = SimpleNamespace(set_latest=latest.append)
    delivery = Delivery(outbox=outbox, relay=relay, origin=origin, encode=encode, settings=DeliverySettings(**settings))
    return delivery, outbox, latest, encoded


def test_an_alert_is_stored_with_its_detection() -> None:
    """An event that alerts is a detection and an alert, in one go and in this order."""
    delivery, outbox, latest, _ = delivered()
    delivery.events([event(1, alert=True)], frame=FRAME)
    assert [entry.kind for entry in outbox.entries] == [Kind.DETECTION, Kind.ALERT]
    assert [message.topic.removeprefix("insect-edge/trap/") for message in latest] == ["last_detection", "snapshot"]


def test_what_cannot_be_stored_waits() -> None:
    """Changes that the outbox refused are stored later, before newer ones."""
    delivery, outbox, _, _ = delivered()
    outbox.fails = True
    delivery.events([event(1, alert=True)], frame=FRAME)
    delivery.retry()
    assert (delivery.error, outbox.entries) == ("outbox: broken: mend it", [])
    outbox.fails = False
    delivery.events([event(1, phase=Phase.END)], frame=None)
    assert [entry.kind for entry in outbox.entries] == [Kind.DETECTION, Kind.ALERT, Kind.DETECTION]
    assert b'"phase":"end"' in outbox.entries[-1].message.payload
    assert delivery.error is None


def test_memory_stays_bounded_and_alerts_stay() -> None:
    """When too much waits, the oldest detections go, counted, and no alert does."""
    delivery, outbox, _, _ = delivered()
    outbox.fails = True
    for number in range(MOST_WAITING):
        delivery.events([event(number, alert=number % 4 == 0)], frame=None)
    outbox.fails = False
    delivery.retry()
    kinds = [entry.kind for entry in outbox.entries]
    assert (len(kinds), delivery.lost) == (MOST_WAITING, MOST_WAITING // 4)
    assert kinds.count(Kind.ALERT) == MOST_WAITING // 4
    assert b"event-999" in outbox.entries[-1].message.payload


def test_no_picture_is_made_for_nothing() -> None:
    """Ends have no picture, and without a taker none is encoded."""
    delivery, _, _, encoded = delivered()
    delivery.events([event(1, phase=Phase.END)], frame=FRAME)
    assert encoded == []
    delivery, _, _, encoded = delivered(snapshot=False)
    delivery.events([event(1)], frame=FRAME)
    assert encoded == []


def test_one_picture_serves_all_topics() -> None:
    """A frame is encoded once, for the newest and for each event it shows."""
    delivery, _, latest, encoded = delivered(snapshot_per_event=True)
    delivery.events([event(1), event(2)], frame=FRAME)
    topics = [message.topic.removeprefix("insect-edge/trap/") for message in latest if message.payload == b"jpeg"]
    assert topics == ["snapshot", "snapshot/event-1", "snapshot/event-2"]
    assert len(encoded) == 1

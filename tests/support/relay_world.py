"""A relay between a real outbox and a broker in memory, on a clock that stands still."""

from __future__ import annotations

import json
from queue import Empty, SimpleQueue
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.memory_publisher import MemoryPublisher
from insect_edge.domain import Message
from insect_edge.mqtt.topics import Topics
from insect_edge.outbox.queue import Draft, Kind, Outbox, OutboxLimits, Ticket
from insect_edge.relay.relay import Relay, RelaySettings

if TYPE_CHECKING:
    from pathlib import Path

    from insect_edge.protocols import Notice

TOPICS = Topics(device_id="trap")
ALERT = TOPICS.alert("slug")


def draft(kind: Kind = Kind.DETECTION, *, size: int = 0, expiry: int | None = None) -> Draft:
    """A message that names its own number."""
    topic = ALERT if kind is Kind.ALERT else TOPICS.detection

    def build(ticket: Ticket) -> Message:
        payload = json.dumps({"seq": ticket.seq, "pad": "x" * size}).encode()
        return Message(topic=topic, payload=payload, qos=1, retain=False, expiry_seconds=expiry)

    return Draft(kind=kind, build=build)


def latest(payload: bytes, *, topic: str = TOPICS.health, qos: int = 1, retain: bool = True) -> Message:
    """A newest-wins message."""
    return Message(topic=topic, payload=payload, qos=qos, retain=retain)


class World:
    """A relay between a real outbox and a broker in memory, on a clock that stands still."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock = FakeClock()
        self.inbox: SimpleQueue[Notice] = SimpleQueue()
        self.broker = MemoryPublisher(self.inbox)
        self.outbox = Outbox.open(folder, clock=self.clock, limits=OutboxLimits())
        self.settings = RelaySettings(topics=TOPICS, **({"catch_up_rate": None} | settings))
        self.relay = self.new_relay()

    def new_relay(self) -> Relay:
        """The relay of a process that has just started."""
        return Relay(
            publisher=self.broker,
            outbox=self.outbox,
            clock=self.clock,
            random=Random(7),  # noqa: S311 # jitter, not secrets
            settings=self.settings,
        )

    def put(self, *kinds: Kind) -> None:
        """Messages into the outbox."""
        self.outbox.put([draft(kind) for kind in kinds])

    def settle(self) -> None:
        """Pump and handle until nothing happens any more, without time passing."""
        for _ in range(10_000):
            self.relay.pump()
            try:
                self.relay.handle(self.inbox.get_nowait())
            except Empty:
                return
        pytest.fail("the relay never comes to rest")

    def wait(self) -> None:
        """Let time pass to the relay's next deadline, then settle."""
        deadline = self.relay.next_deadline()
        assert deadline is not None
        self.clock.advance(max(0.0, deadline - self.clock.monotonic()))
        self.settle()

    def arrived(self) -> list[int]:
        """Numbers of the alerts and detections the broker took, in its order."""
        rows = [made for made in self.broker.published if made.topic in {ALERT, TOPICS.detection}]
        return [json.loads(made.payload)["seq"] for made in rows]

    def availability(self) -> list[bytes]:
        """What was said of the device's presence."""
        return self.broker.payloads(TOPICS.availability)

"""Outbox, relay, paho and a real Mosquitto together: what was stored arrives, whatever the broker does."""

from __future__ import annotations

import json
from queue import SimpleQueue
from random import Random
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.paho import PahoPublisher
from insect_edge.domain import Message
from insect_edge.mqtt.broker_settings import BrokerSettings
from insect_edge.mqtt.topics import Topics
from insect_edge.outbox.queue import Draft, Kind, Outbox, OutboxLimits, Ticket
from insect_edge.relay.relay import Relay, RelaySettings
from support.mosquitto import PASSWORD, USERNAME, BrokerOptions, Mosquitto, Subscriber, running
from support.tcp import serving, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from insect_edge.protocols import Notice

TOPICS = Topics(device_id="trap-1")
PATIENCE_SECONDS = 60.0


def draft(kind: Kind) -> Draft:
    """A message that tells its numbers."""
    topic = TOPICS.alert("slug") if kind is Kind.ALERT else TOPICS.detection

    def build(ticket: Ticket) -> Message:
        payload = json.dumps({"seq": ticket.seq, "kind_seq": ticket.kind_seq}).encode()
        return Message(topic=topic, payload=payload, qos=1, retain=False)

    return Draft(kind=kind, build=build)


class Device:
    """The delivering half of the daemon, with real time."""

    def __init__(self, folder: Path, settings: BrokerSettings) -> None:
        self.clock = SystemClock(probe=lambda: True)
        self.inbox: SimpleQueue[Notice] = SimpleQueue()
        self.outbox = Outbox.open(folder, clock=self.clock, limits=OutboxLimits())
        self.relay = Relay(
            publisher=PahoPublisher(self.inbox, settings),
            outbox=self.outbox,
            clock=self.clock,
            random=Random(5),  # noqa: S311 # jitter, not secrets
            settings=RelaySettings(
                topics=TOPICS,
                connect_seconds=2.0,
                acknowledge_seconds=2.0,
                backoff_first_seconds=0.05,
                backoff_longest_seconds=0.5,
                catch_up_rate=100.0,
            ),
        )

    def run(self, until: Callable[[], bool]) -> None:
        """Go round until something is true; fails when it never is."""
        deadline = self.clock.monotonic() + PATIENCE_SECONDS
        while True:
            self.relay.pump()
            if until():
                return
            now = self.clock.monotonic()
            if now > deadline:
                pytest.fail(f"it never came to pass: {self.relay.status()}")
            due = self.relay.next_deadline()
            wait = 0.1 if due is None else min(max(due - now, 0.0), 0.1)
            notice = self.clock.wait(self.inbox, seconds=wait)
            if notice is not None:
                self.relay.handle(notice)

    def empty(self) -> bool:
        """Whether everything was acknowledged."""
        return self.outbox.status().depth == 0

    def close(self) -> None:
        """A clean stop."""
        self.relay.stop(timeout=5)
        self.outbox.close()


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Callable[[BrokerSettings], Device]]:
    """Makes the device, stopped in the end."""
    made: list[Device] = []

    def make(settings: BrokerSettings) -> Device:
        made.append(Device(tmp_path / "state", settings))
        return made[-1]

    yield make
    for each in made:
        each.close()


def first_arrivals(subscriber: Subscriber, topic: str) -> list[int]:
    """Numbers among its kind, each where it came first."""
    received = [json.loads(payload)["kind_seq"] for heard, payload, _ in subscriber.received if heard == topic]
    return list(dict.fromkeys(received))


def test_nothing_is_lost_while_the_broker_comes_and_goes(
    tmp_path: Path, device: Callable[[BrokerSettings], Device]
) -> None:
    """Down at the start, stopped twice while the queue is under way: every message arrives, in order."""
    broker = Mosquitto(tmp_path / "broker", BrokerOptions(persistence=True))
    trap = device(BrokerSettings(host="127.0.0.1", port=broker.port, client_id="trap-1"))
    for _ in range(100):
        trap.outbox.put([draft(Kind.DETECTION), draft(Kind.DETECTION), draft(Kind.ALERT)])
    trap.run(until=lambda: "nobody listens" in str(trap.relay.status().reason))
    try:
        broker.start()
        with Subscriber(broker, "insect-edge/trap-1/#", persistent=True) as subscriber:
            for depth in (250, 100):
                trap.run(until=lambda depth=depth: trap.outbox.status().depth <= depth)
                broker.stop()
                trap.run(until=lambda: not trap.relay.status().connected)
                broker.start()
            trap.run(until=trap.empty)
            subscriber.wait_until(lambda: len(first_arrivals(subscriber, TOPICS.detection)) == 200)
            subscriber.wait_until(lambda: len(first_arrivals(subscriber, TOPICS.alert("slug"))) == 100)
            assert first_arrivals(subscriber, TOPICS.detection) == list(range(1, 201))
            assert first_arrivals(subscriber, TOPICS.alert("slug")) == list(range(1, 101))
            contents: dict[tuple[str, int], set[bytes]] = {}
            for topic, payload, _ in subscriber.received:
                if topic != TOPICS.availability:
                    contents.setdefault((topic, json.loads(payload)["seq"]), set()).add(payload)
            assert all(len(payloads) == 1 for payloads in contents.values())
    finally:
        broker.kill()


def test_a_broker_that_never_answers_stops_nothing(tmp_path: Path, device: Callable[[BrokerSettings], Device]) -> None:
    """It accepts every connection and says nothing: the loop goes on storing, and the attempt is given up."""
    with serving(silent) as port:
        trap = device(BrokerSettings(host="127.0.0.1", port=port, client_id="trap-1"))
        stored: list[int] = []

        def given_up() -> bool:
            stored.extend(entry.seq for entry in trap.outbox.put([draft(Kind.ALERT)]))
            return "no answer within 2 s" in str(trap.relay.status().reason)

        trap.run(until=given_up)
        assert len(stored) > 10
        assert trap.relay.status().in_flight == 0
        with running(tmp_path / "broker") as broker, Subscriber(broker, TOPICS.alert("slug")) as subscriber:
            trap.relay.stop(timeout=1)
            trap.outbox.close()
            well = device(BrokerSettings(host="127.0.0.1", port=broker.port, client_id="trap-1"))
            well.run(until=well.empty)
            subscriber.wait_until(lambda: len(first_arrivals(subscriber, TOPICS.alert("slug"))) == len(stored))
            assert first_arrivals(subscriber, TOPICS.alert("slug")) == list(range(1, len(stored) + 1))


def test_availability_is_told_by_device_and_will(tmp_path: Path, device: Callable[[BrokerSettings], Device]) -> None:
    """`online` once connected, `offline` on a clean stop, both retained."""
    with running(tmp_path / "broker") as broker:
        trap = device(BrokerSettings(host="127.0.0.1", port=broker.port, client_id="trap-1"))
        trap.run(until=lambda: trap.relay.status().connected and trap.relay.status().in_flight == 0)
        assert broker.retained(TOPICS.availability) == "online"
        trap.relay.stop(timeout=5)
        assert broker.retained(TOPICS.availability) == "offline"


def test_a_topic_the_broker_refuses_does_not_block_the_next(
    tmp_path: Path, device: Callable[[BrokerSettings], Device]
) -> None:
    """Alerts are not allowed: they become dead letters with the reason, detections arrive."""
    acl = (f"user {USERNAME}", "topic readwrite insect-edge/#", "topic deny insect-edge/trap-1/alert/slug")
    with running(tmp_path / "broker", BrokerOptions(password=True, acl=acl)) as broker:
        trap = device(
            BrokerSettings(host="127.0.0.1", port=broker.port, client_id="trap-1", username=USERNAME, password=PASSWORD)
        )
        with Subscriber(broker, "insect-edge/#") as subscriber:
            trap.outbox.put([draft(Kind.ALERT), draft(Kind.DETECTION)])
            trap.run(until=trap.empty)
            subscriber.wait_for(1, topic=TOPICS.detection)
        assert trap.outbox.status().alert_losses.dead_letter == 1
        assert "not authorised" in str(trap.relay.status().reason)


def test_a_message_larger_than_a_3_1_1_broker_takes_is_found_out(
    tmp_path: Path, device: Callable[[BrokerSettings], Device]
) -> None:
    """Under 3.1.1 the limit is not told and the broker just hangs up: three times, then the message is set aside."""
    with running(tmp_path / "broker", BrokerOptions(extra=("max_packet_size 2000",))) as broker:
        trap = device(BrokerSettings(host="127.0.0.1", port=broker.port, client_id="trap-1", protocol="3.1.1"))

        def large(ticket: Ticket) -> Message:
            return Message(topic=TOPICS.detection, payload=b"%d" % ticket.seq * 3_000, qos=1, retain=False)

        trap.outbox.put([draft(Kind.DETECTION), Draft(kind=Kind.DETECTION, build=large), draft(Kind.DETECTION)])
        with Subscriber(broker, TOPICS.detection) as subscriber:
            trap.run(until=trap.empty)
            subscriber.wait_until(lambda: len(first_arrivals(subscriber, TOPICS.detection)) == 2)
            assert first_arrivals(subscriber, TOPICS.detection) == [1, 3]
        assert trap.outbox.status().losses.dead_letter == 1

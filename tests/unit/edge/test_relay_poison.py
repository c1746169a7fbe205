"""A message that breaks connections is found out, whatever it is; no other is blamed for it, or for the network."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.memory_publisher import MemoryPublisher
from insect_edge.health.report import Losses
from insect_edge.outbox.queue import Kind
from insect_edge.protocols import Acknowledged
from insect_edge.relay.poison import VERDICT_SECONDS
from support.relay_world import ALERT, TOPICS, World, latest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from insect_edge.domain import Message

HOME_ASSISTANT = "homeassistant/device/trap/config"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh world."""
    made = World(tmp_path)
    yield made
    made.outbox.close()


class DistantBroker(MemoryPublisher):
    """Hangs up only once all that was sent behind a deadly message is on its way, too, and lost with it."""

    dying = False
    deadly_filters: tuple[str, ...] = ()

    def subscribe(self, topic: str) -> None:
        """Likewise."""
        self.dying = self.dying or topic in self.deadly_filters
        if not self.dying:
            super().subscribe(topic)

    def publish(self, message: Message) -> int:
        """Swallow it while dying."""
        self.dying = self.dying or message.topic in self.deadly_topics
        if not self.dying:
            return super().publish(message)
        self._tokens += 1
        if not message.qos:
            self._inbox.put(Acknowledged(generation=self._generation, token=self._tokens, reason_code=0))
        return self._tokens


def settle(world: World) -> None:
    """Until nothing happens any more, without time passing."""
    world.settle()
    broker = world.broker
    while isinstance(broker, DistantBroker) and broker.dying:
        broker.dying = False
        broker.drop()
        world.settle()


def run(world: World, *, seconds: float) -> None:
    """Let so much time pass, from one deadline to the next."""
    until = world.clock.monotonic() + seconds
    settle(world)
    while (deadline := world.relay.next_deadline()) is not None and deadline < until:
        world.clock.advance(max(deadline - world.clock.monotonic(), 0.0))
        settle(world)
    world.clock.advance(until - world.clock.monotonic())
    settle(world)


@pytest.mark.parametrize(
    ("topic", "qos"), [(TOPICS.snapshot, 0), (TOPICS.health, 1), (HOME_ASSISTANT, 1), (TOPICS.counts, 1)]
)
def test_no_alert_is_given_up_for_a_picture(
    world: World, caplog: pytest.LogCaptureFixture, topic: str, qos: int
) -> None:
    """A broker that hangs up on one newest-wins message gets every alert, and all else, and then is left in peace."""
    world.broker = DistantBroker(world.inbox)
    world.relay = world.new_relay()
    world.broker.deadly_topics = {topic}
    others = [(TOPICS.snapshot, 0), (TOPICS.health, 1), (HOME_ASSISTANT, 1), (TOPICS.counts, 1)]
    for other, other_qos in others:
        world.relay.set_latest(latest(b"content", topic=other, qos=other_qos))
    for _ in range(8):
        world.put(Kind.ALERT, Kind.DETECTION)
        run(world, seconds=20)
    assert sorted(set(world.arrived())) == list(range(1, 17))
    assert world.outbox.status().losses == Losses()
    assert {message.topic for message in world.broker.published} >= {other for other, _ in others} - {topic}
    assert world.relay.status().connected
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.messages[0].startswith(f"{topic}: given up for an hour, or until it is smaller: the broker hung up 3")
    before = world.broker.connections
    world.relay.set_latest(latest(b"another", topic=topic, qos=qos))
    run(world, seconds=600)
    assert world.broker.connections == before
    world.broker.deadly_topics.clear()
    world.relay.set_latest(latest(b"small", topic=topic, qos=qos))
    run(world, seconds=1)
    assert world.broker.payloads(topic) == [b"small"]


def test_what_was_given_up_comes_back(tmp_path: Path) -> None:
    """A broker that was mended gets the newest description, said but once, and commands are heard, within the hour."""
    commands = TOPICS.command("+")
    world = World(tmp_path, subscriptions=(commands,))
    broker = world.broker = DistantBroker(world.inbox)
    world.relay = world.new_relay()
    broker.deadly_filters, broker.deadly_topics = (commands,), {HOME_ASSISTANT}
    world.relay.set_latest(latest(b"description", topic=HOME_ASSISTANT))
    run(world, seconds=300)
    world.relay.set_latest(latest(b"description 2", topic=HOME_ASSISTANT))
    run(world, seconds=300)
    assert (broker.payloads(HOME_ASSISTANT), broker._filters) == ([], [])
    broker.deadly_filters, broker.deadly_topics = (), set()
    connections = broker.connections
    run(world, seconds=VERDICT_SECONDS)
    assert (broker.payloads(HOME_ASSISTANT), broker._filters) == ([b"description 2"], [commands])
    assert broker.connections == connections
    world.outbox.close()


def test_no_alert_is_given_up_for_a_subscription(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A broker that hangs up on who wants to listen gets everything else; from then on nothing is listened to."""
    world = World(tmp_path, subscriptions=(TOPICS.command("+"),))
    broker = world.broker = DistantBroker(world.inbox)
    world.relay = world.new_relay()
    broker.deadly_filters = (TOPICS.command("+"),)
    world.relay.set_latest(latest(b"content"))
    for _ in range(8):
        world.put(Kind.ALERT, Kind.DETECTION)
        run(world, seconds=20)
    assert sorted(set(world.arrived())) == list(range(1, 17))
    assert world.outbox.status().losses == Losses()
    assert broker.payloads(TOPICS.health)
    assert world.relay.status().connected
    assert [message.split(":")[0] for message in caplog.messages] == ["subscriptions"]
    assert "no command is heard" in caplog.text
    connections = broker.connections
    run(world, seconds=600)
    assert broker.connections == connections
    world.outbox.close()


def test_a_network_that_breaks_at_once_costs_no_alert(world: World) -> None:
    """Ten connections in a row that end a second after the alert was sent, or before: it is sent again, and arrives."""
    world.settle()
    world.put(Kind.ALERT)
    for _ in range(10):
        world.broker.withhold = True
        world.settle()
        world.clock.advance(1)
        world.broker.drop()
        world.broker.withhold = False
        world.settle()
        deadline = world.relay.next_deadline()
        assert deadline is not None
        world.clock.advance(max(deadline - world.clock.monotonic(), 0.0))
        world.relay.pump()
        for _ in range(2):
            world.relay.handle(world.inbox.get_nowait())
    run(world, seconds=30)
    assert world.outbox.status().losses == Losses()
    assert world.outbox.status().depth == 0


def test_suspicion_of_what_is_never_sent_again_passes(world: World) -> None:
    """A connection that lasts is proof enough: rows go by the window again."""
    world.settle()
    world.relay.set_latest(latest(b"frame", topic=TOPICS.classification, qos=0, retain=False))
    world.settle()
    world.clock.advance(1)
    world.broker.drop()
    run(world, seconds=100)
    world.broker.withhold = True
    world.put(*[Kind.DETECTION] * 4)
    world.settle()
    assert world.relay.status().in_flight == 4


def test_a_message_that_breaks_connections_delays_others_by_seconds(world: World) -> None:
    """The last attempt waits until the connection has stood for a while; those behind the culprit follow at once."""
    world.settle()
    world.broker.deadly_topics = {ALERT}
    world.put(Kind.ALERT, Kind.DETECTION)
    began = world.clock.monotonic()
    while world.outbox.status().depth:
        world.settle()
        world.wait()
    assert world.arrived() == [2]
    assert world.outbox.status().alert_losses == Losses(dead_letter=1)
    assert world.clock.monotonic() - began < 20

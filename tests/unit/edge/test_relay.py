from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_edge.mqtt import messages
from insect_edge.outbox.queue import Kind
from support.relay_world import TOPICS, World, latest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh world."""
    made = World(tmp_path)
    yield made
    made.outbox.close()


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[World]:
    """A world with a window of three."""
    made = World(tmp_path, window=3)
    yield made
    made.outbox.close()


def test_it_says_online_first_then_empties_the_outbox(world: World) -> None:
    """Availability comes before anything else; what is acknowledged leaves the outbox."""
    world.put(Kind.DETECTION, Kind.DETECTION)
    world.settle()
    assert world.broker.published[0] == messages.online(TOPICS)
    assert world.arrived() == [1, 2]
    assert world.outbox.status().depth == 0
    status = world.relay.status()
    assert (status.connected, status.protocol, status.refusals_visible) == (True, "5", True)
    assert (status.in_flight, status.reason) == (0, None)
    assert status.last_acknowledged == world.clock.monotonic()


def test_alerts_overtake_detections_and_order_is_kept_within_each(world: World) -> None:
    """Everything waits when the connection comes: alerts first, each kind by number."""
    world.put(Kind.DETECTION, Kind.ALERT, Kind.DETECTION, Kind.ALERT)
    world.settle()
    assert world.arrived() == [2, 4, 1, 3]


def test_an_alert_overtakes_catching_up(narrow: World) -> None:
    """With a long queue under way a new alert is the very next to be sent."""
    narrow.put(*[Kind.DETECTION] * 10)
    narrow.broker.withhold = True
    narrow.relay.pump()
    narrow.broker.acknowledge()
    narrow.broker.withhold = False
    narrow.relay.handle(narrow.inbox.get())
    narrow.broker.acknowledge()
    while not narrow.inbox.empty():
        narrow.relay.handle(narrow.inbox.get())
    narrow.broker.withhold = True
    narrow.relay.pump()
    assert narrow.arrived() == [1, 2, 3]
    narrow.put(Kind.ALERT)
    narrow.broker.withhold = False
    narrow.broker.acknowledge()
    narrow.settle()
    assert narrow.arrived() == [1, 2, 3, 11, *range(4, 11)]


def test_never_more_than_the_window_is_under_way(narrow: World) -> None:
    """The client library's own queue stays empty: unacknowledged rows are few."""
    narrow.settle()
    narrow.broker.withhold = True
    narrow.put(*[Kind.DETECTION] * 10)
    narrow.settle()
    assert narrow.arrived() == [1, 2, 3]
    assert narrow.relay.status().in_flight == 3
    narrow.broker.acknowledge()
    narrow.settle()
    assert narrow.arrived() == [1, 2, 3, 4, 5, 6]


def test_the_brokers_receive_maximum_is_kept(world: World) -> None:
    """Unacknowledged messages of QoS 1, newest-wins ones among them, never exceed what the broker takes."""
    world.broker.receive_maximum = 2
    world.settle()
    world.broker.withhold = True
    world.put(*[Kind.DETECTION] * 5)
    world.relay.set_latest(latest(b"h"))
    world.settle()
    assert world.relay.status().in_flight == 2
    world.broker.withhold = False
    world.broker.acknowledge()
    world.settle()
    assert world.arrived() == [1, 2, 3, 4, 5]


def test_rows_stay_until_they_are_acknowledged(world: World) -> None:
    """Sent is not delivered."""
    world.settle()
    world.broker.withhold = True
    world.put(Kind.ALERT)
    world.settle()
    assert world.arrived() == [1]
    assert world.outbox.status().depth == 1
    world.broker.acknowledge()
    world.settle()
    assert world.outbox.status().depth == 0


def test_what_was_under_way_is_sent_again_byte_for_byte(world: World) -> None:
    """After a lost connection everything unacknowledged is repeated in order, identically."""
    world.settle()
    world.broker.withhold = True
    world.put(Kind.DETECTION, Kind.DETECTION)
    world.settle()
    first = [made for made in world.broker.published if made.topic == TOPICS.detection]
    world.broker.drop()
    world.broker.withhold = False
    world.settle()
    assert not world.relay.status().connected
    world.wait()
    assert [made for made in world.broker.published if made.topic == TOPICS.detection] == [*first, *first]
    assert world.outbox.status().depth == 0


def test_what_was_acknowledged_is_not_sent_again(world: World) -> None:
    """A reconnect with nothing under way repeats nothing."""
    world.put(Kind.DETECTION)
    world.settle()
    world.broker.drop()
    world.settle()
    world.wait()
    assert world.arrived() == [1]

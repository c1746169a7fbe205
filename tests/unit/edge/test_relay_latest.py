from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_edge.errors import OutboxError
from insect_edge.health.report import Losses
from insect_edge.outbox.queue import Kind
from support.relay_world import ALERT, TOPICS, World, draft, latest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh world."""
    made = World(tmp_path)
    yield made
    made.outbox.close()


def test_the_newest_of_a_topic_wins(world: World) -> None:
    """What was not sent yet is replaced; what is retained is there for those who come later."""
    world.relay.set_latest(latest(b"old"))
    world.relay.set_latest(latest(b"new"))
    world.settle()
    assert world.broker.payloads(TOPICS.health) == [b"new"]


def test_only_one_message_of_a_topic_is_under_way(world: World) -> None:
    """While one waits for its acknowledgement a hundred newer ones cost one place in memory."""
    world.settle()
    world.broker.withhold = True
    for number in range(100):
        world.relay.set_latest(latest(b"%d" % number))
        world.settle()
    assert world.broker.payloads(TOPICS.health) == [b"0"]
    world.broker.acknowledge()
    world.settle()
    assert world.broker.payloads(TOPICS.health) == [b"0", b"99"]


def test_what_is_retained_is_sent_again_on_a_new_connection(world: World) -> None:
    """A broker may have forgotten; what is not retained is over."""
    world.settle()
    world.relay.set_latest(latest(b"health"))
    world.relay.set_latest(latest(b"frame", topic=TOPICS.classification, qos=0, retain=False))
    world.settle()
    world.broker.drop()
    world.settle()
    world.wait()
    assert world.broker.payloads(TOPICS.health) == [b"health", b"health"]
    assert world.broker.payloads(TOPICS.classification) == [b"frame"]


def test_without_a_connection_only_what_is_retained_is_kept(world: World) -> None:
    """An old classification is worth nothing."""
    world.relay.set_latest(latest(b"frame", topic=TOPICS.classification, qos=0, retain=False))
    world.relay.set_latest(latest(b"health"))
    world.settle()
    assert world.broker.payloads(TOPICS.classification) == []
    assert world.broker.payloads(TOPICS.health) == [b"health"]


def test_a_picture_too_large_for_the_broker_is_forgotten(world: World) -> None:
    """It is told, tried once, and stops nothing."""
    world.broker.maximum_packet_size = 1_000
    world.relay.set_latest(latest(b"x" * 2_000, topic=TOPICS.snapshot, qos=0))
    world.put(Kind.ALERT)
    world.settle()
    assert world.arrived() == [1]
    assert "2030 bytes, the broker takes 1000" in str(world.relay.status().reason)


def test_pictures_of_many_events_do_not_pile_up(world: World) -> None:
    """Memory holds a bounded number of topics, and health is never among the forgotten."""
    world.broker.reachable = False
    world.relay.set_latest(latest(b"health"))
    for number in range(500):
        world.relay.set_latest(latest(b"jpeg", topic=f"{TOPICS.snapshot}/{number}", qos=0))
    world.broker.reachable = True
    world.settle()
    assert len(world.broker.published) <= 65
    assert world.broker.payloads(TOPICS.health) == [b"health"]
    assert world.broker.payloads(f"{TOPICS.snapshot}/499") == [b"jpeg"]


def test_the_last_will_is_offline(world: World) -> None:
    """When the connection breaks the broker says what the device cannot."""
    world.settle()
    world.broker.drop()
    assert world.availability() == [b"online", b"offline"]
    world.settle()
    world.wait()
    assert world.availability() == [b"online", b"offline", b"online"]
    assert world.broker.retained[TOPICS.availability].payload == b"online"


def test_a_clean_stop_says_offline_itself(world: World) -> None:
    """Once, not again as a will; what waits stays for the next start; nothing is attempted any more."""
    world.settle()
    world.put(Kind.ALERT)
    world.relay.stop(timeout=2)
    assert world.availability() == [b"online", b"offline"]
    assert world.outbox.status().depth == 1
    assert not world.relay.status().connected
    world.clock.advance(3_600)
    world.settle()
    assert world.broker.connections == 1


def test_stopping_without_a_connection_is_quiet(world: World) -> None:
    """There is nobody to say goodbye to."""
    world.broker.reachable = False
    world.settle()
    world.relay.stop(timeout=2)
    assert world.broker.published == []


def test_an_outbox_that_cannot_be_read_is_told_and_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Health and the connection go on; once the disk is well the messages follow."""
    world.put(Kind.ALERT)

    def fail(*_: object, **__: object) -> Sequence[object]:
        raise OutboxError("outbox.db: disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(world.outbox, "pending", fail)
        world.relay.set_latest(latest(b"health"))
        world.settle()
        assert world.relay.status().storage_error == "outbox.db: disk I/O error"
        assert world.broker.payloads(TOPICS.health) == [b"health"]
    assert world.arrived() == []
    world.wait()
    assert world.arrived() == [1]
    assert world.relay.status().storage_error is None


def test_what_was_delivered_but_cannot_be_deleted_is_not_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk that refuses the deletion does not turn into repeats, not even on a new connection."""
    world.settle()

    def fail(*_: object) -> None:
        raise OutboxError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(world.outbox, "ack", fail)
        world.put(Kind.DETECTION, Kind.DETECTION)
        world.settle()
        world.broker.drop()
        world.settle()
        world.wait()
        assert world.relay.status().storage_error == "the disk is full"
    world.wait()
    assert world.arrived() == [1, 2]
    assert world.outbox.status().depth == 0


def test_what_is_left_of_an_expiry_goes_with_the_message(world: World) -> None:
    """After an outage the broker is told the rest, so that a subscriber never gets what has expired."""
    world.broker.reachable = False
    world.settle()
    world.outbox.put([draft(expiry=600), draft(expiry=30)])
    world.clock.advance(100)
    world.broker.reachable = True
    world.settle()
    (made,) = [made for made in world.broker.published if made.topic == TOPICS.detection]
    assert made.expiry_seconds == 500
    assert world.outbox.status().losses == Losses(expired=1)


def test_a_suspect_that_left_the_queue_slows_nothing_down(world: World) -> None:
    """Once nothing waits any more, rows go by the window again."""
    world.settle()
    world.broker.deadly_topics = {ALERT}
    world.outbox.put([draft(Kind.ALERT, expiry=5)])
    world.settle()
    world.broker.deadly_topics = set()
    world.clock.advance(10)
    world.settle()
    world.broker.withhold = True
    world.put(*[Kind.DETECTION] * 4)
    world.settle()
    assert world.relay.status().in_flight == 4

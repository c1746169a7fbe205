"""After an outage: how fast the backlog goes, what goes before it, and how little is read meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_edge.health.report import Losses
from insect_edge.outbox import inspection
from insect_edge.outbox.queue import LOOK_SECONDS, Kind
from insect_edge.relay.ledger import SETTLE_SECONDS
from support.outbox_world import fill_disk, free_disk
from support.relay_world import ALERT, TOPICS, World, draft, latest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from insect_edge.outbox.queue import Outbox


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh world whose backlog goes out in fours, two a second."""
    made = World(tmp_path, window=4, catch_up_rate=2.0)
    yield made
    made.outbox.close()


def statements(outbox: Outbox) -> list[str]:
    """What SQLite is asked from now on."""
    asked: list[str] = []
    outbox._store._connection.set_trace_callback(asked.append)  # type: ignore[union-attr]
    return asked


def test_the_backlog_goes_in_batches(world: World) -> None:
    """So many at once, the next when the average allows it."""
    world.put(*[Kind.DETECTION] * 10)
    world.settle()
    assert world.arrived() == [1, 2, 3, 4]
    assert world.relay.next_deadline() == world.clock.monotonic() + 2.0
    world.settle()
    assert world.arrived() == [1, 2, 3, 4]
    world.wait()
    assert world.arrived() == [1, 2, 3, 4, 5, 6, 7, 8]
    world.wait()
    assert world.arrived() == [*range(1, 11)]
    assert world.relay.next_deadline() is None


def test_a_batch_that_is_due_is_no_reason_to_wake(world: World) -> None:
    """Once its time has come a row that was held back waits for something else, which wakes the owner by itself."""
    world.put(*[Kind.DETECTION] * 5)
    world.settle()
    pace = world.relay._traffic._catch_up
    due = pace.deadline(world.clock.monotonic())
    assert due == world.clock.monotonic() + 2.0
    assert pace.deadline(due) is None


def test_alerts_in_memory_go_out_while_nothing_can_be_written_down(world: World) -> None:
    """An acknowledgement that cannot be stored on a full disk holds up nothing that waits to be sent."""
    world.put(Kind.DETECTION)
    fill_disk(world.outbox)
    world.settle()
    assert world.relay.status().storage_error is not None
    world.outbox.put_urgent([draft(Kind.ALERT)])
    world.settle()
    assert world.arrived() == [1, 2]


def test_alerts_wait_for_no_batch(world: World) -> None:
    """Those of the outage go first, all of them, and a new one overtakes what is left of the backlog."""
    world.put(*[Kind.DETECTION] * 8, *[Kind.ALERT] * 6)
    world.settle()
    assert world.arrived() == [*range(9, 15), 1, 2, 3, 4]
    world.put(Kind.ALERT)
    world.settle()
    assert world.arrived()[-1] == 15
    world.wait()
    assert world.arrived()[-4:] == [5, 6, 7, 8]


def test_what_is_new_waits_for_nothing_but_its_turn(world: World) -> None:
    """Detections that came later follow the backlog at once, in order, and afterwards there is no pace any more."""
    world.put(*[Kind.DETECTION] * 6)
    world.settle()
    world.put(*[Kind.DETECTION] * 9)
    world.settle()
    assert world.arrived() == [1, 2, 3, 4]
    world.wait()
    assert world.arrived() == [*range(1, 16)]
    world.put(*[Kind.DETECTION] * 9)
    world.settle()
    assert world.arrived() == [*range(1, 25)]


def test_a_connection_that_comes_and_goes_is_no_way_around_the_pace(world: World) -> None:
    """The average counts over all connections."""
    world.put(*[Kind.DETECTION] * 40)
    world.settle()
    for _ in range(4):
        world.broker.drop()
        world.settle()
        world.wait()
    assert len(world.arrived()) <= 4 + 2 * (world.clock.monotonic() - 1000)


def test_an_exceeded_quota_keeps_the_connection_and_waits_longer_each_time(world: World) -> None:
    """Rows pause, about twice as long each time; health goes on; what is accepted ends it."""
    world.broker.refused_topics[ALERT] = 0x97
    world.put(Kind.ALERT)
    world.settle()
    pauses = []
    for number in range(8):
        due = world.relay.next_deadline()
        assert due is not None
        pauses.append(due - world.clock.monotonic())
        world.relay.set_latest(latest(b"%d" % number))
        world.settle()
        assert world.broker.payloads(TOPICS.health)[-1] == b"%d" % number
        world.wait()
    assert world.broker.connections == 1
    assert all(later > 1.2 * sooner for sooner, later in zip(pauses[:5], pauses[2:7], strict=True))
    assert max(pauses) <= 60
    world.broker.refused_topics.clear()
    world.wait()
    assert world.arrived() == [1]
    assert world.outbox.status().losses == Losses()
    assert world.outbox.status().depth == 0
    world.broker.refused_topics[ALERT] = 0x97
    world.put(Kind.ALERT)
    world.settle()
    due = world.relay.next_deadline()
    assert due is not None
    assert due - world.clock.monotonic() <= 1.0


def test_nothing_is_read_while_there_is_nothing_new(world: World) -> None:
    """Going round costs no SQL, connected or not; now and then one question whether somebody else was there."""
    world.put(Kind.DETECTION, Kind.ALERT)
    world.settle()
    world.clock.advance(LOOK_SECONDS)
    world.settle()
    asked = statements(world.outbox)
    for _ in range(100):
        world.settle()
    assert asked == []
    world.clock.advance(LOOK_SECONDS)
    world.settle()
    assert len(asked) == 1
    world.put(Kind.DETECTION)
    world.settle()
    assert world.arrived()[-1] == 3


def test_nothing_is_read_while_the_pace_holds_the_backlog(world: World) -> None:
    """A row that has to wait is not read again and again."""
    world.put(*[Kind.DETECTION] * 10)
    world.settle()
    asked = statements(world.outbox)
    for _ in range(50):
        world.settle()
    assert asked == []


def test_deliveries_are_written_down_together(tmp_path: Path) -> None:
    """While more is under way the outbox is not written for each acknowledgement; in the end nothing is left."""
    made = World(tmp_path)
    made.settle()
    made.broker.withhold = True
    made.put(*[Kind.DETECTION] * 20)
    made.settle()
    asked = statements(made.outbox)
    made.broker.acknowledge()
    made.relay.handle(made.inbox.get())
    made.relay.pump()
    assert not [statement for statement in asked if "DELETE" in statement]
    due = made.relay.next_deadline()
    assert due is not None
    assert due <= made.clock.monotonic() + SETTLE_SECONDS
    made.broker.withhold = False
    made.settle()
    made.broker.acknowledge()
    made.settle()
    assert sum(statement.startswith("BEGIN") for statement in asked) <= 3
    assert made.outbox.status().depth == 0
    made.outbox.close()


def test_a_dead_letter_put_back_is_sent_while_connected(world: World, tmp_path: Path) -> None:
    """A number below what was sent before is noticed, and goes out once, with the same bytes."""
    world.broker.refused_topics[ALERT] = 0x87
    world.put(Kind.ALERT, Kind.DETECTION, Kind.ALERT)
    world.settle()
    assert world.outbox.status().losses == Losses(dead_letter=2)
    world.broker.refused_topics.clear()
    inspection.retry(tmp_path, [1])
    world.clock.advance(LOOK_SECONDS)
    world.settle()
    assert world.arrived() == [2, 1]
    assert world.outbox.status().losses == Losses(dead_letter=1)
    assert world.outbox.status().depth == 0
    world.clock.advance(LOOK_SECONDS)
    world.settle()
    assert world.arrived() == [2, 1]


def test_what_has_expired_hides_nothing_behind_it(tmp_path: Path) -> None:
    """A stretch of expired rows longer than what is read at once does not end the queue."""
    made = World(tmp_path, window=2)
    made.broker.reachable = False
    made.settle()
    made.outbox.put([draft(expiry=5) for _ in range(7)] + [draft()])
    made.clock.advance(60)
    made.broker.reachable = True
    made.settle()
    assert made.arrived() == [8]
    assert made.outbox.status().losses == Losses(expired=7)
    made.outbox.close()


def test_alerts_go_out_while_the_disk_is_full(world: World) -> None:
    """From memory, each once, and what was stored before comes first."""
    world.broker.reachable = False
    world.settle()
    world.put(Kind.ALERT)
    fill_disk(world.outbox)
    world.outbox.put_urgent([draft(Kind.ALERT), draft(Kind.ALERT)])
    world.broker.reachable = True
    world.wait()
    assert world.arrived() == [1, 2, 3]
    world.broker.drop()
    world.settle()
    world.wait()
    assert world.arrived() == [1, 2, 3]
    free_disk(world.outbox)
    world.clock.advance(10)
    world.outbox.recover()
    world.settle()
    assert world.arrived() == [1, 2, 3]
    assert world.outbox.status().depth == 0
    assert world.outbox.status().undurable == 2


def test_a_broker_that_takes_pictures_and_says_nothing_is_given_up(world: World) -> None:
    """Also what needs no acknowledgement has to leave the machine in time."""
    world.settle()
    world.broker.withhold = True
    world.relay.set_latest(latest(b"health"))
    world.settle()
    world.wait()
    assert "acknowledged nothing for 30 s" in str(world.relay.status().reason)

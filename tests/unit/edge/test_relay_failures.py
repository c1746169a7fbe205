from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_edge.health.report import Losses
from insect_edge.outbox.queue import Draft, Kind
from insect_edge.protocols import Acknowledged, Connected, Disconnected
from support.relay_world import ALERT, TOPICS, World, draft, latest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh world."""
    made = World(tmp_path)
    yield made
    made.outbox.close()


def test_a_broker_that_is_down_at_the_start_loses_nothing(world: World) -> None:
    """Messages wait through an outage of hours and arrive once the broker is there."""
    world.broker.reachable = False
    world.settle()
    for _ in range(50):
        world.put(Kind.DETECTION, Kind.ALERT)
        world.wait()
    assert world.relay.status().reason == "nobody listens"
    world.broker.reachable = True
    world.wait()
    assert world.arrived() == [*range(2, 101, 2), *range(1, 101, 2)]


def test_attempts_are_spaced_with_growing_jittered_delays(world: World) -> None:
    """The time of the next attempt is told, about doubles, and stays below the longest."""
    world.broker.reachable = False
    delays = []
    world.settle()
    for _ in range(12):
        deadline = world.relay.next_deadline()
        assert deadline is not None
        delays.append(deadline - world.clock.monotonic())
        world.wait()
    assert world.broker.connections == 13
    assert delays[0] <= 1.0
    assert all(30 <= delay <= 60 for delay in delays[7:])
    assert len(set(delays)) == len(delays)


def test_nothing_is_attempted_before_its_time(world: World) -> None:
    """Pumping more often does not connect more often."""
    world.broker.reachable = False
    world.settle()
    for _ in range(100):
        world.settle()
    assert world.broker.connections == 1


def test_a_refusal_waits_long(world: World) -> None:
    """A wrong password will not be right in a second; the reason is told in one line."""
    world.broker.refusal = "broker: wrong user name or password: correct them"
    world.settle()
    status = world.relay.status()
    assert (status.connected, status.refused) == (False, True)
    assert status.reason == "broker: wrong user name or password: correct them"
    deadline = world.relay.next_deadline()
    assert deadline is not None
    assert deadline - world.clock.monotonic() >= 30
    world.broker.refusal = None
    world.wait()
    assert world.relay.status().connected
    assert not world.relay.status().refused


def test_an_accepted_connection_alone_does_not_reset_the_delays(world: World) -> None:
    """A broker that accepts and hangs up at once is not hammered."""
    world.broker.deadly_topics = {TOPICS.availability}
    world.settle()
    for _ in range(10):
        world.wait()
    deadline = world.relay.next_deadline()
    assert deadline is not None
    assert deadline - world.clock.monotonic() >= 30


def test_a_broker_that_never_answers_is_given_up(world: World) -> None:
    """Accepting the connection and then saying nothing counts as a failure after a while."""
    world.broker.silent = True
    world.settle()
    assert world.relay.next_deadline() == world.clock.monotonic() + 20
    world.wait()
    assert world.relay.status().reason == "no answer within 20 s: check host, port and the broker"
    world.broker.silent = False
    world.wait()
    assert world.relay.status().connected


def test_a_broker_that_stops_acknowledging_is_given_up(world: World) -> None:
    """A half-dead broker is left after a while, and what was under way is sent to the next."""
    world.settle()
    world.broker.withhold = True
    world.put(Kind.ALERT)
    world.settle()
    assert world.relay.next_deadline() == world.clock.monotonic() + 30
    world.wait()
    assert "acknowledged nothing for 30 s" in str(world.relay.status().reason)
    world.broker.withhold = False
    world.wait()
    assert world.arrived() == [1, 1]
    assert world.outbox.status().depth == 0


def test_a_half_dead_broker_never_costs_a_message(world: World) -> None:
    """However often the relay has to give up, it is not the message's fault."""
    world.settle()
    world.put(Kind.ALERT)
    world.broker.withhold = True
    for _ in range(20):
        world.settle()
        world.wait()
    assert world.outbox.status().losses == Losses()
    assert world.outbox.status().depth == 1


def test_notices_of_an_older_connection_are_ignored(world: World) -> None:
    """An acknowledgement or an end that belongs to yesterday's connection changes nothing today."""
    world.settle()
    world.broker.drop()
    world.settle()
    world.wait()
    world.broker.withhold = True
    world.put(Kind.DETECTION)
    world.settle()
    for token in range(100):
        world.relay.handle(Acknowledged(generation=1, token=token, reason_code=0))
    world.relay.handle(Disconnected(generation=1, reason="stale", refused=False))
    world.relay.handle(Connected(generation=1, session_present=False, protocol="5", maximum_packet_size=None))
    world.settle()
    assert world.relay.status().connected
    assert world.outbox.status().depth == 1


def test_a_refused_message_becomes_a_dead_letter_and_the_next_goes_on(world: World) -> None:
    """Under MQTT 5 the reason code tells; the reason is kept and shown."""
    world.broker.refused_topics[ALERT] = 0x87
    world.put(Kind.ALERT, Kind.DETECTION)
    world.settle()
    assert world.arrived() == [2]
    assert world.outbox.status().losses == Losses(dead_letter=1)
    assert (
        world.relay.status().reason == f"{ALERT}: refused: not authorised: give this user the right to write the topic"
    )
    assert world.relay.status().connected


def test_an_exceeded_quota_is_worth_another_try(world: World) -> None:
    """The one refusal that passes by itself: the message stays and is sent again later."""
    world.broker.refused_topics[ALERT] = 0x97
    world.put(Kind.ALERT)
    world.settle()
    assert world.outbox.status().losses == Losses()
    world.broker.refused_topics.clear()
    world.wait()
    assert world.arrived() == [1]
    assert world.outbox.status().depth == 0


def test_under_3_1_1_refusals_are_invisible_and_the_status_says_so(world: World) -> None:
    """The old protocol acknowledges what it refuses; nobody can know, so that is what is said."""
    world.broker.protocol = "3.1.1"
    world.broker.refused_topics[ALERT] = 0x87
    world.put(Kind.ALERT)
    world.settle()
    status = world.relay.status()
    assert (status.protocol, status.refusals_visible) == ("3.1.1", False)
    assert world.outbox.status().depth == 0


def test_a_message_too_large_for_the_broker_becomes_a_dead_letter(world: World) -> None:
    """It can never be sent, so it does not block the next one."""
    world.broker.maximum_packet_size = 1_000
    world.outbox.put([draft(size=2_000), draft()])
    world.settle()
    assert world.arrived() == [2]
    assert world.outbox.status().losses == Losses(dead_letter=1)


def test_a_message_that_breaks_three_connections_is_set_aside(world: World) -> None:
    """A broker that hangs up at the sight of one message gets the others, in order."""
    world.broker.deadly_topics = {ALERT}
    world.put(Kind.DETECTION, Kind.ALERT, Kind.DETECTION)
    world.settle()
    for _ in range(4):
        world.wait()
    assert world.arrived() == [1, 3]
    assert world.outbox.status().losses == Losses(dead_letter=1)
    assert world.outbox.status().depth == 0


def test_only_the_message_that_breaks_connections_is_set_aside(world: World) -> None:
    """Others that were under way at the same time are sent one at a time until the culprit is found."""
    world.settle()
    world.put(*[Kind.DETECTION] * 5)
    world.outbox.put([draft(Kind.ALERT)])
    world.broker.deadly_topics = {ALERT}
    for _ in range(10):
        world.settle()
        if world.outbox.status().depth == 0:
            break
        world.wait()
    assert sorted(set(world.arrived())) == [1, 2, 3, 4, 5]
    assert world.outbox.status().alert_losses == Losses(dead_letter=1)
    assert world.outbox.status().losses == Losses(dead_letter=1)


def test_the_oldest_under_way_is_not_blamed_for_one_behind_it(world: World) -> None:
    """With several under way only the first could be blamed; one at a time it is the right one."""
    deadly = Draft(kind=Kind.DETECTION, build=lambda _: latest(b"poison", topic="t/deadly", retain=False))
    world.broker.deadly_topics = {"t/deadly"}
    world.outbox.put([draft(), draft(), deadly, draft()])
    while world.outbox.status().depth:
        world.broker.withhold = False
        world.relay.pump()
        while not world.inbox.empty():
            world.relay.handle(world.inbox.get())
        # Connected and greeted, and from here on every acknowledgement is late.
        world.broker.withhold = True
        while world.relay.status().connected and world.outbox.status().depth:
            world.relay.pump()
            world.clock.advance(1)
            world.broker.acknowledge()
            while not world.inbox.empty():
                world.relay.handle(world.inbox.get())
        world.clock.advance(60)
    assert sorted(set(world.arrived())) == [1, 2, 4]
    assert world.outbox.status().losses == Losses(dead_letter=1)


def test_a_network_that_breaks_costs_no_message(world: World) -> None:
    """A connection that ends long after the message was sent does not make it a suspect."""
    world.settle()
    world.put(Kind.ALERT)
    for _ in range(10):
        world.broker.withhold = True
        world.settle()
        world.clock.advance(10)
        world.broker.drop()
        world.broker.withhold = False
        world.settle()
        deadline = world.relay.next_deadline()
        assert deadline is not None
        world.clock.advance(max(0.0, deadline - world.clock.monotonic()))
        world.relay.pump()
        world.relay.handle(world.inbox.get())
        world.relay.handle(world.inbox.get())
    assert world.outbox.status().losses == Losses()

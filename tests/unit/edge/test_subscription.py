"""A subscriber that stays."""

from __future__ import annotations

import signal
from queue import SimpleQueue
from random import Random
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.memory_publisher import MemoryPublisher
from insect_edge.backoff import Backoff
from insect_edge.errors import PublishError
from insect_edge.mqtt.subscription import Subscription
from insect_edge.protocols import Connected, Disconnected, Received, Signalled

if TYPE_CHECKING:
    from insect_edge.protocols import Notice


class World:
    """A subscription over a broker in memory and a clock that only the waiting moves."""

    def __init__(self) -> None:
        self.inbox: SimpleQueue[Notice] = SimpleQueue()
        self.clock = FakeClock()
        self.publisher = MemoryPublisher(self.inbox)
        self.messages: list[Received] = []
        self.states: list[str] = []
        self.subscription = Subscription(
            self.publisher,
            self.inbox,
            clock=self.clock,
            topics=("insect-edge/#",),
            backoff=Backoff(first=1.0, longest=30.0, random=Random(1)),  # noqa: S311 - spreads delays
        )

    def follow(self, seconds: float) -> bool:
        """Follow for so long on the fake clock."""
        until = self.clock.monotonic() + seconds
        return self.subscription.follow(self.messages.append, on_state=self.states.append, until=until)


def message(generation: int) -> Received:
    """Something that arrived on a connection."""
    return Received(generation=generation, topic="insect-edge/bed-1/availability", payload=b"online", retain=True)


def test_what_arrives_is_handed_on() -> None:
    """Messages reach the caller until the time is up."""
    world = World()
    world.inbox.put(message(1))
    assert world.follow(5)
    assert [received.payload for received in world.messages] == [b"online"]
    assert world.states[0].startswith("connected")


def test_a_signal_ends_it_early() -> None:
    """Ctrl-C is obeyed at once, and told to the caller."""
    world = World()
    world.inbox.put(Signalled(number=signal.SIGINT))
    started = world.clock.monotonic()
    assert not world.follow(1000)
    assert world.clock.monotonic() - started < 1000


def test_it_comes_back_after_an_outage() -> None:
    """A lost connection is made again after a delay, and subscribed again."""
    world = World()
    world.follow(1)
    world.inbox.put(Disconnected(generation=1, reason="connection lost", refused=False))
    world.follow(120)
    assert "connection lost; trying again" in world.states[1]
    assert world.states[-1].startswith("connected")


def test_a_connection_that_breaks_before_it_is_subscribed_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection lost in the very moment it was made is an outage like any other."""
    world = World()
    subscribe = world.publisher.subscribe

    def broken(_: str) -> None:
        monkeypatch.setattr(world.publisher, "subscribe", subscribe)
        world.inbox.put(Disconnected(generation=1, reason="connection lost", refused=False))
        raise PublishError("not connected", retry=True)

    monkeypatch.setattr(world.publisher, "subscribe", broken)
    assert world.follow(120)
    assert [state.split(" ")[0] for state in world.states] == ["connection", "connected"]


def test_a_refusal_is_an_error() -> None:
    """What time does not heal is not tried again and again."""
    world = World()
    world.follow(1)
    world.inbox.put(Disconnected(generation=1, reason="wrong password", refused=True))
    with pytest.raises(PublishError, match="wrong password"):
        world.follow(10)


def test_a_refused_subscription_is_one_clear_line() -> None:
    """Nothing would ever come, so it is not waited for."""
    world = World()
    world.publisher.refused_filters["insect-edge/#"] = 0x87
    with pytest.raises(PublishError, match=r"^insect-edge/#: subscription refused: not authorised: give this user"):
        world.follow(10)


def test_notices_of_an_older_connection_are_ignored() -> None:
    """Only the newest connection counts."""
    world = World()
    world.follow(1)
    before = list(world.states)
    world.inbox.put(Disconnected(generation=0, reason="old", refused=True))
    world.inbox.put(Connected(generation=0, session_present=False, protocol="5", maximum_packet_size=None))
    world.follow(1)
    assert world.states == before


def test_closing_leaves_nothing_in_the_inbox() -> None:
    """The goodbye takes the last notices with it."""
    world = World()
    world.follow(1)
    world.inbox.put(message(1))
    world.subscription.close()
    assert world.inbox.empty()

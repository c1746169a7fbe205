"""Ends of the daemon, asked for and not: what was seen is told, once and for good."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from support import story
from support.faulty_proxy import FaultyProxy
from support.mosquitto import Mosquitto, Subscriber, running
from support.story import TOPIC
from support.trap import PEST, Trap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.programs import Program

pytestmark = pytest.mark.e2e


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """Anybody may do anything."""
    with running(tmp_path / "broker") as started:
        yield started


def assert_in_order(daemon: Program, *texts: str) -> None:
    """The log has these words in lines that follow each other in this order."""
    lines = iter(daemon.errors)
    for text in texts:
        assert any(text in line for line in lines), f"{text!r} is not there, or too early:\n{daemon}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(broker: Mosquitto, tmp_path: Path, number: signal.Signals) -> None:
    """The open event is ended and told, then health says `stopping`, and the last word is a retained `offline`."""
    trap = Trap(tmp_path / "trap", port=broker.port, policy={"end_after": 10})
    trap.show(PEST)
    with Subscriber(broker, f"{TOPIC}/#") as subscriber, trap.running() as daemon:
        subscriber.wait_for(1, topic=f"{TOPIC}/alert/{PEST}")
        assert daemon.stop(number) == 0
        subscriber.wait_until(lambda: story.availability(subscriber) == ["online", "offline"])
        received = subscriber.received
        found = story.messages(subscriber)
        assert story.latest(subscriber, "health")["state"] == "stopping"
    assert [message["phase"] for message in found if "detection_seq" in message] == ["start", "end"]
    assert len({message["event_id"] for message in found}) == 1
    assert received[-1][0] == f"{TOPIC}/availability"
    assert broker.retained(f"{TOPIC}/availability") == "offline"
    assert_in_order(daemon, "event start", f"signal {number.value}: stopping", "event end", "stopped after")


def test_a_stop_without_a_broker_keeps_the_queue(broker: Mosquitto, tmp_path: Path) -> None:
    """What could not be delivered before the end is delivered by the next daemon, with numbers that go on."""
    with FaultyProxy(broker.port) as gate, Subscriber(broker, f"{TOPIC}/#") as subscriber:
        trap = Trap(tmp_path / "trap", port=gate.port)
        with trap.running() as first:
            first.wait_for_line("alert: ", count=2)
            assert first.stop() == 0
        assert_in_order(first, "alert: ", "signal 15: stopping", "stopped after")
        gate.open()
        with trap.running() as second:
            second.wait_for_line("alert: ")
            assert second.stop() == 0
        trap.finish(subscriber, by=(first, second))
        found = story.messages(subscriber)
    story.assert_numbered(found)
    assert story.told(found) == story.logged(first, second)
    started, ended = ({event_id for fact, event_id in story.told(found) if fact == phase} for phase in ("start", "end"))
    assert started == ended


def test_being_killed_loses_and_repeats_nothing(broker: Mosquitto, tmp_path: Path) -> None:
    """Killed with a full outbox, killed while it delivers: the numbers go on, and no message has two contents."""
    with FaultyProxy(broker.port) as gate, Subscriber(broker, f"{TOPIC}/#") as subscriber:
        trap = Trap(tmp_path / "trap", port=gate.port)
        with trap.running() as first:
            first.wait_for_line("alert: ", count=2)
            assert first.stop(signal.SIGKILL) == -signal.SIGKILL
        gate.open()
        with trap.running() as second:
            story.wait_until_told(subscriber, by=(first,))
            # From now on what the broker has is still in the outbox.
            gate.mute()
            second.wait_for_more("alert: ")
            story.wait_until_told(subscriber, by=(second,))
            assert second.stop(signal.SIGKILL) == -signal.SIGKILL
        subscriber.wait_until(lambda: story.availability(subscriber) == ["online", "offline"])
        gate.shut()
        gate.open()
        with trap.running() as third:
            third.wait_for_line("alert: ")
            assert third.stop() == 0
        subscriber.wait_until(lambda: story.availability(subscriber) == ["online", "offline"] * 2)
        trap.finish(subscriber, by=(first, second, third))
        found, arrived = story.messages(subscriber), [topic for topic, _, _ in subscriber.received]
    story.assert_numbered(found)
    rows = [topic for topic in arrived if topic == f"{TOPIC}/detection" or topic.startswith(f"{TOPIC}/alert/")]
    assert len(rows) > len(found), "nothing was sent twice, so nothing was shown"

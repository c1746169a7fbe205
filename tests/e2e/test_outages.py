"""Brokers that refuse, are not there yet, or die: nothing is lost, nothing is invented, and the order holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support import story
from support.faulty_proxy import FaultyProxy
from support.mosquitto import PASSWORD, USERNAME, BrokerOptions, Mosquitto, Subscriber, running
from support.story import TOPIC
from support.trap import PEST, Trap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that is not started yet and keeps nothing on its disk."""
    made = Mosquitto(tmp_path / "broker")
    yield made
    made.kill()


@pytest.fixture
def gate(broker: Mosquitto) -> Iterator[FaultyProxy]:
    """The network in front of it, shut: so a subscriber can be there before the device gets through."""
    with FaultyProxy(broker.port) as made:
        yield made


def test_a_wrong_password_costs_nothing_but_time(tmp_path: Path) -> None:
    """It is one clear line in the log, the device goes on looking, and with the right one everything arrives."""
    secret = tmp_path / "password"
    secret.write_text("wrong\n", encoding="utf-8")
    secret.chmod(0o600)
    with running(tmp_path / "broker", BrokerOptions(password=True)) as broker:
        keys = {"username": USERNAME, "password_file": str(secret)}
        trap = Trap(tmp_path / "trap", port=broker.port, mqtt=keys)
        with trap.running() as refused:
            refused.wait_for_line("WARNING broker: ")
            refused.wait_for_line("alert: ", count=2)
            assert refused.stop() == 0
        secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
        with Subscriber(broker, f"{TOPIC}/#") as subscriber, trap.running() as accepted:
            story.wait_until_told(subscriber, by=(refused,))
            assert accepted.stop() == 0
            trap.finish(subscriber, by=(refused, accepted))
            story.assert_numbered(story.messages(subscriber))
            assert story.told(story.messages(subscriber)) == story.logged(refused, accepted)
    (line,) = refused.wait_for_line("broker: ")
    # Mosquitto answers a wrong password with "not authorised".
    assert "WARNING broker: 127.0.0.1: not authorised: " in line
    assert line.endswith("or set a user name and password that the broker knows")
    assert refused.wait_for_line("health: degraded: broker_down")
    assert not any(PASSWORD in line or "wrong\n" in line for line in refused.errors + accepted.errors)


def test_a_broker_that_comes_later_gets_everything(broker: Mosquitto, gate: FaultyProxy, tmp_path: Path) -> None:
    """What happened before the broker was there arrives in order, and the counts say that nothing was lost."""
    trap = Trap(tmp_path / "trap", port=gate.port)
    with trap.running() as daemon:
        daemon.wait_for_line("nobody listens there: start the broker, or correct host and port")
        daemon.wait_for_line("alert: ", count=3)
        broker.start()
        with Subscriber(broker, f"{TOPIC}/#") as subscriber:
            gate.open()
            story.wait_until_told(subscriber, by=(daemon,))
            assert daemon.stop() == 0
            subscriber.wait_until(lambda: story.availability(subscriber) == ["online", "offline"])
            trap.finish(subscriber, by=(daemon,))
            found, health = story.messages(subscriber), story.latest(subscriber, "health")
    story.assert_numbered(found)
    assert story.told(found) == story.logged(daemon)
    assert {message["label"] for message in found if "alert_seq" in message} == {PEST}
    assert (health["outbox"]["dropped"], health["outbox"]["expired"], health["outbox"]["dead_letter"]) == (0, 0, 0)
    assert len(daemon.wait_for_line("nobody listens there")) == 1


def test_a_broker_that_dies_and_comes_back_misses_nothing(broker: Mosquitto, gate: FaultyProxy, tmp_path: Path) -> None:
    """A broker that forgot everything gets what it had not acknowledged, each repeat the same to the last byte."""
    trap = Trap(tmp_path / "trap", port=gate.port)
    broker.start()
    gate.open()
    with Subscriber(broker, f"{TOPIC}/#") as before, trap.running() as daemon:
        before.wait_for(2, topic=f"{TOPIC}/alert/{PEST}")
        # From now on what the broker has is still in the outbox.
        gate.mute()
        daemon.wait_for_more("alert: ")
        story.wait_until_told(before, by=(daemon,))
        broker.kill()
        # It would come back with the broker, and could not tell any more what came before.
        before.close()
        gate.shut()
        daemon.wait_for_more("alert: ", count=2)
        broker.start()
        with Subscriber(broker, f"{TOPIC}/#") as after:
            gate.open()
            story.wait_until_told(before, after, by=(daemon,))
            assert daemon.stop() == 0
            after.wait_until(lambda: story.availability(after) == ["online", "offline"])
            trap.finish(before, after, by=(daemon,))
            found = story.messages(before, after)
            assert story.told(story.messages(before)) & story.told(story.messages(after))
            assert {topic for topic, _, _ in after.received} > {f"{TOPIC}/health", f"{TOPIC}/last_detection"}
    story.assert_numbered(found)
    assert story.told(found) == story.logged(daemon)
    assert daemon.wait_for_line("health: degraded: broker_down")

"""A short visit to a broker."""

from __future__ import annotations

from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.memory_publisher import MemoryPublisher
from insect_edge.domain import Message
from insect_edge.errors import PublishError
from insect_edge.mqtt.visit import Visit
from insect_edge.protocols import Signalled

if TYPE_CHECKING:
    from insect_edge.protocols import Notice

TOPIC = "insect-edge/trap/doctor"
GREETING = Message(topic=TOPIC, payload=b"hello 4711", qos=1, retain=False)


class Scene:
    """A visitor and his broker."""

    def __init__(self) -> None:
        self.inbox: SimpleQueue[Notice] = SimpleQueue()
        self.broker = MemoryPublisher(self.inbox)
        self.clock = FakeClock()
        self.visit = Visit(self.broker, self.inbox, clock=self.clock, seconds=5.0)

    def log_in(self) -> None:
        """Without a last will."""
        self.visit.log_in(will=None, seconds=20.0)


def test_a_message_to_oneself_comes_back() -> None:
    """Both codes and the time are told."""
    scene = Scene()
    assert not scene.visit.logged_in
    scene.log_in()
    trip = scene.visit.round_trip(GREETING)
    assert (trip.protocol, trip.publish_code, trip.seconds) == ("5", 0, 0.0)
    assert trip.subscribe_code in {0, 1}
    assert scene.visit.logged_in


def test_what_is_refused_is_not_waited_for() -> None:
    """The code of the broker is told, and nothing came back."""
    scene = Scene()
    scene.broker.refused_topics[TOPIC] = 0x87
    scene.log_in()
    trip = scene.visit.round_trip(GREETING)
    assert (trip.publish_code, trip.seconds) == (0x87, None)
    assert scene.clock.waits == []


def test_a_refused_subscription_is_told() -> None:
    """The message itself is published nevertheless, which says whether that is allowed."""
    scene = Scene()
    scene.broker.refused_filters[TOPIC] = 0x80
    scene.log_in()
    trip = scene.visit.round_trip(GREETING)
    assert (trip.subscribe_code, trip.publish_code, trip.seconds) == (0x80, 0, None)


def test_a_message_that_is_swallowed_is_waited_for_in_vain() -> None:
    """Nothing is acknowledged: that has its own sign."""
    scene = Scene()
    scene.log_in()
    scene.broker.withhold = True
    assert scene.visit.round_trip(GREETING).publish_code is None
    assert scene.visit.send(GREETING) is None


def test_an_acknowledgement_is_timed() -> None:
    """For the benchmark."""
    scene = Scene()
    scene.log_in()
    assert scene.visit.send(GREETING) == 0.0


@pytest.mark.parametrize(
    ("set_up", "says"),
    [("reachable", "nobody listens"), ("refusal", "wrong password"), ("silent", "no answer within 20 s")],
)
def test_a_login_that_fails_says_why(set_up: str, says: str) -> None:
    """Unreachable, refused or silent."""
    scene = Scene()
    setattr(scene.broker, set_up, {"reachable": False, "refusal": "wrong password", "silent": True}[set_up])
    with pytest.raises(PublishError, match=says):
        scene.log_in()
    assert not scene.visit.logged_in


def test_an_interruption_ends_it() -> None:
    """Ctrl-C is not waited through."""
    scene = Scene()
    scene.broker.silent = True
    scene.inbox.put(Signalled(number=2))
    with pytest.raises(PublishError, match="interrupted"):
        scene.log_in()

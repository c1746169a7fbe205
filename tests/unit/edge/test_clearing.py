"""Taking away what a device has left: everything of it, and nothing of anybody else."""

from __future__ import annotations

from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.memory_publisher import MemoryPublisher
from insect_edge.domain import Message
from insect_edge.errors import PublishError
from insect_edge.mqtt.clearing import Clearing
from insect_edge.mqtt.home_assistant import discovery_topic
from insect_edge.mqtt.messages import offline, online
from insect_edge.mqtt.topics import Topics
from insect_edge.protocols import Signalled

if TYPE_CHECKING:
    from insect_edge.protocols import Notice

TOPICS = Topics(device_id="trap")
DESCRIPTION = discovery_topic("homeassistant", device_id="trap")
OTHERS = ("insect-edge/trap-2/health", "homeassistant/device/trap-2/config", "other/trap/health")
LEFT = (DESCRIPTION, TOPICS.availability, TOPICS.event_snapshot("e1"), TOPICS.health)


def kept(topic: str) -> Message:
    """Something retained."""
    return Message(topic=topic, payload=b"{}", qos=1, retain=True)


class Visit:
    """A clearing of a broker in memory that holds what this device and others left."""

    def __init__(self, *, protocol: str = "5", present: bool = False) -> None:
        self.inbox: SimpleQueue[Notice] = SimpleQueue()
        self.broker = MemoryPublisher(self.inbox, protocol=protocol)
        for topic in (TOPICS.health, TOPICS.event_snapshot("e1"), DESCRIPTION, *OTHERS):
            self.broker.inject(kept(topic))
        self.broker.inject(online(TOPICS) if present else offline(TOPICS))
        self.clearing = Clearing(
            self.broker,
            self.inbox,
            clock=FakeClock(),
            topics=(TOPICS.everything, DESCRIPTION),
            availability=TOPICS.availability,
        )


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_everything_of_the_device_goes_and_nothing_of_others(protocol: str) -> None:
    """All retained topics are found, emptied, and seen to be empty."""
    visit = Visit(protocol=protocol)
    assert visit.clearing.find() == tuple(sorted(LEFT))
    assert visit.clearing.clear() == tuple(sorted(LEFT))
    assert set(visit.broker.retained) == set(OTHERS)
    assert visit.clearing.find() == ()


@pytest.mark.parametrize("present", [True, False])
def test_a_device_that_is_there_is_noticed(*, present: bool) -> None:
    """What it says of its availability decides."""
    visit = Visit(present=present)
    visit.clearing.find()
    assert visit.clearing.online() is present


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_topic_that_may_not_be_cleared_is_named_also_where_the_broker_says_nothing(protocol: str) -> None:
    """Under 3.1.1 a refusal looks like success; looking again tells."""
    visit = Visit(protocol=protocol)
    visit.broker.refused_topics[TOPICS.health] = 0x87
    visit.clearing.find()
    with pytest.raises(PublishError, match=f"^{TOPICS.health}: could not be cleared: not authorised"):
        visit.clearing.clear()


def test_a_refused_subscription_is_one_clear_line() -> None:
    """Without the right to read nothing can be found."""
    visit = Visit()
    visit.broker.refused_filters[DESCRIPTION] = 0x87
    with pytest.raises(PublishError, match=f"^{DESCRIPTION}: subscription refused: not authorised"):
        visit.clearing.find()


def test_a_broker_that_cannot_be_reached_or_never_answers_is_told() -> None:
    """The reason is the connection's own; silence ends."""
    visit = Visit()
    visit.broker.reachable = False
    with pytest.raises(PublishError, match="nobody listens"):
        visit.clearing.find()
    visit = Visit()
    visit.broker.silent = True
    with pytest.raises(PublishError, match="not connected within 30 s"):
        visit.clearing.find()


def test_a_signal_ends_it() -> None:
    """Ctrl-C does not have to wait."""
    visit = Visit()
    visit.inbox.put(Signalled(number=2))
    with pytest.raises(PublishError, match="interrupted"):
        visit.clearing.find()

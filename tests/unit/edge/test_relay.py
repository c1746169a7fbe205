from __future__ import annotations

import json
from queue import Empty, SimpleQueue
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge import messages
from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.memory_publisher import MemoryPublisher
from insect_edge.domain import Message
from insect_edge.errors import OutboxError
from insect_edge.health_report import Losses
from insect_edge.outbox import Draft, Kind, Outbox, OutboxLimits, Ticket
from insect_edge.protocols import Acknowledged, Connected, Disconnected, Notice
from insect_edge.relay import Relay, RelaySettings
from insect_edge.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TOPICS = Topics(device_id="trap")
ALERT = TOPICS.alert("slug")


def draft(kind: Kind = Kind.DETECTION, *, size: int = 0, expiry: int | None = None) -> Draft:
    """A message that names its own number."""
    topic = ALERT if kind is Kind.ALERT else TOPICS.detection

    def build(ticket: Ticket) -> Message:
        payload = json.dumps({"seq": ticket.seq, "pad": "x" * size}).encode()
        return Message(topic=topic, payload=payload, qos=1, retain=False, expiry_seconds=expiry)

    return Draft(kind=kind, build=build)


def latest(payload: bytes, *, topic: str = TOPICS.health, qos: int = 1, retain: bool = True) -> Message:
    """A newest-wins message."""
    return Message(topic=topic, payload=payload, qos=qos, retain=retain)


class World:
    """A relay between a real outbox and a broker in memory, on a clock that stands still."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock = FakeClock()
        self.inbox: SimpleQueue[Notice] = SimpleQueue()
        self.broker = MemoryPublisher(self.inbox)
        self.outbox = Outbox.open(folder, clock=self.clock, limits=OutboxLimits())
        self.settings = RelaySettings(topics=TOPICS, **settings)
        self.relay = self.new_relay()

    def new_relay(self) -> Relay:
        """The relay of a process that has just started."""
        return Relay(
            publisher=self.broker,
            outbox=self.outbox,
            clock=self.clock,
            random=Random(7),  # noqa: S311 # jitter, not secrets
            settings=self.settings,
        )

    def put(self, *kinds: Kind) -> None:
        """Messages into the outbox."""
        self.outbox.put([draft(kind) for kind in kinds])

    def settle(self) -> None:
        """Pump and handle until nothing happens any more, without time passing."""
        for _ in range(10_000):
            self.relay.pump()
            try:
                self.relay.handle(self.inbox.get_nowait())
            except Empty:
                return
        pytest.fail("the relay never comes to rest")

    def wait(self) -> None:
        """Let time pass to the relay's next deadline, then settle."""
        deadline = self.relay.next_deadline()
        assert deadline is not None
        self.clock.advance(max(0.0, deadline - self.clock.monotonic()))
        self.settle()

    def arrived(self) -> list[int]:
        """Numbers of the alerts and detections the broker took, in its order."""
        rows = [made for made in self.broker.published if made.topic in {ALERT, TOPICS.detection}]
        return [json.loads(made.payload)["seq"] for made in rows]

    def availability(self) -> list[bytes]:
        """What was said of the device's presence."""
        return self.broker.payloads(TOPICS.availability)


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
    for _ in range(3):
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

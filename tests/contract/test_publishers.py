"""The contract of `protocols.Publisher`, over the broker in memory and over paho with a real Mosquitto."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.memory_publisher import matches
from insect_edge.errors import PublishError
from insect_edge.protocols import Acknowledged, Connected, Disconnected, Received, Subscribed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

from support.publisher_seams import LARGEST, PATIENCE_SECONDS, WILL, Seam, make, message


@pytest.fixture(params=["memory-5", "memory-3.1.1", "plain-5", "plain-3.1.1", "password-5", "tls-5", "tls-3.1.1"])
def seam(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Seam]:
    """Each implementation in each flavour."""
    made = make(request.param, tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_a_connection_says_how_it_was_made(seam: Seam) -> None:
    """`Connected` carries the generation `connect` returned and the protocol."""
    connected = seam.connect()
    assert connected.protocol == seam.protocol
    assert connected.generation == 1
    assert not connected.session_present
    assert connected.maximum_packet_size == (LARGEST if seam.protocol == "5" else None)


def test_messages_arrive_in_order_and_are_acknowledged_by_token(seam: Seam) -> None:
    """Each publish of QoS 1 is answered with its token, and others receive the very bytes in the order sent."""
    generation = seam.connect().generation
    payloads = [f'{{"number":{number},"label":"Käfer"}}'.encode() for number in range(50)]
    tokens = [seam.publisher.publish(message(payload)) for payload in payloads]
    answers = [seam.take(Acknowledged) for _ in tokens]
    assert sorted(answer.token for answer in answers) == sorted(tokens)
    assert {(answer.generation, answer.reason_code) for answer in answers} == {(generation, 0)}
    assert seam.seen(50) == [("test/detection", payload) for payload in payloads]


def test_a_message_of_qos_0_is_acknowledged_once_it_is_written(seam: Seam) -> None:
    """QoS 0 is answered too, so that a slow network holds the sender back."""
    seam.connect()
    token = seam.publisher.publish(message(b"picture", qos=0))
    assert seam.take(Acknowledged).token == token
    assert seam.seen(1) == [("test/detection", b"picture")]


def test_a_retained_message_is_kept_for_later_subscribers(seam: Seam) -> None:
    """What is published with retain can be had afterwards."""
    seam.connect()
    seam.publisher.publish(message(b'{"state":"ready"}', topic="test/health", retain=True))
    seam.take(Acknowledged)
    assert seam.retained("test/health") == b'{"state":"ready"}'


def test_publishing_without_a_connection_fails_for_now(seam: Seam) -> None:
    """Before `Connected`, publish and subscribe raise an error worth another try."""
    with pytest.raises(PublishError, match="not connected") as caught:
        seam.publisher.publish(message())
    assert caught.value.retry
    with pytest.raises(PublishError, match="not connected"):
        seam.publisher.subscribe("test/#")


@pytest.mark.parametrize("topic", ["", "test/#", "test/+/x"])
def test_a_topic_nobody_can_publish_to_fails_for_good(seam: Seam, topic: str) -> None:
    """An invalid topic is an error not worth another try, and the connection stays."""
    seam.connect()
    with pytest.raises(PublishError) as caught:
        seam.publisher.publish(message(topic=topic))
    assert not caught.value.retry
    token = seam.publisher.publish(message())
    assert seam.take(Acknowledged).token == token


def test_a_message_larger_than_the_broker_takes_fails_for_good(seam: Seam) -> None:
    """Under MQTT 5 the broker's limit is known, so the message is never sent and the connection stays."""
    if seam.protocol != "5":
        pytest.skip("under 3.1.1 a broker does not tell its limit")
    seam.connect()
    with pytest.raises(PublishError, match="the broker takes 4000") as caught:
        seam.publisher.publish(message(b"x" * LARGEST))
    assert not caught.value.retry
    token = seam.publisher.publish(message())
    assert seam.take(Acknowledged).token == token


def test_the_largest_message_that_is_not_refused_goes_through(seam: Seam) -> None:
    """The limit is computed to the byte: what is let through is not too large for the broker."""
    if seam.protocol != "5":
        pytest.skip("under 3.1.1 a broker does not tell its limit")
    seam.connect()
    token = None
    for size in range(LARGEST, 0, -1):
        with suppress(PublishError):
            token = seam.publisher.publish(message(b"x" * size))
            break
    assert LARGEST - 100 < size < LARGEST
    assert seam.take(Acknowledged).token == token


def test_a_broken_connection_is_told_and_the_next_one_works(seam: Seam) -> None:
    """When the broker goes, `Disconnected` says so in one line; a new connection has a new generation."""
    first = seam.connect().generation
    seam.break_connection()
    lost = seam.take(Disconnected)
    assert (lost.generation, lost.refused) == (first, False)
    assert lost.reason
    assert "\n" not in lost.reason
    assert seam.connect().generation == first + 1


def test_what_was_under_way_is_not_sent_again_by_itself(seam: Seam) -> None:
    """A new connection starts clean: what to send on it is the caller's decision alone."""
    seam.connect()
    seam.break_connection()
    # The network thread may take a moment to notice; until then publishing just goes nowhere.
    with suppress(PublishError):
        seam.publisher.publish(message(b"lost"))
    seam.take(Disconnected)
    seam.connect()
    token = seam.publisher.publish(message(b"mine"))
    answer = seam.take(Acknowledged)
    assert (answer.generation, answer.token) == (2, token)
    assert seam.inbox.empty()


def test_an_unreachable_broker_is_told_as_a_notice(seam: Seam) -> None:
    """`connect` returns at once and never raises; the failure arrives in the inbox."""
    seam.go_away()
    generation = seam.publisher.connect(will=WILL)
    failed = seam.take(Disconnected)
    assert (failed.generation, failed.refused) == (generation, False)
    assert "nobody listens" in failed.reason


def test_the_last_will_is_published_when_the_connection_is_cut(seam: Seam) -> None:
    """A disconnect that allows no time counts as a crash: others hear the will."""
    seam.connect()
    seam.publisher.disconnect(timeout=0)
    assert seam.seen(1) == [(WILL.topic, WILL.payload)]
    assert seam.retained(WILL.topic) == WILL.payload


def test_a_disconnect_in_order_sends_what_is_under_way_and_no_will(seam: Seam) -> None:
    """Messages published just before the disconnect arrive, and the will does not."""
    seam.connect()
    for number in range(20):
        seam.publisher.publish(message(b"%d" % number))
    seam.publisher.disconnect(timeout=PATIENCE_SECONDS)
    assert [payload for _, payload in seam.seen(20)] == [b"%d" % number for number in range(20)]
    assert seam.retained(WILL.topic) is None
    with pytest.raises(PublishError):
        seam.publisher.publish(message())


def test_disconnecting_without_a_connection_is_harmless(seam: Seam) -> None:
    """Twice or before any `connect`: nothing happens."""
    seam.publisher.disconnect(timeout=1)
    seam.connect()
    seam.publisher.disconnect(timeout=PATIENCE_SECONDS)
    seam.publisher.disconnect(timeout=0)


def test_a_new_connection_drops_the_one_before(seam: Seam) -> None:
    """Connecting again while connected gives one working connection of a new generation."""
    seam.connect()
    assert seam.publisher.connect(will=WILL) == 2
    while True:
        notice = seam.inbox.get(timeout=PATIENCE_SECONDS)
        if isinstance(notice, Connected) and notice.generation == 2:
            break
    seam.publisher.publish(message())
    assert seam.take(Acknowledged).generation == 2


def test_subscribed_messages_are_received(seam: Seam) -> None:
    """What matches a filter arrives as `Received`, with its bytes."""
    generation = seam.connect().generation
    seam.publisher.subscribe("test/command/+")
    token = seam.publisher.publish(message(b"now", topic="test/command/capture"))
    notices = [seam.inbox.get(timeout=PATIENCE_SECONDS) for _ in range(3)]
    assert Acknowledged(generation=generation, token=token, reason_code=0) in notices
    assert Subscribed(generation=generation, topic="test/command/+", reason_code=1) in notices
    received = next(notice for notice in notices if isinstance(notice, Received))
    assert (received.topic, received.payload, received.retain) == ("test/command/capture", b"now", False)


def test_a_retained_message_is_received_as_such(seam: Seam) -> None:
    """Subscribing brings what is retained, marked so."""
    seam.connect()
    seam.publisher.publish(message(b"kept", topic="test/state", retain=True))
    seam.take(Acknowledged)
    seam.publisher.subscribe("test/state")
    # MQTT allows what is retained to come before the acknowledgement (5.0, section 3.8.4).
    notices = [seam.inbox.get(timeout=PATIENCE_SECONDS) for _ in range(2)]
    received = next(notice for notice in notices if isinstance(notice, Received))
    assert (received.payload, received.retain) == (b"kept", True)


@pytest.mark.parametrize(
    ("pattern", "topic", "covered"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("#", "a/b", True),
        ("#", "$SYS/x", False),
        ("+/b", "a/b", True),
        ("a/+/c", "a/b", False),
    ],
)
def test_topic_filters_cover_what_the_standard_says(pattern: str, topic: str, *, covered: bool) -> None:
    """The broker in memory matches filters as MQTT 5.0, section 4.7, has it."""
    assert matches(pattern, topic) is covered

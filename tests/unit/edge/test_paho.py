"""What a real broker says: reasons of refusals, properties of MQTT 5, and what is left behind."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from insect_edge.domain import Message
from insect_edge.protocols import Acknowledged, Connected, Received, Signalled, Subscribed
from support.mosquitto import (
    PASSWORD,
    USERNAME,
    BrokerOptions,
    Mosquitto,
    executable,
    free_port,
    running,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

from support.paho_trap import PATIENCE_SECONDS, WILL, Trap, traps


@pytest.fixture
def trap() -> Iterator[Callable[..., Trap]]:
    """Makes publishers that are disconnected in the end."""
    with traps() as make:
        yield make


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A broker that lets everybody in."""
    with running(tmp_path_factory.mktemp("plain")) as broker:
        yield broker


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A broker with a password and an access-control list that refuses one topic."""
    acl = (f"user {USERNAME}", "topic readwrite t/#", "topic deny t/secret")
    with running(tmp_path_factory.mktemp("guarded"), BrokerOptions(password=True, acl=acl)) as broker:
        yield broker


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_wrong_password_is_named(guarded: Mosquitto, trap: Callable[..., Trap], protocol: str) -> None:
    """The reason says what to correct, and that waiting will not help."""
    failure = trap(guarded.port, username=USERNAME, password="wrong", protocol=protocol).failure()  # noqa: S106 # wrong
    assert failure.refused
    # Mosquitto answers a wrong password with "not authorised" in both protocols.
    assert "not authorised: give this user" in failure.reason


def test_a_missing_login_is_named(guarded: Mosquitto, trap: Callable[..., Trap]) -> None:
    """An anonymous connection where none is allowed."""
    failure = trap(guarded.port).failure()
    assert failure.refused
    assert "set a user name and password" in failure.reason


@pytest.mark.parametrize(("protocol", "code"), [("5", 0x87), ("3.1.1", 0)])
def test_a_refused_topic_shows_in_the_acknowledgement(
    guarded: Mosquitto, trap: Callable[..., Trap], protocol: str, code: int
) -> None:
    """Under MQTT 5 the reason code tells; under 3.1.1 Mosquitto says success and drops the message."""
    made = trap(guarded.port, username=USERNAME, password=PASSWORD, protocol=protocol)
    assert isinstance(made.attempt(), Connected)
    token = made.publisher.publish(Message(topic="t/secret", payload=b"x", qos=1, retain=False))
    assert made.next() == Acknowledged(generation=1, token=token, reason_code=code)


def test_an_unknown_host_is_named(trap: Callable[..., Trap]) -> None:
    """A name that does not resolve."""
    failure = trap(1883, host="nowhere.invalid").failure()
    assert "nowhere.invalid: unknown host" in failure.reason
    assert not failure.refused


def test_a_port_nobody_listens_on_is_named(trap: Callable[..., Trap]) -> None:
    """Host and port are in the reason."""
    port = free_port()
    assert f"127.0.0.1:{port}: nobody listens there" in trap(port).failure().reason


def test_messages_do_not_wait_for_each_other(plain: Mosquitto, trap: Callable[..., Trap]) -> None:
    """Nagle's algorithm is off, which would hold an event's second message back for 40 ms."""
    made = trap(plain.port)
    assert isinstance(made.attempt(), Connected)
    connection = made.publisher._connection
    assert connection is not None
    assert connection._client is not None
    sock = connection._client.socket()
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_mqtt_5_carries_what_3_1_1_cannot(plain: Mosquitto, trap: Callable[..., Trap]) -> None:
    """Content type, expiry and user properties reach a subscriber."""
    made = trap(plain.port, user_properties=(("software", "insect-edge"),))
    assert isinstance(made.attempt(), Connected)
    made.publisher.publish(
        Message(topic="t/kept", payload=b"{}", qos=1, retain=True, content_type="application/json", expiry_seconds=600)
    )
    assert isinstance(made.next(), Acknowledged)
    command = [executable("mosquitto_sub"), *plain.client_arguments(), "-V", "5", "-t", "t/kept", "-C", "1", "-F", "%j"]
    heard = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_SECONDS).stdout)
    properties = heard.get("properties", heard)
    assert properties["content-type"] == "application/json"
    assert 0 < properties["message-expiry-interval"] <= 600
    assert properties["user-properties"] == {"software": "insect-edge"}


def test_replies_can_be_addressed(plain: Mosquitto, trap: Callable[..., Trap]) -> None:
    """Response topic and correlation data of a request arrive with it."""
    made = trap(plain.port)
    assert isinstance(made.attempt(), Connected)
    made.publisher.subscribe("t/command/#")
    assert made.next() == Subscribed(generation=1, topic="t/command/#", reason_code=1)
    command = [executable("mosquitto_pub"), *plain.client_arguments(), "-V", "5", "-t", "t/command/status", "-m", "?"]
    properties = ["-D", "publish", "response-topic", "t/answer", "-D", "publish", "correlation-data", "42"]
    subprocess.run([*command, *properties], check=True, timeout=PATIENCE_SECONDS)
    assert made.next() == Received(
        generation=1,
        topic="t/command/status",
        payload=b"?",
        retain=False,
        response_topic="t/answer",
        correlation_data=b"42",
    )


def test_the_password_is_never_shown(
    guarded: Mosquitto, trap: Callable[..., Trap], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in `repr`, nor in the log, nor in a reason."""
    secret = "hunter2-hunter2"  # noqa: S105 # the test's own
    with caplog.at_level(logging.DEBUG):
        made = trap(guarded.port, username=USERNAME, password=secret)
        failure = made.failure()
    assert secret not in repr(made.settings) + caplog.text + failure.reason


def test_connecting_again_and_again_leaves_nothing_behind(plain: Mosquitto, trap: Callable[..., Trap]) -> None:
    """Threads of earlier connections end."""
    made = trap(plain.port)
    for _ in range(10):
        made.publisher.connect(will=WILL)
    while True:
        notice = made.next()
        if isinstance(notice, Connected) and notice.generation == 10:
            break
    deadline = time.monotonic() + PATIENCE_SECONDS
    while sum(thread.name.startswith("mqtt-") for thread in threading.enumerate()) > 1:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_too_large_for_us_is_never_sent_to_us(plain: Mosquitto, trap: Callable[..., Trap]) -> None:
    """An MQTT 5 broker leaves out what we said we do not take, and goes on with the next message."""
    made = trap(plain.port, largest_received=2_000)
    assert isinstance(made.attempt(), Connected)
    made.publisher.subscribe("t/command/#")
    assert isinstance(made.next(), Subscribed)
    plain.publish("t/command/a", "x" * 5_000)
    plain.publish("t/command/b", "small")
    received = made.next()
    assert isinstance(received, Received)
    assert received.topic == "t/command/b"


def test_a_flood_of_messages_fills_no_memory(plain: Mosquitto, trap: Callable[..., Trap]) -> None:
    """Behind so many unread notices messages are thrown away and counted; what the outbox lives by is not."""
    made = trap(plain.port, most_waiting=5)
    assert isinstance(made.attempt(), Connected)
    made.publisher.subscribe("t/command/#")
    assert isinstance(made.next(), Subscribed)
    for _ in range(5):
        made.inbox.put(Signalled(number=1))
    for number in range(3):
        plain.publish("t/command/a", str(number))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while made.publisher.discarded < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    token = made.publisher.publish(WILL)
    assert [made.next() for _ in range(5)] == [Signalled(number=1)] * 5
    arrived = made.next()
    assert isinstance(arrived, Acknowledged)
    assert arrived.token == token
    plain.publish("t/command/b", "read")
    received = made.next()
    assert isinstance(received, Received)
    assert received.topic == "t/command/b"

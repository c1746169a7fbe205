"""Peers that misbehave: silent, deaf, old, or hanging up; none of them holds up the owner."""

from __future__ import annotations

import socket
import threading
from queue import Empty
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.domain import Message
from insect_edge.protocols import Acknowledged, Connected, Disconnected
from support import tcp
from support.mosquitto import (
    Mosquitto,
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


def test_a_hanging_connect_does_not_hold_up_the_owner(
    trap: Callable[..., Trap], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name servers and networks that never answer are the thread's trouble: connect and disconnect return."""
    asked, release = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> socket.socket:
        asked.set()
        release.wait(PATIENCE_SECONDS)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", hang)
    made = trap(1883)
    generation = made.publisher.connect(will=WILL)
    assert asked.wait(PATIENCE_SECONDS)
    made.publisher.disconnect(timeout=0)
    release.set()
    for thread in threading.enumerate():
        if thread.name == f"mqtt-{generation}":
            thread.join(PATIENCE_SECONDS)
    assert made.inbox.empty()


def test_a_timeout_is_named(trap: Callable[..., Trap], monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that swallows packets."""

    def time_out(*_: object, **__: object) -> socket.socket:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", time_out)
    assert "no answer in time" in trap(1883).failure().reason


def test_a_connection_given_up_while_connecting_never_reaches_the_broker(
    plain: Mosquitto, trap: Callable[..., Trap], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A late connect must not send CONNECT: it would throw out the connection that followed it."""
    asked, release = threading.Event(), threading.Event()
    real = socket.create_connection

    def hang(*arguments: Any, **named: Any) -> socket.socket:
        asked.set()
        release.wait(PATIENCE_SECONDS)
        return real(*arguments, **named)

    made = trap(plain.port, client_id="late")
    with monkeypatch.context() as patch:
        patch.setattr(socket, "create_connection", hang)
        made.publisher.connect(will=WILL)
        assert asked.wait(PATIENCE_SECONDS)
    made.publisher.connect(will=WILL)
    assert made.next() == Connected(
        generation=2, session_present=False, protocol="5", maximum_packet_size=None, receive_maximum=20
    )
    release.set()
    for thread in threading.enumerate():
        if thread.name == "mqtt-1":
            thread.join(PATIENCE_SECONDS)
    token = made.publisher.publish(Message(topic="t/a", payload=b"x", qos=1, retain=False))
    # 0x10: taken, and nobody subscribes.
    assert made.next() == Acknowledged(generation=2, token=token, reason_code=0x10)


def test_a_server_that_never_answers_gives_no_notice_and_can_be_left(trap: Callable[..., Trap]) -> None:
    """Accepting TCP is not being a broker; giving it up takes no time."""
    with tcp.serving(tcp.silent) as port:
        made = trap(port)
        made.publisher.connect(will=WILL)
        with pytest.raises(Empty):
            made.inbox.get(timeout=0.2)
        made.publisher.disconnect(timeout=0)
    assert made.inbox.empty()


def test_a_server_that_hangs_up_is_no_broker(trap: Callable[..., Trap]) -> None:
    """Both protocols are tried, then the reason asks the right question."""
    with tcp.serving(tcp.hang_up) as port:
        assert "hung up without an answer: is a broker there?" in trap(port).failure().reason


@pytest.mark.parametrize("says_so", [True, False])
def test_an_old_broker_is_spoken_to_in_its_own_protocol(
    plain: Mosquitto, trap: Callable[..., Trap], *, says_so: bool
) -> None:
    """Refused, or hung up on, under 5: 3.1.1 is tried at once, and remembered for the next connection."""
    with tcp.serving(tcp.only_3_1_1(plain.port, says_so=says_so)) as port:
        made = trap(port)
        for generation in (1, 2):
            connected = made.attempt()
            assert isinstance(connected, Connected)
            assert (connected.generation, connected.protocol) == (generation, "3.1.1")
        token = made.publisher.publish(Message(topic="t/a", payload=b"x", qos=1, retain=False, expiry_seconds=5))
        assert made.next() == Acknowledged(generation=2, token=token, reason_code=0)
        made.publisher.disconnect(timeout=PATIENCE_SECONDS)


def test_a_protocol_that_was_asked_for_is_not_swapped(plain: Mosquitto, trap: Callable[..., Trap]) -> None:
    """Configured as 5, an old broker is an error that says so."""
    with tcp.serving(tcp.only_3_1_1(plain.port, says_so=True)) as port:
        failure = trap(port, protocol="5").failure()
    assert "does not speak this MQTT version" in failure.reason
    assert failure.refused


@pytest.mark.parametrize(
    ("code", "words", "refused"),
    [
        (0x8E, "another client with the same client id", False),
        (0x95, "a message is larger than the broker takes", False),
        (0x87, "not authorised", True),
        (0x8B, "shutting down", False),
        (0xA2, "reason 0xA2", True),
    ],
)
def test_a_farewell_of_the_broker_is_understood(
    trap: Callable[..., Trap], code: int, words: str, *, refused: bool
) -> None:
    """Under MQTT 5 a broker says why it ends a connection."""

    def welcome_then_dismiss(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(bytes([0x20, 3, 0, 0, 0]))
        # With a reason string: paho 2.1 overlooks the code of a shorter packet.
        connection.sendall(bytes([0xE0, 6, code, 4, 0x1F, 0, 1]) + b"x")

    with tcp.serving(welcome_then_dismiss) as port:
        made = trap(port, protocol="5")
        assert isinstance(made.attempt(), Connected)
        lost = made.next()
    assert isinstance(lost, Disconnected)
    assert words in lost.reason
    assert lost.refused is refused


def test_a_slow_reader_does_not_hold_up_the_owner(trap: Callable[..., Trap]) -> None:
    """Publishing to a broker that reads no more returns at once; what cannot be written stays with the thread."""
    stop = threading.Event()

    def deaf(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(bytes([0x20, 3, 0, 0, 0]))
        stop.wait(PATIENCE_SECONDS)

    with tcp.serving(deaf) as port:
        made = trap(port, protocol="5")
        assert isinstance(made.attempt(), Connected)
        message = Message(topic="t/snapshot", payload=b"x" * 8_000_000, qos=0, retain=True)
        tokens = [made.publisher.publish(message) for _ in range(3)]
        assert len(set(tokens)) == 3
        with pytest.raises(Empty):
            made.inbox.get(timeout=0.2)
        made.publisher.disconnect(timeout=0)
        stop.set()


def test_a_dead_peer_is_noticed_by_the_keepalive(trap: Callable[..., Trap]) -> None:
    """A network that swallows everything ends the connection without anybody publishing."""
    stop = threading.Event()

    def accept_then_ignore(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(bytes([0x20, 3, 0, 0, 0]))
        stop.wait(PATIENCE_SECONDS)

    with tcp.serving(accept_then_ignore) as port:
        made = trap(port, protocol="5", keepalive_seconds=1)
        assert isinstance(made.attempt(), Connected)
        lost = made.next()
        stop.set()
    assert isinstance(lost, Disconnected)
    assert "silent for 1 s" in lost.reason

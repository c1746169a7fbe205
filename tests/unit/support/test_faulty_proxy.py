"""The network of the tests has the faults it is told to have, and no others."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from support.faulty_proxy import FaultyProxy, Traffic
from support.tcp import HOST, serving
from support.tools import DEADLINE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

QUIET_SECONDS = 0.2
"""In which what is swallowed or held back does not come."""


def echo(connection: socket.socket) -> None:
    """Answer everything with itself."""
    while chunk := connection.recv(65_536):
        connection.sendall(chunk)


@pytest.fixture
def proxy() -> Iterator[FaultyProxy]:
    """In front of a server that echoes, open."""
    with serving(echo) as port, FaultyProxy(port) as made:
        made.open()
        yield made


@pytest.fixture
def device(proxy: FaultyProxy) -> Iterator[socket.socket]:
    """Connected through it."""
    with dial(proxy) as connection:
        assert answer(connection, b"hello") == b"hello"
        yield connection


def dial(proxy: FaultyProxy) -> socket.socket:
    """A new connection."""
    return socket.create_connection((HOST, proxy.port), DEADLINE_SECONDS)


def answer(connection: socket.socket, words: bytes, *, seconds: float = DEADLINE_SECONDS) -> bytes | None:
    """What comes back; None where nothing does, no bytes at the end of the connection."""
    connection.sendall(words)
    return heard(connection, seconds=seconds)


def heard(connection: socket.socket, *, seconds: float = DEADLINE_SECONDS) -> bytes | None:
    """What comes; None where nothing does, no bytes at the end of the connection."""
    connection.settimeout(seconds)
    try:
        return connection.recv(65_536)
    except TimeoutError:
        return None


def test_shut_it_refuses_and_cuts(proxy: FaultyProxy, device: socket.socket) -> None:
    """Open again it lets through again, at the same port."""
    proxy.shut()
    assert heard(device) == b""
    with pytest.raises(ConnectionRefusedError):
        dial(proxy)
    proxy.open()
    with dial(proxy) as again:
        assert answer(again, b"hello") == b"hello"


def test_a_stall_holds_everything_back_and_loses_nothing(proxy: FaultyProxy, device: socket.socket) -> None:
    """Connections are accepted meanwhile."""
    proxy.become(Traffic.STALL)
    with dial(proxy) as other:
        assert answer(other, b"new", seconds=QUIET_SECONDS) is None
        assert answer(device, b"old", seconds=QUIET_SECONDS) is None
        proxy.open()
        assert (heard(other), heard(device)) == (b"new", b"old")


@pytest.mark.parametrize("traffic", [Traffic.MUTE, Traffic.DEAF])
def test_what_is_swallowed_is_gone_and_its_connection_stays_half_open(
    proxy: FaultyProxy, device: socket.socket, traffic: Traffic
) -> None:
    """New connections are good once it is over."""
    proxy.become(traffic)
    assert answer(device, b"lost", seconds=QUIET_SECONDS) is None
    proxy.open()
    assert answer(device, b"lost too", seconds=QUIET_SECONDS) is None
    with dial(proxy) as other:
        assert answer(other, b"hello") == b"hello"


def test_a_stranded_connection_never_ends(proxy: FaultyProxy, device: socket.socket) -> None:
    """Neither end hears of the other again; new connections are good."""
    proxy.strand()
    assert answer(device, b"lost", seconds=QUIET_SECONDS) is None
    with dial(proxy) as other:
        assert answer(other, b"hello") == b"hello"


def test_a_delay_delivers_everything(proxy: FaultyProxy, device: socket.socket) -> None:
    """Later, in order."""
    proxy.delay_seconds = 0.05
    proxy.become(Traffic.DELAY)
    assert answer(device, b"hello") == b"hello"


def test_corruption_turns_over_a_bit_in_each_direction(proxy: FaultyProxy, device: socket.socket) -> None:
    """Nothing gets longer or shorter."""
    proxy.become(Traffic.CORRUPT)
    found = answer(device, bytes(64))
    assert found is not None
    assert len(found) == 64
    assert 0 < sum(byte.bit_count() for byte in found) <= 2


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_ends_what_is_there_and_lets_others_in(proxy: FaultyProxy, device: socket.socket, *, reset: bool) -> None:
    """In order, or with a reset that no reader can take for an end."""
    proxy.cut(reset=reset)
    if reset:
        with pytest.raises(ConnectionResetError):
            heard(device)
    else:
        assert heard(device) == b""
    with dial(proxy) as other:
        assert answer(other, b"hello") == b"hello"


def test_nobody_is_admitted_while_it_says_so(proxy: FaultyProxy) -> None:
    """New connections end at once, as those of a broker that starts."""
    proxy.admits = False
    with dial(proxy) as other:
        assert heard(other) == b""
    proxy.admits = True
    with dial(proxy) as other:
        assert answer(other, b"hello") == b"hello"

"""Small TCP servers that misbehave on purpose, on free loopback ports."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST = "127.0.0.1"
_REFUSED_VERSION = bytes([0x20, 2, 0, 1])
"""CONNACK of MQTT 3.1.1 with return code 1, unacceptable protocol version."""


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server whose every connection is given to `serve` in a thread; yields its port."""
    with socket.create_server((HOST, 0)) as listener:
        threads: list[threading.Thread] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threads.append(threading.Thread(target=handle, args=(connection,), daemon=True))
                    threads[-1].start()

        def handle(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                serve(connection)

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            # A listener that is only closed would leave the thread in accept.
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            for thread in threads:
                thread.join()


def silent(connection: socket.socket) -> None:
    """Accept, read everything, answer nothing, until the peer goes."""
    while connection.recv(65_536):
        pass


def hang_up(connection: socket.socket) -> None:
    """Close as soon as something was said."""
    connection.recv(65_536)


def only_3_1_1(broker_port: int, *, says_so: bool) -> Callable[[socket.socket], None]:
    """A broker that knows no MQTT 5: refuses it in words, or just hangs up; the rest goes to the broker at the port."""

    def serve(connection: socket.socket) -> None:
        first = connection.recv(65_536)
        if not first:
            return
        level = first[first.index(b"MQTT") + 4]
        if level != 4:
            if says_so:
                connection.sendall(_REFUSED_VERSION)
            return
        with socket.create_connection((HOST, broker_port)) as broker:
            broker.sendall(first)
            back = threading.Thread(target=_pipe, args=(broker, connection), daemon=True)
            back.start()
            _pipe(connection, broker)
            back.join()

    return serve


def pump(source: socket.socket, sink: socket.socket, *, treat: Callable[[bytes], bytes] = lambda chunk: chunk) -> None:
    """Move what comes from one connection to another, treated, until either ends."""
    with suppress(OSError):
        while chunk := source.recv(65_536):
            sink.sendall(treat(chunk))


def free_port() -> int:
    """A loopback port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    pump(source, sink)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)

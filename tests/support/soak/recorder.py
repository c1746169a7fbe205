"""An independent subscriber that loses nothing of what a broker wrote to it before it was killed."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from support.soak import packets
from support.soak.evidence import Arrival
from support.tcp import HOST
from support.tools import DEADLINE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

_AGAIN_SECONDS = 0.02


class Recorder:
    """Keeps a session at QoS 1, comes back by itself, and hands every message on in the order of arrival.

    A client library gives up a connection as soon as it cannot write to it; this one reads it to its end first, so that
    what a broker passed on in its last moment counts.

    Args:
        port: of the broker.
        name: of the session.
        topics: filters.
        take: called with each arrival, by the thread that reads.

    Attributes:
        sessions: how often it was connected and subscribed.
    """

    def __init__(self, port: int, *, name: str, topics: tuple[str, ...], take: Callable[[Arrival], None]) -> None:
        self._port = port
        self._hello = packets.connect(name) + packets.subscribe(topics)
        self._take = take
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._socket: socket.socket | None = None
        self.sessions = 0
        self._thread = threading.Thread(target=self._run, name=f"recorder-{name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.wait_for_session(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        connection = self._socket
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(DEADLINE_SECONDS)

    def wait_for_session(self, number: int) -> None:
        """Wait until it is subscribed for the `number`th time."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.sessions >= number, DEADLINE_SECONDS), "the broker is not there"

    def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(OSError), socket.create_connection((HOST, self._port), DEADLINE_SECONDS) as connection:
                self._socket = connection
                connection.settimeout(None)
                connection.sendall(self._hello)
                self._read(connection)
            self._stopping.wait(_AGAIN_SECONDS)

    def _read(self, connection: socket.socket) -> None:
        buffer = bytearray()
        while chunk := connection.recv(65_536):
            buffer += chunk
            while (packet := packets.taken(buffer)) is not None:
                self._hear(connection, *packet)

    def _hear(self, connection: socket.socket, first: int, body: bytes) -> None:
        if packets.is_suback(first):
            with self._changed:
                self.sessions += 1
                self._changed.notify_all()
        found = packets.publish(first, body)
        if found is None:
            return
        self._take(Arrival(at=time.monotonic(), topic=found.topic, payload=found.payload, retained=found.retained))
        if found.packet_id is not None:
            # A broker that is gone meanwhile must not keep the rest of what it said from being read.
            with suppress(OSError):
                connection.sendall(packets.puback(found.packet_id))

"""`protocols.Publisher` over paho-mqtt: MQTT 5, or 3.1.1 where the broker wants it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from insect_edge.adapters.paho_connection import Connection, not_connected

if TYPE_CHECKING:
    from queue import SimpleQueue

    from insect_edge.domain import Message
    from insect_edge.mqtt.broker_settings import BrokerSettings
    from insect_edge.protocols import Notice


class PahoPublisher:
    """Publishes to one broker.

    Args:
        inbox: where notices go.
        settings: of the broker.

    Attributes:
        discarded: messages that were thrown away unread because too many notices waited, on all connections.
    """

    def __init__(self, inbox: SimpleQueue[Notice], settings: BrokerSettings) -> None:
        self._inbox = inbox
        self._settings = settings
        self._generation = 0
        self._connection: Connection | None = None
        self._older_only = threading.Event()
        self.discarded = 0

    def connect(self, *, will: Message | None) -> int:
        """Begin to connect; see `Publisher`."""
        self.disconnect(timeout=0)
        self._generation += 1
        self._connection = Connection(
            inbox=self._inbox,
            settings=self._settings,
            will=will,
            generation=self._generation,
            older_only=self._older_only,
            discard=self._discard,
        )
        self._connection.start()
        return self._generation

    def publish(self, message: Message) -> int:
        """Hand one message over; see `Publisher`."""
        return self._usable().publish(message)

    def subscribe(self, topic: str) -> None:
        """Receive what matches `topic`; see `Publisher`."""
        self._usable().subscribe(topic)

    def disconnect(self, *, timeout: float) -> None:
        """Send what is under way, then DISCONNECT; see `Publisher`. With a timeout of 0 the connection is just cut."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close(timeout=timeout)

    def _discard(self) -> None:
        self.discarded += 1

    def _usable(self) -> Connection:
        if self._connection is None or not self._connection.ready:
            raise not_connected(self._settings)
        return self._connection

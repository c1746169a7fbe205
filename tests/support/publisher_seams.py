"""Each implementation of `protocols.Publisher` with its broker, ready to be held against the contract."""

from __future__ import annotations

import queue
from abc import ABC, abstractmethod
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

import pytest

from insect_edge.adapters.memory_publisher import MemoryPublisher
from insect_edge.adapters.paho import PahoPublisher
from insect_edge.domain import Message
from insect_edge.mqtt.broker_settings import BrokerSettings, TlsSettings
from insect_edge.protocols import Acknowledged, Connected, Disconnected, Notice, Publisher, Received
from support.mosquitto import PASSWORD, USERNAME, BrokerOptions, Mosquitto, Subscriber, make_certificates

if TYPE_CHECKING:
    from pathlib import Path

WILL = Message(topic="test/availability", payload=b"offline", qos=1, retain=True, content_type="text/plain")
PATIENCE_SECONDS = 30.0
LARGEST = 4_000

_Kind = TypeVar("_Kind", Connected, Disconnected, Acknowledged, Received)


LIMIT = (f"max_packet_size {LARGEST}",)


def message(payload: bytes = b"{}", *, topic: str = "test/detection", qos: int = 1, retain: bool = False) -> Message:
    """A message to publish."""
    return Message(topic=topic, payload=payload, qos=qos, retain=retain)


class Seam(ABC):
    """One implementation, what watches the broker from outside, and the means to hurt the connection."""

    publisher: Publisher
    protocol: str

    def __init__(self) -> None:
        self.inbox: SimpleQueue[Notice] = SimpleQueue()

    def take(self, kind: type[_Kind]) -> _Kind:
        """The next notice, which has to be of that kind."""
        try:
            notice = self.inbox.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            pytest.fail(f"no {kind.__name__} within {PATIENCE_SECONDS:g} s")
        assert isinstance(notice, kind)
        return notice

    def connect(self) -> Connected:
        """Connect and wait until that is done."""
        generation = self.publisher.connect(will=WILL)
        connected = self.take(Connected)
        assert connected.generation == generation
        return connected

    @abstractmethod
    def seen(self, count: int) -> list[tuple[str, bytes]]:
        """Topic and payload of what other clients received live, once there are `count`."""

    @abstractmethod
    def retained(self, topic: str) -> bytes | None:
        """What the broker retains."""

    @abstractmethod
    def break_connection(self) -> None:
        """Break the connection from the broker's side."""

    @abstractmethod
    def go_away(self) -> None:
        """Have the broker unreachable."""

    @abstractmethod
    def close(self) -> None:
        """Clean up."""


class MemorySeam(Seam):
    """The broker in memory."""

    def __init__(self, protocol: str) -> None:
        super().__init__()
        self.protocol = protocol
        self.publisher = self.memory = MemoryPublisher(self.inbox, protocol=protocol)
        if protocol == "5":
            self.memory.maximum_packet_size = LARGEST

    def seen(self, count: int) -> list[tuple[str, bytes]]:
        """See `Seam`."""
        assert len(self.memory.published) >= count
        return [(published.topic, published.payload) for published in self.memory.published]

    def retained(self, topic: str) -> bytes | None:
        """See `Seam`."""
        found = self.memory.retained.get(topic)
        return None if found is None else found.payload

    def break_connection(self) -> None:
        """See `Seam`."""
        self.memory.drop()

    def go_away(self) -> None:
        """See `Seam`."""
        self.memory.reachable = False

    def close(self) -> None:
        """See `Seam`."""


class MosquittoSeam(Seam):
    """Paho with a real broker."""

    def __init__(self, folder: Path, *, options: BrokerOptions, settings: dict[str, object], protocol: str) -> None:
        super().__init__()
        self.protocol = protocol
        self.broker = Mosquitto(folder, options)
        try:
            self.broker.start()
            self.subscriber = Subscriber(self.broker, "test/#")
        except BaseException:
            self.broker.kill()
            raise
        host = "localhost" if options.certificates else "127.0.0.1"
        self.publisher = PahoPublisher(
            self.inbox,
            BrokerSettings(host=host, port=self.broker.port, client_id="trap-1", protocol=protocol, **settings),  # type: ignore[arg-type]
        )

    def seen(self, count: int) -> list[tuple[str, bytes]]:
        """See `Seam`."""
        return [(topic, payload) for topic, payload, _ in self.subscriber.wait_for(count)]

    def retained(self, topic: str) -> bytes | None:
        """See `Seam`."""
        found = self.broker.retained(topic)
        return None if found is None else found.encode()

    def break_connection(self) -> None:
        """See `Seam`."""
        self.broker.kill()
        self.broker.start()

    def go_away(self) -> None:
        """See `Seam`."""
        self.broker.kill()

    def close(self) -> None:
        """See `Seam`."""
        self.publisher.disconnect(timeout=0)
        self.subscriber.close()
        self.broker.kill()


def make(kind: str, folder: Path) -> Seam:
    """The seam called `<flavour>-<protocol>`."""
    name, protocol = kind.split("-")
    if name == "memory":
        return MemorySeam(protocol)
    if name == "plain":
        return MosquittoSeam(folder, options=BrokerOptions(extra=LIMIT), settings={}, protocol=protocol)
    if name == "password":
        login = {"username": USERNAME, "password": PASSWORD}
        options = BrokerOptions(password=True, extra=LIMIT)
        return MosquittoSeam(folder, options=options, settings=login, protocol=protocol)
    certificates = make_certificates(folder / "pki")
    tls = TlsSettings(ca_file=certificates.ca, certificate_file=certificates.client, key_file=certificates.client_key)
    options = BrokerOptions(certificates=certificates, client_certificates=True, extra=LIMIT)
    return MosquittoSeam(folder, options=options, settings={"tls": tls}, protocol=protocol)

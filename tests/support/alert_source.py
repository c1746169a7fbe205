"""A program that raises alerts and publishes them in one of several ways, to compare what outages and kills cost each.

    python -m support.alert_source WAY PORT FOLDER START

It prints the number of each alert as soon as its way of publishing has taken it over. Numbers are intervals since START
(seconds of the monotonic clock), so several of these programs raise the same alerts, and one that is started again goes
on with the number of that moment. SIGTERM ends the raising; what was raised goes on being delivered.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import TYPE_CHECKING, Protocol

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.paho import PahoPublisher
from insect_edge.domain import Message
from insect_edge.mqtt.broker_settings import BrokerSettings
from insect_edge.mqtt.topics import Topics
from insect_edge.outbox.entry import Draft, Kind, OutboxLimits, Ticket
from insect_edge.outbox.queue import Outbox
from insect_edge.relay.relay import Relay, RelaySettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.protocols import Notice

HOST = "127.0.0.1"
ROOT = "field"
INTERVAL_SECONDS = 0.2
"""Between two alerts."""
KEEPALIVE_SECONDS = 5
RECONNECT_FIRST_SECONDS, RECONNECT_LONGEST_SECONDS = 1, 4
"""The same patience for every way."""
PAYLOAD_BYTES = 1000
"""What an alert of the daemon has."""


def payload(number: int) -> bytes:
    """An alert that tells its number."""
    return json.dumps({"number": number, "rest": ""}).encode().ljust(PAYLOAD_BYTES)


class Way(Protocol):
    """How alerts are published."""

    def take_over(self, number: int) -> None:
        """Be responsible for one alert from now on."""

    def work(self, *, seconds: float) -> None:
        """Do what there is to do for so long."""


class Ours:
    """Outbox, relay and publisher as the daemon has them."""

    def __init__(self, way: str, port: int, folder: Path) -> None:
        self._topic = f"{ROOT}/{way}"
        self._clock = SystemClock(probe=lambda: True)
        self._inbox: SimpleQueue[Notice] = SimpleQueue()
        self._outbox = Outbox.open(folder, clock=self._clock, limits=OutboxLimits())
        settings = BrokerSettings(host=HOST, port=port, client_id=way, keepalive_seconds=KEEPALIVE_SECONDS)
        self._relay = Relay(
            publisher=PahoPublisher(self._inbox, settings),
            outbox=self._outbox,
            clock=self._clock,
            random=Random(os.getpid()),  # noqa: S311 # jitter, not secrets
            settings=RelaySettings(
                topics=Topics(device_id=way),
                acknowledge_seconds=KEEPALIVE_SECONDS,
                backoff_first_seconds=RECONNECT_FIRST_SECONDS,
                backoff_longest_seconds=RECONNECT_LONGEST_SECONDS,
            ),
        )

    @property
    def waiting(self) -> int:
        """Alerts that were not acknowledged yet."""
        return self._outbox.status().depth

    def take_over(self, number: int) -> None:
        """Store it."""
        self._outbox.put([Draft(kind=Kind.ALERT, build=partial(self._message, number))])

    def work(self, *, seconds: float) -> None:
        """The daemon's loop without a camera."""
        until = self._clock.monotonic() + seconds
        while True:
            self._relay.pump()
            now = self._clock.monotonic()
            due = min([until, *filter(None, [self._relay.next_deadline()])])
            notice = self._clock.wait(self._inbox, seconds=max(due - now, 0.0))
            if notice is not None:
                self._relay.handle(notice)
            elif now >= until:
                return

    def close(self) -> None:
        """Disconnect; what waits stays on the disk."""
        self._relay.stop(timeout=1)
        self._outbox.close()

    def _message(self, number: int, _: Ticket) -> Message:
        return Message(topic=self._topic, payload=payload(number), qos=1, retain=False)


class Paho:
    """What programs do: a client with its own thread, and `publish` whether it is connected or not.

    Args:
        way: names the client and its topic.
        port: of the broker.
        qos: of each alert.
        queued: the most messages that may wait in the client's memory; 0 for any number, as by default.
    """

    def __init__(self, way: str, port: int, *, qos: int, queued: int = 0) -> None:
        self._topic, self._qos = f"{ROOT}/{way}", qos
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=way)
        self._client.max_queued_messages_set(queued)
        self._client.reconnect_delay_set(RECONNECT_FIRST_SECONDS, RECONNECT_LONGEST_SECONDS)
        self._client.connect_async(HOST, port, keepalive=KEEPALIVE_SECONDS)
        self._client.loop_start()

    def take_over(self, number: int) -> None:
        """Hand it to the client."""
        self._client.publish(self._topic, payload(number), qos=self._qos)

    def work(self, *, seconds: float) -> None:
        """The client's own thread does it."""
        time.sleep(seconds)


WAYS: dict[str, Callable[[int, Path], Way]] = {
    "insect-edge": lambda port, folder: Ours("insect-edge", port, folder),
    "paho-qos0": lambda port, _: Paho("paho-qos0", port, qos=0),
    "paho-qos1": lambda port, _: Paho("paho-qos1", port, qos=1),
    "paho-qos1-100": lambda port, _: Paho("paho-qos1-100", port, qos=1, queued=100),
}


def main(name: str, port: str, folder: str, start: str) -> None:
    """Raise alerts until told to stop; deliver until killed."""
    enough = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: enough.set())
    way = WAYS[name](int(port), Path(folder))
    number = int((time.monotonic() - float(start)) / INTERVAL_SECONDS)
    while True:
        number += 1
        due = float(start) + number * INTERVAL_SECONDS
        way.work(seconds=max(due - time.monotonic(), 0.0))
        if not enough.is_set():
            way.take_over(number)
            os.write(sys.stdout.fileno(), b"%d\n" % number)


if __name__ == "__main__":
    main(*sys.argv[1:])

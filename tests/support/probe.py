"""A subscriber inside the test process that notes when each message came, to the microsecond."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

if TYPE_CHECKING:
    from support.mosquitto import Mosquitto

DEADLINE_SECONDS = 30.0


class Probe:
    """Subscribed to one topic while its context lasts.

    Attributes:
        arrived: seconds since the epoch and payload of each message, in order.
    """

    def __init__(self, broker: Mosquitto, topic: str) -> None:
        self.arrived: list[tuple[float, bytes]] = []
        self._topic = topic
        self._address = ("127.0.0.1", broker.port)
        self._subscribed = threading.Event()
        self._came = threading.Semaphore(0)
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._take

    def __enter__(self) -> Self:
        self._client.connect(*self._address)
        self._client.loop_start()
        self._client.subscribe(self._topic, qos=1)
        assert self._subscribed.wait(DEADLINE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def wait_for(self, count: int, *, seconds: float = DEADLINE_SECONDS) -> None:
        """Wait for that many more messages."""
        for _ in range(count):
            assert self._came.acquire(timeout=seconds), f"no message on {self._topic} for {seconds:g} s"

    def round_trip(self, payload_size: int) -> float:
        """Publish to the own topic and wait for it to come back: the broker alone, in seconds."""
        sent = time.time()
        self._client.publish(self._topic, b" " * payload_size, qos=1)
        self.wait_for(1)
        return self.arrived[-1][0] - sent

    def _take(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self.arrived.append((time.time(), message.payload))
        self._came.release()

"""A broker in memory and the publisher that talks to it: remembers everything, and fails the way it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.errors import PublishError
from insect_edge.mqtt.publishable import LARGEST_PACKET, check
from insect_edge.mqtt.reason_codes import FAILURE
from insect_edge.protocols import Acknowledged, Connected, Disconnected, Received, Subscribed

if TYPE_CHECKING:
    from queue import SimpleQueue

    from insect_edge.domain import Message
    from insect_edge.protocols import Notice


class MemoryPublisher:
    """`protocols.Publisher` without a network: every outcome is in the inbox when the call returns.

    Attributes:
        published: what the broker took, in order, the last will of broken connections among it.
        retained: the newest retained message of each topic.
        connections: how often `connect` was called.
        protocol: `5` or `3.1.1`: what `Connected` says.
        reachable: False: every attempt to connect fails, as if nobody listened.
        refusal: a reason: every attempt to connect is refused with it.
        silent: True: attempts to connect are never answered.
        withhold: True: nothing is acknowledged until `acknowledge`.
        maximum_packet_size: bytes of the largest packet it takes; None for no limit of its own.
        receive_maximum: what `Connected` says of it.
        refused_topics: reason code (0x80 or more) to acknowledge a topic's messages with; they are not published.
        refused_filters: reason code (0x80 or more) to answer a subscription with.
        deadly_topics: topics on whose messages the broker hangs up instead.
        discarded: received messages that are said to have been thrown away.
    """

    def __init__(self, inbox: SimpleQueue[Notice], *, protocol: str = "5") -> None:
        self._inbox = inbox
        self._generation = 0
        self._connected = False
        self._will: Message | None = None
        self._filters: list[str] = []
        self._tokens = 0
        self._withheld: list[int] = []
        self.published: list[Message] = []
        self.retained: dict[str, Message] = {}
        self.connections = 0
        self.protocol = protocol
        self.reachable = True
        self.refusal: str | None = None
        self.silent = False
        self.withhold = False
        self.maximum_packet_size: int | None = None
        self.receive_maximum: int | None = None
        self.refused_topics: dict[str, int] = {}
        self.refused_filters: dict[str, int] = {}
        self.deadly_topics: set[str] = set()
        self.discarded = 0

    def connect(self, *, will: Message | None) -> int:
        """Connect, or fail as told; see `Publisher`."""
        if self._connected:
            self._vanish()
        self._generation += 1
        self.connections += 1
        if self.refusal is not None:
            self._inbox.put(Disconnected(generation=self._generation, reason=self.refusal, refused=True))
        elif not self.reachable:
            self._inbox.put(Disconnected(generation=self._generation, reason="nobody listens", refused=False))
        elif not self.silent:
            self._connected, self._will = True, will
            self._inbox.put(
                Connected(
                    generation=self._generation,
                    session_present=False,
                    protocol=self.protocol,
                    maximum_packet_size=self.maximum_packet_size,
                    receive_maximum=self.receive_maximum,
                )
            )
        return self._generation

    def publish(self, message: Message) -> int:
        """Take one message, or fail as told; see `Publisher`."""
        if not self._connected:
            raise PublishError("memory: not connected: try again once it is", retry=True)
        check(message, properties_size=0, largest_packet=self.maximum_packet_size or LARGEST_PACKET)
        self._tokens += 1
        if message.topic in self.deadly_topics:
            self.drop("the broker hung up")
            return self._tokens
        code = self.refused_topics.get(message.topic, 0)
        if code == 0:
            self._take(message)
        if self.withhold and message.qos:
            self._withheld.append(self._tokens)
        else:
            # Under 3.1.1 a PUBACK has no reason code: a refusal looks like success.
            told = code if self.protocol == "5" else 0
            self._inbox.put(Acknowledged(generation=self._generation, token=self._tokens, reason_code=told))
        return self._tokens

    def subscribe(self, topic: str) -> None:
        """Receive what matches `topic`, retained messages at once; see `Publisher`."""
        if not self._connected:
            raise PublishError("memory: not connected: try again once it is", retry=True)
        code = self.refused_filters.get(topic, 1)
        # As a reason code 1 says: granted, with QoS 1.
        self._inbox.put(Subscribed(generation=self._generation, topic=topic, reason_code=code))
        if code >= FAILURE:
            return
        self._filters.append(topic)
        for message in self.retained.values():
            if matches(topic, message.topic):
                self._forward(message, retain=True)

    def disconnect(self, *, timeout: float) -> None:
        """DISCONNECT; with a timeout of 0 the connection is cut, and the last will published; see `Publisher`."""
        if self._connected and timeout <= 0:
            self._vanish()
        self._forget()

    def drop(self, reason: str = "the connection was lost") -> None:
        """Break the connection from the broker's side; harmless when there is none."""
        if self._connected:
            self._vanish()
            self._inbox.put(Disconnected(generation=self._generation, reason=reason, refused=False))

    def acknowledge(self) -> None:
        """Acknowledge what was withheld on this connection."""
        withheld, self._withheld = self._withheld, []
        for token in withheld:
            self._inbox.put(Acknowledged(generation=self._generation, token=token, reason_code=0))

    def inject(self, message: Message, *, response_topic: str | None = None) -> None:
        """Publish as another client of the broker does; the answer is wanted on `response_topic`, if anywhere."""
        self._take(message, response_topic=response_topic)

    def payloads(self, topic: str) -> list[bytes]:
        """What was published on one topic, in order."""
        return [message.payload for message in self.published if message.topic == topic]

    def _take(self, message: Message, *, response_topic: str | None = None) -> None:
        self.published.append(message)
        if message.retain and message.payload:
            self.retained[message.topic] = message
        elif message.retain:
            self.retained.pop(message.topic, None)
        if any(matches(pattern, message.topic) for pattern in self._filters):
            self._forward(message, retain=message.retain and self.protocol == "5", response_topic=response_topic)

    def _forward(self, message: Message, *, retain: bool, response_topic: str | None = None) -> None:
        asks = self.protocol == "5"
        self._inbox.put(
            Received(
                generation=self._generation,
                topic=message.topic,
                payload=message.payload,
                retain=retain,
                response_topic=response_topic if asks else None,
                correlation_data=message.correlation_data if asks else None,
            )
        )

    def _vanish(self) -> None:
        """The connection ends without a DISCONNECT: the broker publishes the last will."""
        will = self._will
        self._forget()
        if will is not None:
            self._take(will)

    def _forget(self) -> None:
        self._connected, self._will = False, None
        self._filters.clear()
        self._withheld.clear()


def matches(pattern: str, topic: str) -> bool:
    """Whether a topic filter covers a topic (MQTT 5.0, section 4.7); wildcards do not cover a leading `$`."""
    if topic.startswith("$") and pattern[:1] in {"#", "+"}:
        return False
    wanted, levels = pattern.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)] if len(levels) >= len(wanted) else levels
    return len(wanted) == len(levels) and all(w in {"+", level} for w, level in zip(wanted, levels, strict=True))

"""One MQTT connection through paho-mqtt: the only place that knows the library.

Each connection is a thread of its own with a fresh client object: an old client would send what it still holds again
and again. The thread resolves the name, connects and serves the socket, so nothing of it can hold up the owner; all it
does beside that is to append notices to the inbox.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.subscribeoptions import SubscribeOptions

from insect_edge.adapters.paho_parts import connect_properties, hurry, properties_of, received_from
from insect_edge.adapters.tls import tls_context
from insect_edge.errors import PublishError
from insect_edge.mqtt import reason_codes
from insect_edge.mqtt.connection_errors import Ending
from insect_edge.mqtt.publishable import LARGEST_PACKET, check
from insect_edge.protocols import Acknowledged, Connected, Disconnected, Subscribed

if TYPE_CHECKING:
    from collections.abc import Callable
    from queue import SimpleQueue

    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from insect_edge.domain import Message
    from insect_edge.mqtt.broker_settings import BrokerSettings
    from insect_edge.protocols import Notice

_VERSIONS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
_LOOP_SECONDS = 1.0
"""How often paho looks at its keepalive; writing wakes it at once."""
_MOST_IN_FLIGHT = 1_000
"""Far above what the relay has under way, so that paho never queues; the broker's own limit is the relay's business."""


@dataclass(kw_only=True, eq=False)
class Connection:
    """One connection and its thread.

    Attributes:
        inbox: where notices go.
        settings: of the broker.
        will: what the broker publishes once the connection breaks, if anything.
        generation: number of this connection, in each of its notices.
        older_only: set once the broker was found to speak 3.1.1 only; lives as long as the publisher.
        discard: called for each received message that is thrown away.
        ready: whether messages can be published now.
    """

    inbox: SimpleQueue[Notice]
    settings: BrokerSettings
    will: Message | None
    generation: int
    older_only: threading.Event
    discard: Callable[[], None]
    ready: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._client: Client | None = None
        self._protocol = ""
        self._maximum_packet_size = LARGEST_PACKET
        self._changed = threading.Condition()
        self._unacknowledged = 0
        self._asked: dict[int, str] = {}
        self._closing = threading.Event()
        self._cut = threading.Event()
        self._ending = Ending(host=self.settings.host, port=self.settings.port)
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{self.generation}", daemon=True)

    def start(self) -> None:
        """Begin; everything else is told by notices."""
        self._thread.start()

    def publish(self, message: Message) -> int:
        """Append one message to what the thread writes; returns paho's packet id."""
        properties = self._properties(message, packet=PacketTypes.PUBLISH)
        extra = 0 if properties is None else len(properties.pack())  # type: ignore[no-untyped-call]
        check(message, properties_size=extra, largest_packet=self._maximum_packet_size)
        client = self._connected()
        self._count(+1)
        info = client.publish(
            message.topic, message.payload, qos=message.qos, retain=message.retain, properties=properties
        )
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._count(-1)
            raise not_connected(self.settings)
        return info.mid

    def subscribe(self, topic: str) -> None:
        """Ask for a topic filter."""
        client = self._connected()
        with self._changed:  # the answer must not be looked at before its number is noted
            if self._protocol == "5":
                # So that a command somebody retains is known for what it is at once, not only after a reconnect.
                rc, packet_id = client.subscribe(topic, options=SubscribeOptions(qos=1, retainAsPublished=True))
            else:
                rc, packet_id = client.subscribe(topic, qos=1)
            if rc != MQTTErrorCode.MQTT_ERR_SUCCESS or packet_id is None:
                raise not_connected(self.settings)
            self._asked[packet_id] = topic

    def close(self, *, timeout: float) -> None:
        """End the connection, in order where `timeout` seconds are enough for it."""
        self._closing.set()
        client = self._client
        if client is not None and self.ready and timeout > 0:
            deadline = time.monotonic() + timeout
            with self._changed:
                # Closed with a PUBACK unread, the system would reset the connection and the broker lose the rest.
                self._changed.wait_for(lambda: self._unacknowledged == 0 or not self.ready, timeout)
            client.disconnect()
            self._thread.join(max(0.0, deadline - time.monotonic()))
        self.ready = False
        self._cut.set()
        # The stream's end wakes the thread; one that still connects comes upon `_cut`.
        if client is not None and (sock := client.socket()) is not None:
            with suppress(OSError):
                cast("socket.socket", sock).shutdown(socket.SHUT_RDWR)

    def _count(self, change: int) -> None:
        with self._changed:
            self._unacknowledged += change
            self._changed.notify_all()

    def _connected(self) -> Client:
        if self._client is None:
            raise not_connected(self.settings)
        return self._client

    def _run(self) -> None:
        """Connect, serve until the end, and say why it ended."""
        try:
            for protocol in self._protocols():
                self._serve(protocol)
                if self._ending.known or self._closing.is_set():
                    break
        except Exception as error:  # noqa: BLE001 # whatever it is, the owner must hear that the connection is over
            self._ending.failed(error)
        self.ready = False
        if not self._closing.is_set():
            reason, refused = self._ending.reason()
            self.inbox.put(Disconnected(generation=self.generation, reason=reason, refused=refused))

    def _protocols(self) -> tuple[str, ...]:
        """What to try, the next where the broker refuses the one before it or hangs up on it without a word."""
        if self.settings.protocol != "auto":
            return (self.settings.protocol,)
        return ("3.1.1",) if self.older_only.is_set() else ("5", "3.1.1")

    def _serve(self, protocol: str) -> None:
        """Make one connection and stay with it to its end."""
        self._protocol = protocol
        client = self._build()
        try:
            # CONNECT is only queued here: given up by now, it is never sent, and throws out no later connection.
            wishes = connect_properties(self.settings) if protocol == "5" else None
            keepalive = self.settings.keepalive_seconds
            client.connect(self.settings.host, self.settings.port, keepalive=keepalive, properties=wishes)
            self._client = client
            rc = MQTTErrorCode.MQTT_ERR_SUCCESS
            while rc == MQTTErrorCode.MQTT_ERR_SUCCESS and client.socket() is not None and not self._cut.is_set():
                rc = client.loop(timeout=_LOOP_SECONDS)
        except (OSError, ValueError) as error:
            self._ending.failed(error)
        finally:
            self._client = None
            if (sock := client.socket()) is not None:
                sock.close()

    def _build(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.settings.client_id,
            # Under 5 paho asks for a clean start by itself, on a client's first connection; each of ours is one.
            clean_session=None if self._protocol == "5" else True,
            protocol=_VERSIONS[self._protocol],
            reconnect_on_failure=False,
        )
        client.connect_timeout = self.settings.connect_seconds
        client.max_inflight_messages_set(_MOST_IN_FLIGHT)
        if self.settings.username is not None:
            client.username_pw_set(self.settings.username, self.settings.password)
        if self.settings.tls is not None:
            client.tls_set_context(tls_context(self.settings.tls))
        if self.will is not None:
            client.will_set(
                self.will.topic,
                self.will.payload,
                qos=self.will.qos,
                retain=self.will.retain,
                properties=self._properties(self.will, packet=PacketTypes.WILLMESSAGE),
            )
        self._set_callbacks(client)
        return client

    def _set_callbacks(self, client: Client) -> None:
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_log = self._on_log
        client.on_socket_open = lambda _client, _data, sock: hurry(cast("socket.socket", sock))
        # With an outside event loop announced, `publish` leaves writing to this thread instead of doing it in its own.
        client.on_socket_register_write = lambda *_: None

    def _on_connect(
        self, _client: Client, _data: Any, flags: ConnectFlags, reason_code: ReasonCode, properties: Properties | None
    ) -> None:
        if reason_code.is_failure:
            if reason_code.value != reason_codes.UNSUPPORTED_PROTOCOL or self._protocol == self._protocols()[-1]:
                self._ending.refused(reason_code.value)
            return
        self._ending.accepted(tells_why=self._protocol == "5")
        if self._protocol == "3.1.1":
            self.older_only.set()
        largest = getattr(properties, "MaximumPacketSize", None)
        self._maximum_packet_size = largest or LARGEST_PACKET
        if self._closing.is_set():
            return
        self.ready = True
        self.inbox.put(
            Connected(
                generation=self.generation,
                session_present=flags.session_present,
                protocol=self._protocol,
                maximum_packet_size=largest,
                receive_maximum=getattr(properties, "ReceiveMaximum", None),
            )
        )

    def _on_disconnect(
        self,
        _client: Client,
        _data: Any,
        flags: DisconnectFlags,
        reason_code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.ready = False
        self._count(0)
        if flags.is_disconnect_packet_from_server:
            self._ending.refused(reason_code.value)
        elif reason_code.getName() == "Keep alive timeout":
            self._ending.silent(self.settings.keepalive_seconds)
        else:
            self._ending.lost()

    def _on_publish(
        self, _client: Client, _data: Any, packet_id: int, reason_code: ReasonCode, _properties: Properties | None
    ) -> None:
        self._count(-1)
        self.inbox.put(Acknowledged(generation=self.generation, token=packet_id, reason_code=reason_code.value))

    def _on_subscribe(
        self, _client: Client, _data: Any, packet_id: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        with self._changed:
            topic = self._asked.pop(packet_id, None)
        if topic is not None and codes:
            self.inbox.put(Subscribed(generation=self.generation, topic=topic, reason_code=codes[0].value))

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        most = self.settings.most_waiting
        if most is not None and self.inbox.qsize() >= most:
            # Never an acknowledgement or the end of a connection: those are few, and the outbox lives by them.
            self.discard()
        elif (received := received_from(message, generation=self.generation)) is not None:
            self.inbox.put(received)

    def _on_log(self, _client: Client, _data: Any, level: int, text: str) -> None:
        """The only place where paho tells what a read or write failed with."""
        if level == LogLevel.MQTT_LOG_ERR:
            self._ending.note(text)

    def _properties(self, message: Message, *, packet: int) -> Properties | None:
        """What only MQTT 5 can say of a message."""
        if self._protocol != "5":
            return None
        return properties_of(message, packet=packet, user_properties=self.settings.user_properties)


def not_connected(settings: BrokerSettings) -> PublishError:
    """The error for whatever needs a connection that is not there."""
    return PublishError(f"{settings.host}: not connected: try again once it is", retry=True)

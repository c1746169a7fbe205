"""What a connection through paho-mqtt needs and keeps no state for."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from insect_edge.protocols import Received

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessage

    from insect_edge.domain import Message
    from insect_edge.mqtt.broker_settings import BrokerSettings


def properties_of(message: Message, *, packet: int, user_properties: tuple[tuple[str, str], ...]) -> Properties:
    """What MQTT 5 carries beside a message.

    Args:
        message: to be published.
        packet: paho's number of the packet's type.
        user_properties: names and values.
    """
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    properties.ContentType = message.content_type
    if message.expiry_seconds is not None:
        properties.MessageExpiryInterval = message.expiry_seconds
    if message.correlation_data is not None:
        properties.CorrelationData = message.correlation_data
    if user_properties:
        properties.UserProperty = list(user_properties)
    return properties


def connect_properties(settings: BrokerSettings) -> Properties | None:
    """What MQTT 5 tells the broker of us; None where there is nothing to tell."""
    if settings.largest_received is None:
        return None
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.MaximumPacketSize = settings.largest_received
    return properties


def received_from(message: MQTTMessage, *, generation: int) -> Received | None:
    """What arrived, as a notice; None for a topic that is no text."""
    try:
        topic = message.topic
    except UnicodeDecodeError:
        return None
    return Received(
        generation=generation,
        topic=topic,
        payload=bytes(message.payload),
        retain=message.retain,
        response_topic=getattr(message.properties, "ResponseTopic", None),
        correlation_data=getattr(message.properties, "CorrelationData", None),
    )


def hurry(sock: socket.socket) -> None:
    """Send each message at once.

    The messages of one event follow each other closely; Nagle's algorithm would hold the second back until the broker's
    system has acknowledged the first, which it delays by some 40 ms.
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

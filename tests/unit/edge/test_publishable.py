from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from insect_edge.domain import Message
from insect_edge.errors import PublishError
from insect_edge.mqtt.publishable import LARGEST_PACKET, check, packet_size


def message(topic: str = "t", payload: bytes = b"", *, qos: int = 1) -> Message:
    """A message to look at."""
    return Message(topic=topic, payload=payload, qos=qos, retain=False)


@given(
    topic=st.text(st.characters(codec="utf-8", exclude_characters="#+\0"), min_size=1, max_size=50),
    size=st.sampled_from([0, 1, 100, 120, 127, 128, 16_000, 16_383, 16_384, 70_000]),
    qos=st.sampled_from([0, 1]),
)
def test_the_size_is_what_the_library_writes(topic: str, size: int, qos: int) -> None:
    """Byte for byte as long as paho's own packet, over every length of its header."""
    written = Client(CallbackAPIVersion.VERSION2)
    packets: list[bytes] = []
    written._packet_queue = lambda *arguments: packets.append(bytes(arguments[1])) or 0
    written._sock = object()
    written._send_publish(1, topic.encode(), b"x" * size, qos)
    written._sock = None
    assert packet_size(message(topic, b"x" * size, qos=qos), properties_size=0) == len(packets[0])


@pytest.mark.parametrize("topic", ["", "a/#", "a/+/b", "a\0b", "x" * 65_536, "\ud800"])
def test_topics_nobody_can_publish_to_are_refused(topic: str) -> None:
    """For good, with the topic in the message."""
    with pytest.raises(PublishError, match="no topic") as caught:
        check(message(topic), properties_size=0, largest_packet=LARGEST_PACKET)
    assert not caught.value.retry


def test_the_limit_itself_is_allowed() -> None:
    """One byte more is not; the properties of MQTT 5 count."""
    fits = message(payload=b"x" * 92)
    check(fits, properties_size=0, largest_packet=99)
    with pytest.raises(PublishError, match="t: 100 bytes, the broker takes 99"):
        check(fits, properties_size=1, largest_packet=99)

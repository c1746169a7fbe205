"""Whether a message can be sent at all, known before it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.errors import PublishError

if TYPE_CHECKING:
    from insect_edge.domain import Message

LARGEST_PACKET = 268_435_455 + 5
"""Bytes an MQTT packet can have at all: the largest remaining length, and the header before it."""
LONGEST_TOPIC = 65_535
"""Bytes; its length is written in two."""


def check(message: Message, *, properties_size: int, largest_packet: int) -> None:
    """Refuse what no broker, or this one, will take.

    Args:
        message: to be published.
        properties_size: bytes of the packed MQTT 5 properties with their own length; 0 under 3.1.1, which has none.
        largest_packet: bytes of the largest packet the broker takes.

    Raises:
        PublishError: with `retry=False`.
    """
    topic = message.topic
    try:
        encoded = topic.encode()
    except UnicodeEncodeError as error:
        raise PublishError(f"{topic!r}: no topic ({error.reason}): correct it", retry=False) from error
    # Under MQTT 5 an empty topic would stand for an alias, which nobody set.
    if not encoded or len(encoded) > LONGEST_TOPIC or any(sign in topic for sign in "#+\0"):
        raise PublishError(f"{topic[:80]!r}: no topic to publish to: correct it", retry=False)
    size = packet_size(message, properties_size=properties_size)
    if size > largest_packet:
        raise PublishError(
            f"{topic}: {size} bytes, the broker takes {largest_packet}: raise its limit, or send less", retry=False
        )


def packet_size(message: Message, *, properties_size: int) -> int:
    """Bytes of the whole PUBLISH packet (MQTT 5.0, section 3.3)."""
    packet_id = 2 if message.qos else 0
    remaining = 2 + len(message.topic.encode()) + packet_id + properties_size + len(message.payload)
    # One byte of type and flags, then the remaining length in groups of seven bits.
    return 1 + max(1, -(-remaining.bit_length() // 7)) + remaining

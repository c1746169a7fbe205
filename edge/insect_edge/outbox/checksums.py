"""Checksums of what the outbox stores: bytes that changed on the disk are found out before they are sent."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECKED_COLUMNS = (
    "seq, kind, kind_seq, boot_id, monotonic, utc, expiry_seconds, qos, retain, content_type, size, topic, payload"
)
"""Of a stored message, in the order `checksum` takes them; the payload stands last."""
_REALS = (4, 5)
"""Places of `monotonic` and `utc`, which SQLite gives back as floats whatever they were."""


def checksum(values: Sequence[Any]) -> int:
    """CRC-32 over all that is stored of one message: its number counts as much as its payload.

    Args:
        values: of `CHECKED_COLUMNS`.

    Raises:
        TypeError: when a value has a type that its column never has, as damage on the disk may bring about.
    """
    head = [float(value) if place in _REALS and value is not None else value for place, value in enumerate(values[:-1])]
    return zlib.crc32(values[-1], zlib.crc32(json.dumps(head).encode()))


def checksum_before(topic: str, payload: bytes) -> int:
    """What format 1 stored as a message's checksum."""
    return zlib.crc32(payload, zlib.crc32(topic.encode()))


def checksum_of_state(content: bytes) -> int:
    """CRC-32 of the policy's state."""
    return zlib.crc32(content)

"""The few packets of MQTT 3.1.1 that a subscriber needs, written from its specification."""

from __future__ import annotations

from dataclasses import dataclass

PINGREQ = bytes([0xC0, 0])
_PUBLISH, _SUBACK = 3, 9
_MORE = 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """A PUBLISH; `packet_id` is None at QoS 0."""

    topic: str
    payload: bytes
    packet_id: int | None
    retained: bool


def connect(client_id: str) -> bytes:
    """CONNECT, asking for the session that the broker keeps, without keep-alive."""
    return _packet(0x10, _text("MQTT") + bytes([4, 0, 0, 0]) + _text(client_id))


def subscribe(topics: tuple[str, ...]) -> bytes:
    """SUBSCRIBE to all of these at QoS 1, as packet 1."""
    return _packet(0x82, bytes([0, 1]) + b"".join(_text(topic) + bytes([1]) for topic in topics))


def puback(packet_id: int) -> bytes:
    """PUBACK."""
    return bytes([0x40, 2]) + packet_id.to_bytes(2, "big")


def taken(buffer: bytearray) -> tuple[int, bytes] | None:
    """The first whole packet, taken out of the buffer: its first byte and its body; None while there is none."""
    length, place = 0, 1
    while True:
        if place >= len(buffer):
            return None
        length |= (buffer[place] & ~_MORE) << 7 * (place - 1)
        place += 1
        if not buffer[place - 1] & _MORE:
            break
    if len(buffer) < place + length:
        return None
    first, body = buffer[0], bytes(buffer[place : place + length])
    del buffer[: place + length]
    return first, body


def is_suback(first: int) -> bool:
    """Whether a packet with that first byte is a SUBACK."""
    return first >> 4 == _SUBACK


def publish(first: int, body: bytes) -> Publish | None:
    """The PUBLISH a packet is; None where it is another."""
    if first >> 4 != _PUBLISH:
        return None
    length = int.from_bytes(body[:2], "big")
    topic, rest = body[2 : 2 + length].decode(), body[2 + length :]
    has_id = bool(first >> 1 & 3)
    return Publish(
        topic=topic,
        payload=rest[2:] if has_id else rest,
        packet_id=int.from_bytes(rest[:2], "big") if has_id else None,
        retained=bool(first & 1),
    )


def _packet(first: int, body: bytes) -> bytes:
    length, rest = bytearray(), len(body)
    while True:
        rest, digit = rest >> 7, rest & ~_MORE & 0xFF
        length.append(digit | (_MORE if rest else 0))
        if not rest:
            return bytes([first]) + bytes(length) + body


def _text(words: str) -> bytes:
    encoded = words.encode()
    return len(encoded).to_bytes(2, "big") + encoded

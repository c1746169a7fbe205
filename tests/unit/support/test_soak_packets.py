"""The subscriber's packets are those of MQTT 3.1.1."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from support.soak import packets


def published(topic: str, payload: bytes, *, packet_id: int | None) -> bytes:
    """A PUBLISH as a broker sends it, at QoS 1 with a packet id."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name
    body += b"" if packet_id is None else packet_id.to_bytes(2, "big")
    body += payload
    length, digits = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (128 if length else 0))
        if not length:
            return bytes([0x30 if packet_id is None else 0x33]) + bytes(digits) + body


def test_the_first_packets_are_to_the_letter() -> None:
    """As section 3 of the specification writes them."""
    assert packets.connect("ab") == bytes([0x10, 14, 0, 4]) + b"MQTT" + bytes([4, 0, 0, 0, 0, 2]) + b"ab"
    assert packets.subscribe(("a/+",)) == bytes([0x82, 8, 0, 1, 0, 3]) + b"a/+" + bytes([1])
    assert packets.puback(258) == bytes([0x40, 2, 1, 2])


@given(
    messages=st.lists(
        st.tuples(st.text(max_size=20), st.binary(max_size=300), st.none() | st.integers(1, 65_535)), max_size=5
    ),
    cut=st.integers(1, 50),
)
def test_packets_come_whole_however_they_are_cut(messages: list[tuple[str, bytes, int | None]], cut: int) -> None:
    """Pieces of any size give the same messages in the same order."""
    stream = b"".join(published(topic, payload, packet_id=number) for topic, payload, number in messages)
    buffer, found = bytearray(), []
    for start in range(0, len(stream), cut):
        buffer += stream[start : start + cut]
        while (packet := packets.taken(buffer)) is not None:
            message = packets.publish(*packet)
            assert message is not None
            found.append((message.topic, message.payload, message.packet_id))
    assert found == messages
    assert not buffer

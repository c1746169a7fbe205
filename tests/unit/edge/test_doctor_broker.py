"""What a message to oneself says about rights."""

from __future__ import annotations

import pytest

from insect_edge.doctor.broker import RoundTrip, judge_round_trip
from insect_edge.doctor.findings import Level

TOPIC = "insect-edge/trap/doctor"


def judged(
    protocol: str, subscribed: int | None, published: int | None, seconds: float | None
) -> tuple[tuple[Level, str], tuple[Level, str]]:
    """Level and words of both findings."""
    trip = RoundTrip(
        topic=TOPIC,
        protocol=protocol,
        subscribe_code=subscribed,
        publish_code=published,
        seconds=seconds,
        patience=5.0,
    )
    there, back = judge_round_trip(trip)
    return (there.level, f"{there.text}: {there.remedy}"), (back.level, f"{back.text}: {back.remedy}")


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_comes_back_has_arrived(protocol: str) -> None:
    """The way there and back is proof, whatever the version."""
    there, back = judged(protocol, 1, 0, 0.012)
    assert (there[0], back[0]) == (Level.OK, Level.OK)
    assert f"12 ms to the broker and back (MQTT {protocol})" in back[1]


@pytest.mark.parametrize(
    ("protocol", "subscribed", "published", "levels", "says"),
    [
        ("5", 1, 0x87, (Level.FAILURE, Level.FAILURE), "not authorised"),
        ("5", 1, None, (Level.FAILURE, Level.FAILURE), "not acknowledged within 5 s"),
        ("5", 0x87, 0x10, (Level.OK, Level.WARNING), "hears no commands"),
        ("5", 1, 0x10, (Level.OK, Level.WARNING), "hears no commands"),
        ("5", 1, 0x00, (Level.OK, Level.WARNING), "hears no commands"),
        ("3.1.1", 1, 0x00, (Level.OK, Level.FAILURE), "drops it without a word"),
        ("3.1.1", 0x80, 0x00, (Level.OK, Level.WARNING), "nobody can tell"),
        ("3.1.1", None, 0x00, (Level.OK, Level.WARNING), "nobody can tell"),
    ],
)
def test_what_does_not_come_back_tells_of_rights(
    *, protocol: str, subscribed: int | None, published: int | None, levels: tuple[Level, Level], says: str
) -> None:
    """Under MQTT 5 writing and reading are told apart; under 3.1.1 a message that is dropped was acknowledged too."""
    there, back = judged(protocol, subscribed, published, None)
    assert (there[0], back[0]) == levels
    assert says in there[1] + back[1]
    assert "insect-edge/trap/#" in back[1]

"""Messages as lines a person reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.mqtt.reading import line, read

ARRIVED = datetime(2026, 5, 1, 12, 0, 9, tzinfo=UTC)
FACTS = {
    "label": "slug",
    "score": 0.934,
    "hits": 3,
    "frames": 5,
    "device_id": "bed-1",
    "at": "2026-05-01T12:00:00.123Z",
}


def said(topic: str, content: dict[str, object] | bytes, *, colored: bool = False) -> str | None:
    """The line for one message; None where it is no news."""
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    reading = read(topic, payload)
    return None if reading is None else line(reading, arrived=ARRIVED, colored=colored)


def test_an_alert_says_when_where_and_what() -> None:
    """Time of day, device, label, score and on how many frames it rests."""
    content = {"schema": "insect-edge/alert/1", **FACTS}
    assert said("insect-edge/bed-1/alert/slug", content) == (
        "12:00:00  bed-1  ALERT      slug 0.93, seen in 3 of 5 frames"
    )


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"kind": "sighting", "words": "slug: every sighting"}, ""),
        ({"kind": "count", "words": "slug: 6 per trap-day, more than 5"}, " (slug: 6 per trap-day, more than 5)"),
        (None, ""),
    ],
)
def test_an_alert_says_which_threshold_was_passed(rule: dict[str, str] | None, why: str) -> None:
    """Its words stand behind it; a plain sighting has nothing to add, and neither has a program of before."""
    content = {"schema": "insect-edge/alert/1", "rule": rule, **FACTS}
    assert said("insect-edge/bed-1/alert/slug", content) == (
        f"12:00:00  bed-1  ALERT      slug 0.93, seen in 3 of 5 frames{why}"
    )


def test_a_detection_says_its_phase() -> None:
    """Start, update and end are told apart."""
    content = {"schema": "insect-edge/detection/1", "phase": "end", **FACTS}
    assert said("insect-edge/bed-1/detection", content) == (
        "12:00:00  bed-1  detection  slug 0.93, end, seen in 3 of 5 frames"
    )


def test_a_correction_is_no_news_of_the_event() -> None:
    """What only gives the times of an earlier change says so."""
    content = {"schema": "insect-edge/detection/1", "phase": "update", "corrects": "end", **FACTS}
    assert said("insect-edge/bed-1/detection", content) == (
        "12:00:00  bed-1  detection  slug 0.93, dated, seen in 3 of 5 frames"
    )


def test_health_says_its_reasons() -> None:
    """The state in a word, why, and how fast."""
    content = {
        "schema": "insect-edge/health/1",
        "state": "degraded",
        "reasons": ["broker_down", "dark"],
        "frames_per_second": 0.98,
        "device_id": "bed-1",
        "at": None,
    }
    assert said("insect-edge/bed-1/health", content) == (
        "12:00:09  bed-1  health     degraded (broker_down, dark) 1.0 frames/s"
    )


def test_availability_is_plain_text() -> None:
    """`online` and `offline` carry no time of their own, so that of their arrival stands there."""
    assert said("insect-edge/bed-1/availability", b"offline") == "12:00:09  bed-1  offline"


@pytest.mark.parametrize("name", ["snapshot", "snapshot/0a1b", "last_detection", "classification"])
def test_what_is_for_dashboards_is_no_news(name: str) -> None:
    """Pictures and repeats are not printed."""
    assert said(f"insect-edge/bed-1/{name}", b"\xff\xd8\xff") is None


def test_a_terminal_gets_colour_and_a_pipe_does_not() -> None:
    """Colour begins and ends within the line."""
    content = {"schema": "insect-edge/alert/1", **FACTS}
    assert "\x1b" not in str(said("insect-edge/bed-1/alert/slug", content))
    colored = str(said("insect-edge/bed-1/alert/slug", content, colored=True))
    assert colored.startswith("\x1b[")
    assert colored.endswith("\x1b[0m")


def test_a_payload_that_lacks_something_is_named_not_believed() -> None:
    """A foreign or damaged message becomes a line about itself."""
    assert "not understood" in str(said("insect-edge/bed-1/detection", {"schema": "insect-edge/detection/1"}))


@given(topic=st.text(min_size=1, max_size=40), payload=st.binary(max_size=60))
def test_whatever_is_on_a_broker_can_be_read(topic: str, payload: bytes) -> None:
    """No message of anybody makes the reader fail, and none breaks out of its line's end."""
    reading = read(topic, payload)
    assert reading is None or line(reading, arrived=ARRIVED, colored=False).isprintable()


@given(
    content=st.dictionaries(
        st.sampled_from(["schema", "label", "score", "hits", "frames", "phase", "state", "reasons", "at", "device_id"]),
        st.one_of(
            st.none(),
            st.integers(),
            st.floats(),
            st.text(max_size=5),
            st.lists(st.integers(), max_size=2),
            st.sampled_from(["insect-edge/alert/1", "insect-edge/health/1", "insect-edge/detection/1"]),
        ),
    )
)
def test_json_of_any_shape_can_be_read(content: dict[str, object]) -> None:
    """Known keys with unexpected values make the reader say so, not fail."""
    reading = read("insect-edge/bed-1/detection", json.dumps(content).encode())
    assert reading is None or line(reading, arrived=ARRIVED, colored=True)


def test_commands_and_their_answers_are_told() -> None:
    """Who watches sees what was asked and what came of it."""
    asked = read("insect-edge/trap/command/capture", b"")
    assert asked is not None
    assert (asked.device, asked.text) == ("trap", "command    capture")
    answers = [({"ok": True, "error": None}, "done"), ({"ok": False, "error": "no camera"}, "no camera")]
    for said, words in answers:
        content = {"schema": "insect-edge/reply/1", "command": "capture", "device_id": "trap", **said}
        answered = read("insect-edge/trap/command/capture/reply", json.dumps(content).encode())
        assert answered is not None
        assert (answered.kind, answered.text) == ("reply", f"answer     capture: {words}")


def test_a_test_alert_is_told_as_one() -> None:
    """Nobody takes it for an animal."""
    content = {"schema": "insect-edge/alert/1", "label": "test", "score": 0.0, "hits": 1, "frames": 1, "test": True}
    reading = read("insect-edge/trap/alert/test", json.dumps(content).encode())
    assert reading is not None
    assert reading.text == "TEST ALERT nothing was seen"

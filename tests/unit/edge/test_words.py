"""The health report in words."""

from __future__ import annotations

from typing import Any

import pytest

from insect_edge.health.judgement import IMPAIRS, INFORMS, STOPS_DETECTION
from insect_edge.health.report import State
from insect_edge.health.words import duration, page, sentence, size
from support.health_report import REPORT

NOTHING_KNOWN: dict[str, Any] = {
    **REPORT,
    "state": "starting",
    "reasons": [],
    "model_sha256": None,
    "newest_frame_seconds": None,
    "inference_ms": None,
    "outbox": {**REPORT["outbox"], "error": "outbox: cannot be read"},
    "broker": {"connected": False, "protocol": None, "reason": "refused", "acknowledged_seconds": None},
    "temperature_celsius": None,
    "throttling": None,
    "memory_bytes": None,
    "memory_available_bytes": None,
    "disk_free_bytes": None,
    "versions": {},
    "clock_synced": True,
}


def test_every_state_and_reason_has_words() -> None:
    """Nobody has to look a reason up; each is also there as it is in the payload."""
    for state in State:
        assert sentence(state, ())
    for reason in STOPS_DETECTION | IMPAIRS | INFORMS:
        words = sentence("degraded", [reason])
        assert words.endswith(f" ({reason})")
        assert words.removesuffix(f" ({reason})").count(" ") >= 6


def test_a_sentence_of_several_reasons() -> None:
    """The worst reason comes first; one that is not known here is told as it is."""
    said = sentence("degraded", ["throttled", "broker_down", "strange"])
    assert said.startswith("working, with trouble: there is no connection to the broker")
    assert said.endswith("(throttled)")
    assert "; strange; " in said
    assert sentence("ready", ()) == "ready"
    order = [
        said.index(f"({reason})")
        for said in [sentence("failed", ["broker_down", "dark", "stalled", "throttled"])]
        for reason in ("stalled", "broker_down", "throttled", "dark")
    ]
    assert order == sorted(order)


def test_a_page() -> None:
    """The report of a busy day, line by line."""
    room = "11.2 GiB of disk free, 190.7 MiB of memory free, 85.8 MiB used by the program"
    assert page(REPORT).splitlines() == [
        f"greenhouse-1: {sentence('degraded', ['clock_unsynced', 'throttled'])}",
        "  camera  newest picture 0.4 s old, looks every 2.0 s, 86400 pictures so far",
        "  model   garden-pests-v2, sha256 3f3f3f3f3f3f, 25.3 ms a picture",
        "  broker  connected (MQTT 5), last acknowledgement 12 s ago",
        "  outbox  3 messages wait, the oldest for 3 min, 2 will never arrive",
        f"  machine 82 °C, {room}, firmware: throttled, throttled occurred",
        "  clock   not set: times are unknown until a time server answers",
        "  runs    for 2 days, insect-edge 0.1.0",
    ]


def test_a_page_of_unknowns() -> None:
    """What is not known is said in words, or left out."""
    assert page(NOTHING_KNOWN).splitlines() == [
        "greenhouse-1: starting",
        "  camera  no new picture yet, looks every 2.0 s, 86400 pictures so far",
        "  model   garden-pests-v2",
        "  broker  not connected: refused",
        "  outbox  outbox: cannot be read",
        "  machine tells nothing of itself",
        "  clock   set",
        "  runs    for 2 days, insect-edge ?",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (10, "10 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_durations(seconds: float, words: str) -> None:
    """As exact as anybody wants to know."""
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (2**20, "1.0 MiB"), (5 * 2**40, "5120.0 GiB")]
)
def test_sizes(count: int, words: str) -> None:
    """In the units of computers."""
    assert size(count) == words

"""An economic threshold from the configuration to a subscriber, over processes that are killed in between."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from support import story
from support.mosquitto import Subscriber, running
from support.story import TOPIC
from support.trap import Trap

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

ANIMAL, LIMIT = "grasshopper", 1
THRESHOLD = f"""
[[alerts.thresholds]]
label = "{ANIMAL}"
more_than = {LIMIT}
per = "hour"
"""


def garden(folder: Path, *, port: int) -> Trap:
    """A trap in a drawn garden whose animals come in quick succession, a grasshopper first of all."""
    return Trap(
        folder,
        port=port,
        camera={
            "source": "simulated",
            "rate": 10,
            "simulated.scene": "rush",
            "simulated.seed": 3,
            "simulated.width": 320,
            "simulated.height": 180,
            "files.path": None,
            "files.loop": None,
        },
        model={"path": None},
        policy={"end_after": 0.3},
        alerts={"only": [ANIMAL]},
    )


def test_a_threshold_alerts_once_and_names_its_rule(tmp_path: Path) -> None:
    """Each process sees one grasshopper and is killed; the second raises the one alert, and the third none."""
    with running(tmp_path / "broker") as broker, Subscriber(broker, f"{TOPIC}/#") as subscriber:
        trap = garden(tmp_path / "trap", port=broker.port)
        trap.configuration.write_text(trap.configuration.read_text(encoding="utf-8") + THRESHOLD, encoding="utf-8")
        lives = []
        for _ in range(LIMIT + 2):
            with trap.running() as daemon:
                daemon.wait_for_line(f"event end: {ANIMAL}")
                assert daemon.stop(signal.SIGKILL) == -signal.SIGKILL
                lives.append(daemon)
        with trap.running() as last:
            last.wait_for_line("first frame")  # before it has started it cannot be stopped in order
            story.wait_until_told(subscriber, by=lives)
            assert last.stop() == 0
        found = story.messages(subscriber)
        counts = story.latest(subscriber, "counts")
    (alert,) = (message for message in found if "alert_seq" in message)
    assert_named(alert["rule"])
    detections = [message for message in found if message["phase"] == "start" and "detection_seq" in message]
    (detection,) = (message for message in detections if message["rule"] is not None)
    assert (detection["event_id"], detection["rule"]) == (alert["event_id"], alert["rule"])
    events = [message["event_id"] for message in detections if message["label"] == ANIMAL]
    assert events.index(alert["event_id"]) == LIMIT
    assert len(events) >= LIMIT + 2
    # Counted over all the processes that were killed; half a trap-day is the least that is told.
    assert counts["last_hour"][ANIMAL] == len(events)
    assert counts["per_trap_day"][ANIMAL] == 2 * len(events)
    assert counts["visible"] == {}


def assert_named(rule: dict[str, Any]) -> None:
    """The rule says what it is, in figures and in words."""
    assert rule["since"] is not None
    assert {**rule, "since": None} == {
        "kind": "count",
        "label": ANIMAL,
        "words": f"{ANIMAL}: {LIMIT + 1} in an hour, more than {LIMIT}",
        "count": LIMIT + 1,
        "value": float(LIMIT + 1),
        "limit": float(LIMIT),
        "per": "hour",
        "factor": None,
        "mean": None,
        "since": None,
    }

"""Small animals in a wide frame: from a simulated sheet to tracks, counts and an alert, across a killed process."""

from __future__ import annotations

import signal
from collections import Counter
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from insect_edge.garden.planting import Planting
from support import story
from support.mosquitto import Subscriber, running
from support.story import TOPIC
from support.trap import Trap

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

SEED, ANIMALS, SIZE = 9, 7, 0.045
"""Each process shows the scene from its beginning: with this seed nobody stirs in the first two minutes, so that all
are at the same places again."""
THRESHOLD = """
[[alerts.thresholds]]
label = "moth"
more_than = {limit}
per = "hour"
"""


def sheet(folder: Path, *, port: int, limit: int) -> Trap:
    """A trap that looks at a lit sheet on which animals sit."""
    trap = Trap(
        folder,
        port=port,
        camera={
            "source": "simulated",
            "rate": 4,
            "simulated.scene": "sheet",
            "simulated.seed": SEED,
            "simulated.animals": ANIMALS,
            "simulated.size": SIZE,
            "files.path": None,
            "files.loop": None,
        },
        model={"path": None},
        policy={"end_after": 60},
        regions={"mode": "contrast"},
        alerts={"only": ["moth"]},
        publish={"snapshot_per_event": True},
    )
    with trap.configuration.open("a", encoding="utf-8") as file:
        file.write(THRESHOLD.format(limit=limit))
    return trap


def truth() -> Counter[str]:
    """Label to animals that sit on the sheet from the beginning."""
    planting = Planting.of("sheet", animals=ANIMALS, size=SIZE)
    garden = planting.garden(seed=SEED, width=1280, height=720, frames_per_second=30.0)
    return Counter(sight.label for sight in garden.truths(0))


def starts(subscriber: Subscriber) -> list[dict[str, Any]]:
    """The detections that begin an event."""
    return [message for message in story.messages(subscriber) if is_start(message)]


def is_start(message: dict[str, Any]) -> bool:
    """Whether a message is the detection that begins an event."""
    return message["phase"] == "start" and "detection_seq" in message


def test_every_animal_is_counted_once_and_the_threshold_alerts_once(tmp_path: Path) -> None:
    """As many events as animals, each with its track and picture; killed and started again, none is new."""
    there = truth()
    limit = there["moth"] - 1
    assert limit >= 1
    with running(tmp_path / "broker") as broker, Subscriber(broker, f"{TOPIC}/#") as subscriber:
        trap = sheet(tmp_path / "trap", port=broker.port, limit=limit)
        with trap.running() as first:
            subscriber.wait_until(lambda: len(starts(subscriber)) == there.total())
            subscriber.wait_for(1, topic=f"{TOPIC}/alert/moth")
            subscriber.wait_until(lambda: story.latest(subscriber, "counts")["visible"] == dict(there))
            assert first.stop(signal.SIGKILL) == -signal.SIGKILL
        before = starts(subscriber)
        with trap.running() as second:
            seen = len(subscriber.received)
            subscriber.wait_until(lambda: frames(subscriber, since=seen) >= 12)
            assert second.stop() == 0
        trap_log = story.logged(first, second)
        story.wait_until_told(subscriber, by=(first, second))
        found = story.messages(subscriber)
    assert Counter(start["label"] for start in before) == there
    assert len({start["track"]["track_id"] for start in before}) == there.total()
    assert [message for message in found if is_start(message)] == before
    assert {message["event_id"] for message in found if message["phase"] == "end"} == {
        start["event_id"] for start in before
    }
    (alert,) = (message for message in found if "alert_seq" in message)
    assert alert["label"] == "moth"
    assert (alert["rule"]["kind"], alert["rule"]["count"], alert["rule"]["limit"]) == ("count", limit + 1, limit)
    assert sum(kind == "alert" for kind, _ in trap_log) == 1
    assert_portraits(subscriber, before)


def frames(subscriber: Subscriber, *, since: int) -> int:
    """Frames that the newest process has looked at, by its own health."""
    reports = [payload for topic, payload, _ in subscriber.received[since:] if topic == f"{TOPIC}/health"]
    return int(story.content(reports[-1])["frames"]) if reports else 0


def assert_portraits(subscriber: Subscriber, found: list[dict[str, Any]]) -> None:
    """Each event has a picture of its own animal: a square far smaller than the frame, and not all of one colour."""
    pictures = {topic.rpartition("/")[2]: payload for topic, payload, _ in subscriber.received if "/snapshot/" in topic}
    for start in found:
        picture = cv2.imdecode(np.frombuffer(pictures[start["event_id"]], np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        height, width = picture.shape[:2]
        assert height == width <= 400
        assert picture.std() > 5

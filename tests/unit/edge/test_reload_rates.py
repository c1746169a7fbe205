"""A rate that the watchdog or the camera cannot bear is refused, and the old one stays in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.composition.cameras import fastest_rate
from insect_edge.config.parse import parse_config
from insect_edge.domain import Message
from support.daemon_world import EMPTY, ROOT, World, world

if TYPE_CHECKING:
    from pathlib import Path

SLOW = "policy.end_after = 500"


def reload_answers(here: World, text: str) -> list[Any]:
    """What is answered to a reload after the file was rewritten."""
    asked = Message(topic=f"{ROOT}/command/reload", payload=b"", qos=1, retain=False)
    here.at(3.0, lambda: here.write(text))
    here.at(5.0, lambda: here.broker.inject(asked))
    here.stop_after(130.0)
    here.daemon.run()
    return here.told("command/reload/reply")


def intervals(here: World) -> set[float]:
    """Every interval that was in force."""
    return {report["interval_seconds"] for report in here.told("health")}


@pytest.mark.parametrize(
    ("rate", "why"),
    [
        ("camera.rate = 0.02", "[camera] rate = 0.02: with WatchdogSec=90 a frame has to come every 30 s at least: "),
        ("camera.dark_rate = 0.01", "[camera] dark_rate = 0.01: with WatchdogSec=90 a frame has to come every 30 s"),
        ("camera.rate = 0.01\ncamera.dark_rate = 0.02", "[camera] rate = 0.01, dark_rate = 0.02: with WatchdogSec=90 "),
    ],
)
def test_a_rate_that_the_watchdog_cannot_bear_is_refused(tmp_path: Path, rate: str, why: str) -> None:
    """In one line that says how often a frame has to come and what to do; nothing of the file is taken over."""
    with world(tmp_path, lambda _: EMPTY, config=SLOW, watchdog_seconds=90.0) as here:
        (reply,) = reload_answers(here, f"{SLOW}\n{rate}\nhealth.interval = 5")
    assert reply["error"].startswith(why)
    assert "set 0.033 or more" in reply["error"]
    assert intervals(here) == {1.0}


def test_what_the_watchdog_bears_is_taken_over(tmp_path: Path) -> None:
    """Just so, and without a watchdog anything goes."""
    for rate, watchdog in (("0.034", 90.0), ("0.01", None)):
        text = f"{SLOW}\ncamera.rate = {rate}\ncamera.dark_rate = {rate}"
        with world(tmp_path, lambda _: EMPTY, config=SLOW, watchdog_seconds=watchdog) as here:
            (reply,) = reload_answers(here, text)
        assert reply["ok"], reply["error"]


def test_a_rate_that_was_too_slow_before_spoils_no_other_change(tmp_path: Path) -> None:
    """It was told at the start, and is not what is asked for now."""
    slow = f"{SLOW}\ncamera.dark_rate = 0.01"
    with world(tmp_path, lambda _: EMPTY, config=slow, watchdog_seconds=90.0) as here:
        (reply,) = reload_answers(here, f"{slow}\nhealth.interval = 7")
    assert reply["result"]["changed"] == ["health.interval"]


@pytest.mark.parametrize(
    ("camera", "fastest"),
    [
        ('source = "simulated"', 30),
        ('source = "picamera2"', 5),
        ('source = "picamera2"\nrate = 4', 8),
        ('source = "picamera2"\nrate = 25', 30),
        ('source = "opencv"', None),
    ],
)
def test_what_a_camera_can_do_at_most(tmp_path: Path, camera: str, fastest: float | None) -> None:
    """As far as it is known from how it was opened."""
    config = parse_config(f"[camera]\n{camera}".encode(), name="test.toml", folder=tmp_path)
    assert fastest_rate(config.camera) == fastest

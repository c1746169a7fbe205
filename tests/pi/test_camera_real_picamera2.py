"""The adapter against the real picamera2 and libcamera of Debian Trixie, on a machine without a camera.

What a stand-in plays elsewhere is here picamera2's own code: its job queue, its event loop, its way of closing. Only
libcamera's camera, of which there is none, is played by `support/real_picamera2.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.debian_root import Recipe, inside, root_of
from support.fake_picamera2_parts import ENUMS
from support.picamera2_root import NO_WINDOWS, PACKAGES, PICAMERA2, PYKMS

pytestmark = pytest.mark.pi

REPOSITORY = Path(__file__).parents[2]
RECIPE = Recipe(
    name="trixie-picamera2-0.3.38",
    release="trixie",
    packages=PACKAGES,
    python_packages=(PICAMERA2, "opencv-python-headless<5"),
    files={PYKMS: NO_WINDOWS},
)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What the script inside found out."""
    root = root_of(RECIPE)
    shown = {"mnt/edge": REPOSITORY / "edge", "mnt/tests": REPOSITORY / "tests"}
    environment = {"PYTHONPATH": "/mnt/edge:/mnt/tests", "PYTHONDONTWRITEBYTECODE": "1"}
    done = inside(root, "python3", "-m", "support.real_picamera2", shown=shown, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_it_is_the_real_library(found: dict[str, Any]) -> None:
    """picamera2 is loaded from its own package over Debian's libcamera, and finds no camera."""
    assert found["picamera2"].startswith("/usr/local/lib/python3.13/dist-packages/picamera2/")
    assert found["libcamera"].startswith("/usr/lib/python3/dist-packages/libcamera/")
    assert found["cameras"] == []
    assert found["its_error"].startswith("No camera number 0 found")


def test_a_missing_camera_is_one_clear_line(found: dict[str, Any]) -> None:
    """Where picamera2 finds no camera, the adapter says so in one line with what to do."""
    (line,) = found["our_error"].splitlines()
    assert line.startswith("picamera2:0: no camera is found: ")
    assert "rpicam-hello --list-cameras" in line


def test_the_stand_in_names_values_as_libcamera_does(found: dict[str, Any]) -> None:
    """Each value the adapter may send exists in the real libcamera, with the stand-in's number."""
    for name, members in ENUMS.items():
        assert found["enums"][name] == {member.name: int(member) for member in members}


def test_what_is_called_exists(found: dict[str, Any]) -> None:
    """The real methods take the arguments the adapter gives them."""
    assert {"main", "lores", "raw", "transform", "buffer_count", "queue", "controls", "sensor"} <= set(
        found["still_configuration"]
    )
    assert {"wait", "flush"} <= set(found["capture_request"])
    assert found["missing"] == []


def test_frames_come_through_the_real_event_loop(found: dict[str, Any]) -> None:
    """Twenty frames, each newer than the one before, from four buffers that all come back."""
    assert found["frames"] == sorted(set(found["frames"]))
    assert len(found["frames"]) == 20
    assert found["held"] <= 1


def test_brightness_comes_without_the_bytes_that_fill_its_rows(found: dict[str, Any]) -> None:
    """Of what the real class makes of a second stream's buffer the first plane is kept, as wide as it was asked for."""
    assert found["luma"] == [[48, 64], True]


def test_waits_that_run_out_swallow_no_frame(found: dict[str, Any]) -> None:
    """After many captures that timed out no job is left behind in the real queue but the one that is kept."""
    assert found["timeouts"] == 10
    assert found["jobs_after_timeouts"] == 1
    assert found["after_timeouts"] > found["frames"][-1]


def test_a_camera_that_gave_up_can_be_closed(found: dict[str, Any]) -> None:
    """With a capture that can never finish in its queue, the real camera closes all the same."""
    assert found["closed"] is True
    assert found["event_loop_alive"] is False

"""Device files, rights and pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from insect_edge.doctor.camera import DeviceFile, Person, judge_devices, judge_held, judge_picture, may_use
from insect_edge.doctor.findings import Level
from insect_edge.doctor.libraries import Attempt

VIDEO = 44
FILE = DeviceFile(path="/dev/video0", mode=0o660, uid=0, gid=VIDEO, group="video")
MEDIA = replace(FILE, path="/dev/media0")
HEAP = replace(FILE, path="/dev/dma_heap/linux,cma")
TRAP = Person(name="insect-edge", uid=990, groups=frozenset({990, VIDEO}))
GUEST = Person(name="guest", uid=1000, groups=frozenset({1000}))
ROOT = Person(name="root", uid=0, groups=frozenset({0}))
ANSWER: dict[str, Any] = {
    "camera": "opencv:/dev/video0",
    "live": True,
    "card": "HD Webcam",
    "formats": ["MJPG", "YUYV"],
    "width": 1280,
    "height": 720,
    "first_seconds": 1.25,
    "mean": 90.0,
    "spread": 40.0,
    "saved": None,
}


@pytest.mark.parametrize(
    ("mode", "person", "may"),
    [
        (0o660, TRAP, True),
        (0o660, GUEST, False),
        (0o640, TRAP, False),
        (0o666, GUEST, True),
        (0o006, TRAP, False),
        (0o000, ROOT, True),
        (0o600, replace(GUEST, uid=7), False),
    ],
)
def test_rights_are_those_the_kernel_gives(mode: int, person: Person, *, may: bool) -> None:
    """Owner, group and others each count for those they are meant for, and the first that fits decides."""
    assert may_use(replace(FILE, mode=mode), person) is may


def test_who_is_in_the_group_may_look() -> None:
    """All that libcamera needs is there, and so are the rights."""
    finding = judge_devices("picamera2", [FILE, MEDIA, HEAP], person=TRAP)
    assert (finding.level, finding.text) == (
        Level.OK,
        "1 media, 1 video, 1 dma_heap, insect-edge may use them",
    )


def test_who_is_not_in_the_group_is_told_how_to_get_in() -> None:
    """The remedy is the command itself."""
    finding = judge_devices("opencv", [FILE], person=GUEST)
    assert finding.level is Level.FAILURE
    assert finding.remedy == "put guest into the group video: usermod -aG video guest"


@pytest.mark.parametrize(
    ("devices", "says"),
    [
        ([], "no camera hardware known"),
        ([MEDIA], "no video device known"),
        ([MEDIA, FILE], "no dma_heap"),
        ([MEDIA, FILE, replace(HEAP, gid=0, group="root", mode=0o600)], "udev rule"),
    ],
)
def test_what_libcamera_lacks_is_named(devices: list[DeviceFile], says: str) -> None:
    """A cable that is not plugged in, and buffers that only root may have, are different things."""
    finding = judge_devices("picamera2", devices, person=TRAP)
    assert finding.level is Level.FAILURE
    assert says in f"{finding.text}: {finding.remedy}"


def test_the_configured_device_counts() -> None:
    """Another camera that is there does not help."""
    assert judge_devices("opencv", [FILE], person=TRAP, only="/dev/video0").level is Level.OK
    finding = judge_devices("opencv", [FILE], person=TRAP, only="/dev/video2")
    assert (finding.level, finding.text) == (Level.FAILURE, "/dev/video2: no such device")


def test_files_and_drawings_need_no_device() -> None:
    """That is said rather than passed over."""
    assert judge_devices("simulated", [], person=GUEST).level is Level.SKIPPED


@pytest.mark.parametrize(
    ("changes", "level", "says"),
    [
        ({}, Level.OK, "1280x720 from opencv:/dev/video0 after 1.2 s, mean brightness 90"),
        ({"saved": "/tmp/a.png"}, Level.OK, "saved as /tmp/a.png"),  # noqa: S108 - a text
        ({"mean": 3.0}, Level.WARNING, "too dark"),
        ({"spread": 0.0}, Level.WARNING, "one single colour"),
        ({"spread": 0.0, "mean": 0.0, "live": False}, Level.OK, "brightness 0"),
    ],
)
def test_a_picture_is_judged_by_what_is_on_it(changes: dict[str, Any], level: Level, says: str) -> None:
    """A cap on the lens is a warning; pictures on disk are as they are."""
    *_, finding = judge_picture(Attempt(code=0), ANSWER | changes)
    assert finding.level is level
    assert says in finding.text


def test_the_formats_of_a_device_are_told() -> None:
    """Where the kernel tells them, there is a line of its own."""
    formats, _ = judge_picture(Attempt(code=0), ANSWER)
    assert formats.text == "HD Webcam offers MJPG, YUYV"
    assert len(judge_picture(Attempt(code=0), ANSWER | {"formats": []})) == 1


@pytest.mark.parametrize(
    ("attempt", "answer", "says"),
    [
        (Attempt(code=None, seconds=60), None, "its driver does not return within 60 s"),
        (Attempt(code=-11), None, "taking one crashed (SIGSEGV)"),
        (Attempt(code=0), {"error": "picamera2:0: no such camera: check its cable"}, "check its cable"),
    ],
)
def test_a_camera_that_gives_none_is_one_line(attempt: Attempt, answer: dict[str, Any] | None, says: str) -> None:
    """A hang, a crash and an error each become a failure."""
    (finding,) = judge_picture(attempt, answer)
    assert finding.level is Level.FAILURE
    assert says in finding.text


@pytest.mark.parametrize(("reasons", "level"), [([], Level.OK), (["dark"], Level.OK), (["stalled"], Level.FAILURE)])
def test_a_camera_the_daemon_holds_is_judged_by_the_daemon(reasons: list[str], level: Level) -> None:
    """Being busy is no failure; what the daemon says of it counts."""
    finding = judge_held({"newest_frame_seconds": 0.5, "frames": 7, "reasons": reasons})
    assert finding.level is level
    assert "the daemon that runs holds the camera: newest picture 0.5 s old, 7 so far" in finding.text

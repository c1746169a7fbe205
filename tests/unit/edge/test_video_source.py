"""What is written as a camera's device is told apart: device files, addresses, videos and names."""

from __future__ import annotations

import pytest

from insect_edge.errors import CameraError
from insect_edge.video_source import device_called, kind_of

FOUND = [("HD Pro Webcam C920", "/dev/video0"), ("USB2.0 PC CAMERA", "/dev/video2"), ("HD Pro Webcam", "/dev/video4")]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (0, "device"),
        ("12", "device"),
        ("/dev/v4l/by-id/usb-046d_HD_Pro-video-index0", "device"),
        ("rtsp://shed/1", "address"),
        ("HTTP://shed/1.mjpg", "address"),
        ("night.mp4", "file"),
        ("/srv/night", "file"),
        ("./night", "file"),
        ("HD Pro Webcam C920", "name"),
        ("USB2.0 PC CAMERA", "name"),
        ("Camera 2.0", "name"),
        ("vivid", "name"),
    ],
)
def test_what_a_source_is(source: int | str, kind: str) -> None:
    """A name has no slash and no suffix, though it may have dots."""
    assert kind_of(source) == kind


@pytest.mark.parametrize(
    ("name", "device"), [("hd pro webcam", "/dev/video4"), ("C920", "/dev/video0"), ("usb2.0", "/dev/video2")]
)
def test_a_camera_is_found_by_its_name_or_a_part_of_it(name: str, device: str) -> None:
    """The whole name comes first, else the only name with that part in it; capitals do not matter."""
    assert device_called(name, found=FOUND) == device


@pytest.mark.parametrize(
    ("name", "found", "complaint"),
    [
        ("C930", FOUND, "no camera of that name .'HD Pro Webcam C920' is /dev/video0, "),
        ("C930", [], "no camera of that name .none at all."),
        ("Pro", FOUND, "more than one camera of that name .*: choose one by /dev/v4l/by-path/"),
    ],
)
def test_a_name_that_cannot_be_told_is_an_error(name: str, found: list[tuple[str, str]], complaint: str) -> None:
    """None, or more than one: each says what there is."""
    with pytest.raises(CameraError, match=f"^opencv:{name}: {complaint}"):
        device_called(name, found=found)

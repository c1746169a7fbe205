"""The OpenCV camera turns frames, gives broken streams up, and names what cannot be opened."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
import pytest

from insect_edge.adapters import newest_frame, opencv
from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.opencv import OpencvCamera, OpencvSettings
from insect_edge.errors import CameraError, CameraTimeoutError
from support.mjpeg import MjpegServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    """A network camera whose picture is white in its top left corner."""
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:24, :32] = 255
    made = MjpegServer(pixels)
    yield made
    made.close()


@pytest.mark.parametrize(("rotation", "corner"), [(0, (0, 0)), (90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_frames_are_turned_clockwise(server: MjpegServer, rotation: int, corner: tuple[int, int]) -> None:
    """The white corner ends up where the rotation takes it."""
    camera = OpencvCamera(server.address, clock=SystemClock(), settings=OpencvSettings(rotation=rotation))
    camera.open()
    frame = camera.capture(timeout=30.0)
    assert frame is not None
    assert (frame.height, frame.width) == ((64, 48) if rotation in {90, 270} else (48, 64))
    assert frame.pixels[corner].min() > 200
    assert sum(frame.pixels[y, x].min() > 200 for y in (0, -1) for x in (0, -1)) == 1
    camera.close()


def test_a_stream_that_breaks_off_is_an_error(server: MjpegServer) -> None:
    """When the camera hangs up, the next captures fail, and it can be opened again once it is back."""
    camera = OpencvCamera(server.address, clock=SystemClock())
    camera.open()
    camera.capture(timeout=30.0)
    server.close()
    with pytest.raises(CameraError, match="stopped delivering frames"):
        exhaust(camera, timeout=30.0)
    camera.close()
    with pytest.raises(CameraError, match="cannot be opened"):
        camera.open()


def exhaust(camera: OpencvCamera, *, timeout: float) -> None:
    """Take the frames that were under way."""
    for _ in range(1000):
        camera.capture(timeout=timeout)


def test_a_camera_that_hangs_is_not_opened_again(server: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """When its thread does not come back on closing, opening is refused: the driver may still hold the camera."""
    monkeypatch.setattr(newest_frame, "CLOSE_SECONDS", 0.05)
    camera = OpencvCamera(server.address, clock=SystemClock())
    camera.open()
    camera.capture(timeout=30.0)
    server.flowing.clear()
    with pytest.raises(CameraTimeoutError):
        exhaust(camera, timeout=0.2)
    with pytest.raises(CameraError, match="only a new process"):
        camera.close()
    with pytest.raises(CameraError, match="only a new process"):
        camera.open()
    camera.close()


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("no such name", "opencv:no such name: no camera of that name"),
        (97, "opencv:/dev/video97: no such camera: plug it in"),
        ("97", "opencv:/dev/video97: no such camera: plug it in"),
        ("/dev/null", "opencv:/dev/null: cannot be opened: check that it is a camera"),
        ("absent.mp4", "opencv:absent.mp4: no such file"),
        (__file__, "is no video that can be read"),
        ("rtsp://grower:secret@127.0.0.1:9/stream", "opencv:rtsp://127.0.0.1:9/stream: cannot be opened"),
    ],
)
def test_what_cannot_be_opened_is_named(source: int | str, complaint: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Each wrong source gives one line that says what to do, nothing else is printed, and no password is told."""
    camera = OpencvCamera(source, clock=SystemClock())
    with pytest.raises(CameraError) as caught:
        camera.open()
    camera.close()
    assert complaint in str(caught.value)
    assert "secret" not in str(caught.value) + camera.name
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("rtsp://admin:p@ss@cam/live", "opencv:rtsp://cam/live"),
        ("rtsp://admin:a/b@cam/live", "opencv:rtsp://cam/live"),
        ("http://cam/video.cgi?user=admin&pwd=secret", "opencv:http://cam/video.cgi"),
        ("/videos/one@two?.avi", "opencv:/videos/one@two?.avi"),
        (0, "opencv:/dev/video0"),
    ],
)
def test_the_name_has_no_secret(source: int | str, name: str) -> None:
    """Whatever characters a password has and wherever in the address it stands."""
    assert OpencvCamera(source, clock=SystemClock()).name == name


def test_cameras_have_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera is found by its name in the kernel's list; a second device file, for data about frames, is not."""
    for node, name, place in (("video0", "HD C920", "0"), ("video1", "HD C920", "1"), ("video10", "Scope", "0")):
        (tmp_path / node).mkdir()
        (tmp_path / node / "name").write_text(f"{name}\n")
        (tmp_path / node / "index").write_text(f"{place}\n")
    (tmp_path / "video2").mkdir()
    monkeypatch.setattr(opencv, "_KNOWN_DEVICES", tmp_path)
    assert opencv._cameras() == [("HD C920", "/dev/video0"), ("Scope", "/dev/video10")]
    for wanted in ("hd c920", "C920"):
        assert OpencvCamera(wanted, clock=SystemClock())._device_file() == Path("/dev/video0")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_the_transport_of_a_stream_is_chosen(transport: Literal["tcp", "udp"], monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg is told how the camera sends and to hold no frames back, and nothing is left behind for other files."""
    told: list[str] = []

    nothing = cv2.VideoCapture()

    def connect(*_: object) -> cv2.VideoCapture:
        told.append(os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"])
        return nothing

    monkeypatch.setattr(opencv.cv2, "VideoCapture", connect)
    camera = OpencvCamera("rtsp://shed/1", clock=SystemClock(), settings=OpencvSettings(transport=transport))
    with pytest.raises(CameraError, match="cannot be opened"):
        camera.open()
    assert told == [f"rtsp_transport;{transport}|fflags;nobuffer|flags;low_delay"]
    assert "OPENCV_FFMPEG_CAPTURE_OPTIONS" not in os.environ


def test_what_is_delivered_is_logged_without_a_login(server: MjpegServer, caplog: pytest.LogCaptureFixture) -> None:
    """Opening tells size and format once, and no password."""
    address = server.address.replace("http://", "http://grower:secret@")
    camera = OpencvCamera(address, clock=SystemClock())
    with caplog.at_level(logging.INFO):
        camera.open()
    camera.close()
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("opencv:http://127.0.0.1:")
    assert " delivers 64x48 MJPG" in line
    assert "secret" not in line

"""The OpenCV camera plays videos in their own time, and names what cannot be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from insect_edge.adapters import newest_frame
from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.opencv import OpencvCamera
from insect_edge.errors import CameraError, CameraTimeoutError
from support.mjpeg import MjpegServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAMES, RATE = 20, 10.0


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Two seconds of ten frames a second, each a little brighter than the one before."""
    path = tmp_path / "brighter.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (32, 16))
    for number in range(FRAMES):
        writer.write(np.full((16, 32, 3), 10 * number, np.uint8))
    writer.release()
    return path


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    """A network camera whose picture is white in its top left corner."""
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:24, :32] = 255
    made = MjpegServer(pixels)
    yield made
    made.close()


def shown(camera: OpencvCamera) -> int | None:
    """Number of the video's frame that comes next, None at the end."""
    frame = camera.capture(timeout=1.0)
    return None if frame is None else round(float(frame.pixels.mean()) / 10)


def test_a_video_plays_in_its_own_time(video: Path) -> None:
    """Half a second later comes the frame half a second further on."""
    clock = FakeClock()
    camera = OpencvCamera(str(video), clock=clock)
    camera.open()
    numbers = []
    for _ in range(5):
        numbers.append(shown(camera))
        clock.advance(0.5)
    assert numbers == [0, 5, 10, 15, None]
    assert not camera.live


def test_no_frame_of_a_video_comes_twice(video: Path) -> None:
    """Asked faster than it plays, a video runs ahead rather than repeat a frame."""
    camera = OpencvCamera(str(video), clock=FakeClock())
    camera.open()
    assert [shown(camera) for _ in range(4)] == [0, 1, 2, 3]


def test_a_video_tells_its_position(video: Path) -> None:
    """The position in the video is the sensor's time stamp."""
    clock = FakeClock()
    camera = OpencvCamera(str(video), clock=clock)
    camera.open()
    stamps = []
    for _ in range(3):
        frame = camera.capture(timeout=1.0)
        assert frame is not None
        stamps.append((frame.sequence, frame.sensor_timestamp_ns))
        clock.advance(0.4)
    assert stamps == [(0, 0), (1, 400_000_000), (2, 800_000_000)]


def test_a_video_can_loop(video: Path) -> None:
    """A looping video begins again after its end and never ends."""
    clock = FakeClock()
    camera = OpencvCamera(str(video), clock=clock, loop=True)
    camera.open()
    numbers = []
    for _ in range(6):
        numbers.append(shown(camera))
        clock.advance(1.0)
    assert numbers == [0, 10, 0, 10, 0, 10]


@pytest.mark.parametrize(("rotation", "corner"), [(0, (0, 0)), (90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_frames_are_turned_clockwise(server: MjpegServer, rotation: int, corner: tuple[int, int]) -> None:
    """The white corner ends up where the rotation takes it."""
    camera = OpencvCamera(server.address, clock=SystemClock(), rotation=rotation)
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

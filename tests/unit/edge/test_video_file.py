"""A video file plays in its own time, by the times written in it, or frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.opencv import OpencvCamera, OpencvSettings
from support.matroska import write_video

if TYPE_CHECKING:
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
    camera = OpencvCamera(str(video), clock=clock, settings=OpencvSettings(loop=True))
    camera.open()
    numbers = []
    for _ in range(6):
        numbers.append(shown(camera))
        clock.advance(1.0)
    assert numbers == [0, 10, 0, 10, 0, 10]


def test_every_frame_of_a_video_can_be_had(video: Path) -> None:
    """However long a look takes, no frame is left out where all are wanted."""
    clock = FakeClock()
    camera = OpencvCamera(str(video), clock=clock, settings=OpencvSettings(every_frame=True))
    camera.open()
    numbers = []
    for _ in range(FRAMES + 1):
        numbers.append(shown(camera))
        clock.advance(3.0)
    assert numbers == [*range(FRAMES), None]


@pytest.fixture
def uneven(tmp_path: Path) -> Path:
    """A video of four frames at 0, 0.1, 5 and 5.1 seconds."""
    path = tmp_path / "uneven.mkv"
    write_video(path, ((time, np.full((16, 32, 3), 60, np.uint8)) for time in (0, 100, 5000, 5100)))
    return path


def test_an_uneven_video_plays_by_the_times_written_in_it(uneven: Path) -> None:
    """Where frames come in bursts, each is shown when it was taken, not when an even rate would have it."""
    clock = FakeClock()
    camera = OpencvCamera(str(uneven), clock=clock)
    camera.open()
    stamps = []
    for wait in (0.1, 4.95, 0.1, 1.0):
        frame = camera.capture(timeout=1.0)
        assert frame is not None
        stamps.append(frame.sensor_timestamp_ns)
        clock.advance(wait)
    assert stamps == [0, 100_000_000, 5_000_000_000, 5_100_000_000]
    assert camera.capture(timeout=1.0) is None

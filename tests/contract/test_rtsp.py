"""A real RTSP camera, through the OpenCV adapter: the newest frame, cut and resumed, frozen, and its login."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.opencv import OpencvCamera
from insect_edge.errors import CameraError, CameraTimeoutError
from support.rtsp import RtspServer, number_of, skip_without_gstreamer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from insect_edge.domain import Frame

PATIENCE_SECONDS = 60.0


@pytest.fixture
def server() -> Iterator[RtspServer]:
    """A network camera with a login."""
    skip_without_gstreamer()
    made = RtspServer("grower", "s3cret@shed")
    yield made
    made.stop()


@pytest.fixture
def camera(server: RtspServer) -> Iterator[OpencvCamera]:
    """Opened on it."""
    made = OpencvCamera(server.address, clock=SystemClock())
    made.open()
    yield made
    server.stop()
    made.close()


def captured(camera: OpencvCamera) -> Frame:
    """The next frame, which has to come."""
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    assert frame is not None
    return frame


def exhaust(camera: OpencvCamera, *, timeout: float) -> None:
    """Take frames until something happens."""
    for _ in range(10_000):
        camera.capture(timeout=timeout)


def test_a_slow_consumer_sees_the_newest_frame(camera: OpencvCamera) -> None:
    """Whoever looks seldom gets what is there now: the frames between two looks are skipped, never queued."""
    numbers = []
    for _ in range(3):
        numbers.append(number_of(captured(camera)))
        time.sleep(2.0)  # fifty frames of the camera's own time
    gaps = [later - earlier for earlier, later in itertools.pairwise(numbers)]
    assert min(gaps) >= 25


def test_a_stream_that_is_cut_comes_back(camera: OpencvCamera, server: RtspServer) -> None:
    """The camera loses its power: an error; while it is away: an error; once it is back: frames."""
    captured(camera)
    server.stop()
    with pytest.raises(CameraError, match="stopped delivering frames"):
        exhaust(camera, timeout=PATIENCE_SECONDS)
    camera.close()
    with pytest.raises(CameraError, match="cannot be opened"):
        camera.open()
    server.start()
    camera.open()
    frame = captured(camera)
    assert frame.pixels.shape == (48, 320, 3)


def test_a_stream_that_freezes_can_be_closed(camera: OpencvCamera, server: RtspServer) -> None:
    """A connection that stays and says nothing is a timeout, and then closes within the time it is given."""
    captured(camera)
    server.freeze()
    with pytest.raises(CameraTimeoutError, match="no frame within"):
        exhaust(camera, timeout=0.5)
    camera.close()


def test_a_wrong_password_is_told_without_it(server: RtspServer) -> None:
    """The camera refuses; the line says what to check and holds no password."""
    camera = OpencvCamera(server.address.replace("s3cret", "wr0ng"), clock=SystemClock())
    with pytest.raises(
        CameraError, match="cannot be opened: check the address, the network and the password"
    ) as caught:
        camera.open()
    assert "wr0ng" not in str(caught.value) + camera.name
    assert "grower" not in str(caught.value) + camera.name

"""The contract of `protocols.Camera`, over pictures, a video, a network stream, the drawn garden and picamera2."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.files import FileCamera
from insect_edge.adapters.opencv import OpencvCamera
from insect_edge.adapters.picamera2 import Picamera2Camera
from insect_edge.adapters.picamera2_settings import Picamera2Settings
from insect_edge.adapters.simulated import Fault, FaultKind, SimulatedCamera
from insect_edge.errors import CameraError, CameraTimeoutError
from support.fake_picamera2 import Bench
from support.mjpeg import MjpegServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from insect_edge.domain import Frame
    from insect_edge.protocols import Camera

WIDTH, HEIGHT = 64, 48
PATIENCE_SECONDS = 30.0


def red() -> NDArray[np.uint8]:
    """A red picture in B, G, R order, darker towards the right."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[..., 2] = np.linspace(240, 150, WIDTH, dtype=np.uint8)
    return pixels


class Seam(ABC):
    """One camera, and the means to stop its frames."""

    camera: Camera
    ends = False
    """Whether the source ends after a few frames."""

    @abstractmethod
    def stall(self) -> None:
        """Let no more frames come, while the camera stays connected."""

    def close(self) -> None:
        """Clean up."""
        self.camera.close()


class Files(Seam):
    """Three red pictures."""

    ends = True

    def __init__(self, folder: Path) -> None:
        for number in range(3):
            cv2.imwrite(str(folder / f"{number}.png"), red())
        self.camera = FileCamera([folder], clock=FakeClock(), loop=False)

    def stall(self) -> None:
        """Files do not stall."""
        pytest.skip("files do not stall")


class Video(Seam):
    """A red video of three frames."""

    ends = True

    def __init__(self, folder: Path) -> None:
        path = folder / "red.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (WIDTH, HEIGHT))
        for _ in range(3):
            writer.write(red())
        writer.release()
        self.camera = OpencvCamera(str(path), clock=FakeClock())

    def stall(self) -> None:
        """Files do not stall."""
        pytest.skip("files do not stall")


class Stream(Seam):
    """A red network camera."""

    def __init__(self) -> None:
        self._server = MjpegServer(red())
        self.camera = OpencvCamera(self._server.address, clock=SystemClock())

    def stall(self) -> None:
        """The connection stays, the frames do not."""
        self._server.flowing.clear()

    def close(self) -> None:
        """Clean up; the server first, so that nothing waits for it."""
        self._server.close()
        self.camera.close()


class Simulated(Seam):
    """A garden; the bare soil of this scene is reddish."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._clock = FakeClock()
        self.camera = self._make()

    def stall(self) -> None:
        """The same garden with a sensor that hangs from its first frame on."""
        self._faults.append(Fault(kind=FaultKind.HANG, first=0))
        self.camera = self._make()
        self.camera.open()

    def _make(self) -> Camera:
        return SimulatedCamera(clock=self._clock, scene="earthworms", width=WIDTH, height=HEIGHT, faults=self._faults)


class Picamera2(Seam):
    """A red wall in front of a stand-in for picamera2."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = Bench()
        for name, module in self.bench.modules().items():
            monkeypatch.setitem(sys.modules, name, module)
        settings = Picamera2Settings(width=WIDTH, height=HEIGHT)
        self.camera = Picamera2Camera(clock=SystemClock(), settings=settings)

    def stall(self) -> None:
        """The cable comes loose."""
        self.bench.exposing.clear()


@pytest.fixture(params=["files", "video", "stream", "simulated", "picamera2"])
def seam(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seam]:
    """Each camera in turn, not yet open."""
    makers = {
        "files": lambda: Files(tmp_path),
        "video": lambda: Video(tmp_path),
        "stream": Stream,
        "simulated": Simulated,
        "picamera2": lambda: Picamera2(monkeypatch),
    }
    made: Seam = makers[request.param]()
    yield made
    made.close()


def captured(camera: Camera) -> Frame:
    """The next frame, which has to come."""
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    assert frame is not None
    return frame


def capture_all(camera: Camera, *, timeout: float) -> None:
    """Take frames until something happens; after a stall a few may still be under way."""
    for _ in range(100):
        camera.capture(timeout=timeout)


def test_frames_are_colour_pictures(seam: Seam) -> None:
    """A frame holds (height, width, 3) bytes of the size that was asked for."""
    seam.camera.open()
    frame = captured(seam.camera)
    assert frame.pixels.dtype == np.uint8
    assert frame.pixels.shape == (HEIGHT, WIDTH, 3)
    assert (frame.width, frame.height) == (WIDTH, HEIGHT)


def test_colours_come_as_blue_green_red(seam: Seam) -> None:
    """Something red is high in the third channel."""
    seam.camera.open()
    blue, _, red_mean = captured(seam.camera).pixels.reshape(-1, 3).mean(axis=0)
    assert red_mean > 1.1 * blue
    assert red_mean > 50


def test_frames_are_the_callers_own(seam: Seam) -> None:
    """Writing into a frame changes no other frame."""
    seam.camera.open()
    first = captured(seam.camera)
    before = first.pixels.copy()
    first.pixels[:] = 0
    second = captured(seam.camera)
    assert np.abs(second.pixels.astype(int) - before).mean() < 10


def test_numbers_and_times_only_grow(seam: Seam) -> None:
    """Sequence numbers rise from frame to frame, capture times never fall, and wall-clock times are aware."""
    seam.camera.open()
    frames = [captured(seam.camera) for _ in range(3)]
    assert frames[0].sequence >= 0
    assert frames[0].sequence < frames[1].sequence < frames[2].sequence
    assert frames[0].captured.monotonic <= frames[1].captured.monotonic <= frames[2].captured.monotonic
    assert all(frame.captured.utc.utcoffset() is not None for frame in frames)


def test_the_sensor_clock_advances(seam: Seam) -> None:
    """Where there is a sensor clock, it differs from frame to frame."""
    seam.camera.open()
    stamps = [captured(seam.camera).sensor_timestamp_ns for _ in range(3)]
    assert stamps == [None] * 3 or len(set(stamps)) == 3


def test_a_source_that_ends_says_so(seam: Seam) -> None:
    """After the last frame of a file comes None, again and again."""
    if not seam.ends:
        pytest.skip("a live camera does not end")
    seam.camera.open()
    frames = [captured(seam.camera) for _ in range(3)]
    assert len(frames) == 3
    assert seam.camera.capture(timeout=1.0) is None
    assert seam.camera.capture(timeout=1.0) is None


def test_live_means_the_present(seam: Seam) -> None:
    """A source that ends is not live, any other is."""
    assert seam.camera.live is not seam.ends


def test_it_has_a_name(seam: Seam) -> None:
    """People are told what is looked through, before and after opening."""
    assert seam.camera.name
    seam.camera.open()
    assert ":" in seam.camera.name


def test_it_can_be_opened_again(seam: Seam) -> None:
    """After `close`, `open` delivers frames again and counts them afresh."""
    seam.camera.open()
    for _ in range(3):
        last = captured(seam.camera)
    seam.camera.close()
    seam.camera.open()
    again = captured(seam.camera)
    assert again.pixels.shape == last.pixels.shape
    assert again.captured.monotonic >= last.captured.monotonic


def test_nothing_comes_from_a_closed_camera(seam: Seam) -> None:
    """`capture` before `open` and after `close` is a CameraError."""
    with pytest.raises(CameraError, match="not open"):
        seam.camera.capture(timeout=1.0)
    seam.camera.open()
    captured(seam.camera)
    seam.camera.close()
    with pytest.raises(CameraError, match="not open"):
        seam.camera.capture(timeout=1.0)


def test_closing_is_harmless(seam: Seam) -> None:
    """`close` may be called before `open`, and twice."""
    seam.camera.close()
    seam.camera.open()
    seam.camera.close()
    seam.camera.close()


def test_a_missing_frame_is_a_timeout(seam: Seam) -> None:
    """When frames stop coming, `capture` gives up after its timeout with a line that says what to do."""
    seam.camera.open()
    captured(seam.camera)
    seam.stall()
    with pytest.raises(CameraTimeoutError, match=r"no frame within 0\.2 s: .*check"):
        capture_all(seam.camera, timeout=0.2)
    with pytest.raises(CameraTimeoutError):
        seam.camera.capture(timeout=0.01)


def test_a_stalled_camera_can_be_closed(seam: Seam) -> None:
    """`close` comes back although a frame is still being waited for."""
    seam.camera.open()
    seam.stall()
    with pytest.raises(CameraTimeoutError):
        capture_all(seam.camera, timeout=0.05)
    seam.camera.close()
    with pytest.raises(CameraError, match="not open"):
        seam.camera.capture(timeout=1.0)

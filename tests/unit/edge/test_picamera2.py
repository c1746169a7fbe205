"""The picamera2 camera asks for the right pixels, gives every buffer back, and survives loose cables and hangs."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge.adapters import picamera2
from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.picamera2 import Picamera2Camera
from insect_edge.errors import CameraError, CameraTimeoutError
from support.fake_picamera2 import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS = 30.0


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A Pi with one camera; nothing hangs any more at the end."""
    made = Bench()
    for name, module in made.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    yield made
    made.wedged.clear()


def camera_of(bench: Bench, **settings: int) -> Picamera2Camera:
    """An open camera on that bench."""
    assert bench.models
    camera = Picamera2Camera(clock=SystemClock(), width=64, height=48, **settings)  # type: ignore[arg-type]
    camera.open()
    return camera


def test_pixels_come_as_blue_green_red(bench: Bench) -> None:
    """picamera2's "RGB888" arrives as B, G, R, which is what a frame holds."""
    bench.red_green_blue = (200, 40, 10)
    camera = camera_of(bench)
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert frame.pixels[-1, -1].tolist() == [10, 40, 200]
    assert frame.pixels.flags.c_contiguous


def test_a_camera_that_hangs_upside_down_is_turned(bench: Bench) -> None:
    """Rotation by 180 degrees is done by the sensor: the top left corner comes out at the bottom right."""
    for rotation, corner in ((0, (0, 0)), (180, (-1, -1))):
        camera = camera_of(bench, rotation=rotation)
        frame = camera.capture(timeout=PATIENCE_SECONDS)
        camera.close()
        assert frame.pixels[corner].tolist() == [255, 255, 255]


def test_what_the_sensor_says_is_kept(bench: Bench) -> None:
    """Exposure, gain and the sensor's clock are on the frame, and the capture time is that of the exposure."""
    camera = camera_of(bench)
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    now = SystemClock().moment()
    camera.close()
    assert (frame.exposure_us, frame.analogue_gain) == (4_000, 1.5)
    assert frame.sensor_timestamp_ns is not None
    assert frame.captured.monotonic == pytest.approx(frame.sensor_timestamp_ns / 1e9)
    lag = timedelta(seconds=now.monotonic - frame.captured.monotonic)
    assert abs(now.utc - frame.captured.utc - lag) < timedelta(milliseconds=50)


def test_an_unbelievable_sensor_clock_is_not_used(bench: Bench) -> None:
    """Where the sensor's clock is not the machine's, the frame is stamped with the time of its arrival."""
    camera = camera_of(bench)
    now = SystemClock().moment()
    assert camera._moment(1).monotonic == pytest.approx(now.monotonic, abs=1)
    assert camera._moment(None).monotonic == pytest.approx(now.monotonic, abs=1)
    camera.close()


def test_every_buffer_is_given_back(bench: Bench) -> None:
    """A hundred frames come out of four buffers, and none is still in use after closing."""
    camera = camera_of(bench)
    for _ in range(100):
        camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert bench.opened[0].config["buffer_count"] == 4
    assert bench.opened[0].buffers_in_use == 0
    assert bench.taken == set()


def test_waits_that_run_out_swallow_no_frame(bench: Bench) -> None:
    """After many timeouts on a loose cable, frames come again from the same four buffers."""
    camera = camera_of(bench)
    bench.exposing.clear()
    with pytest.raises(CameraTimeoutError, match="no frame within"):
        exhaust(camera)
    for _ in range(10):
        with pytest.raises(CameraTimeoutError):
            camera.capture(timeout=0.001)
    bench.exposing.set()
    for _ in range(20):
        camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert bench.opened[0].buffers_in_use == 0


def exhaust(camera: Picamera2Camera) -> None:
    """Take the frames that were under way."""
    for _ in range(100):
        camera.capture(timeout=0.05)


def test_a_frame_that_came_late_is_not_delivered_old(bench: Bench) -> None:
    """A frame that finished after a capture gave up is dropped for a newer one."""
    camera = camera_of(bench)
    bench.exposing.clear()
    with pytest.raises(CameraTimeoutError):
        exhaust(camera)
    job = camera._job
    bench.exposing.set()
    stale = job.get_result(timeout=PATIENCE_SECONDS).get_metadata()["SensorTimestamp"]
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert frame.sensor_timestamp_ns is not None
    assert frame.sensor_timestamp_ns > stale
    assert bench.opened[0].buffers_in_use == 0


@pytest.mark.parametrize(
    ("rate", "limits"),
    [(0.1, (200_000, 1_000_000)), (1.0, (200_000, 1_000_000)), (5.0, (100_000, 200_000)), (30.0, (33_333, 33_333))],
)
def test_the_sensor_runs_no_faster_than_is_of_use(bench: Bench, rate: float, limits: tuple[int, int]) -> None:
    """The sensor delivers twice what is asked for, between 5 and 30 a second, and may slow down in the dusk."""
    camera = Picamera2Camera(clock=SystemClock(), width=64, height=48, frames_per_second=rate)
    camera.open()
    camera.close()
    assert bench.opened[0].config["controls"] == {"FrameDurationLimits": limits}


def test_a_missing_library_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without picamera2 there is one line that says how to get it."""
    monkeypatch.setitem(sys.modules, "libcamera", None)
    with pytest.raises(CameraError, match=r"sudo apt install python3-picamera2.*--system-site-packages") as caught:
        Picamera2Camera(clock=SystemClock()).open()
    assert "\n" not in str(caught.value)


def test_a_missing_camera_is_told_with_what_there_is(bench: Bench) -> None:
    """An index beyond the cameras found names those that were, and leaves nothing open."""
    camera = Picamera2Camera(3, clock=SystemClock())
    with pytest.raises(CameraError, match=r"picamera2:3: no such camera \(found: 0 imx708\)"):
        camera.open()
    bench.models = []
    with pytest.raises(CameraError, match=r"\(found: none\): check its cable"):
        camera.open()
    camera.close()


def test_a_camera_in_use_is_an_error_in_one_line(bench: Bench) -> None:
    """What libcamera raises becomes a CameraError; once the camera is free it opens."""
    bench.taken.add(0)
    camera = Picamera2Camera(clock=SystemClock(), width=64, height=48)
    with pytest.raises(CameraError, match=r"^picamera2:0 imx708: Camera __init__ sequence did not complete"):
        camera.open()
    bench.taken.clear()
    camera.open()
    camera.close()


def test_its_name_tells_the_sensor(bench: Bench) -> None:
    """Once it was open the sensor's model is known."""
    assert Picamera2Camera(1, clock=SystemClock()).name == "picamera2:1"
    camera = camera_of(bench)
    camera.close()
    assert camera.name == "picamera2:0 imx708"


def test_a_driver_that_hangs_on_closing_is_flagged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing comes back in time with an error, and the camera is never opened a second time."""
    monkeypatch.setattr(picamera2, "CLOSE_SECONDS", 0.05)
    camera = camera_of(bench)
    bench.wedged.set()
    for attempt in (camera.close, camera.open, camera.close):
        with pytest.raises(CameraError, match="only a new process"):
            attempt()
    assert len(bench.opened) == 1


def test_a_driver_that_hangs_on_opening_is_flagged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening comes back in time with an error, and is not tried again."""
    monkeypatch.setattr(picamera2, "OPEN_SECONDS", 0.05)
    bench.wedged.set()
    camera = Picamera2Camera(clock=SystemClock(), width=64, height=48)
    for _ in range(2):
        with pytest.raises(CameraError, match="only a new process"):
            camera.open()


def test_odd_sizes_are_what_libcamera_makes_of_them(bench: Bench) -> None:
    """Odd sizes are rounded down by libcamera; the frame has the size that came."""
    assert bench.models
    camera = Picamera2Camera(clock=SystemClock(), width=65, height=49)
    camera.open()
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert (frame.width, frame.height) == (64, 48)
    assert frame.pixels.dtype == np.uint8

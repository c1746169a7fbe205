"""The picamera2 camera survives loose cables, hangs and missing parts, and says what is wrong in one line."""

from __future__ import annotations

import atexit
import sys
import time
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters import picamera2, picamera2_parts
from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.picamera2 import Picamera2Camera
from insect_edge.errors import CameraError, CameraTimeoutError
from support.fake_picamera2_parts import CONTROLS
from support.pi_camera import installed_bench, open_camera, small

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.fake_picamera2 import Bench

PATIENCE_SECONDS = 30.0


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A Pi with one camera."""
    yield from installed_bench(monkeypatch)


def test_a_frame_that_lay_about_is_not_delivered(bench: Bench) -> None:
    """The frame picamera2 kept from before a pause is dropped for one exposed since, not shown as the present."""
    camera = open_camera(bench, frames_per_second=30.0)
    camera.capture(timeout=PATIENCE_SECONDS)
    while not bench.opened[0].completed:  # there has to be one that can lie about
        time.sleep(0.001)
    bench.exposing.clear()
    time.sleep(0.3)  # the sensor's own time: three of its longest frames are a tenth of a second
    with pytest.raises(CameraTimeoutError):
        camera.capture(timeout=0.05)
    resumed = time.monotonic_ns()
    bench.exposing.set()
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert frame.sensor_timestamp_ns is not None
    assert frame.sensor_timestamp_ns > resumed - 5_000_000


def test_waits_that_run_out_swallow_no_frame(bench: Bench) -> None:
    """After many timeouts on a loose cable, frames come again from the same four buffers."""
    camera = open_camera(bench)
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


def test_a_camera_that_libcamera_gave_up_comes_back(bench: Bench) -> None:
    """After "Camera frontend has timed out" no frame comes, closing does not hang, and opening again helps."""
    camera = open_camera(bench)
    camera.capture(timeout=PATIENCE_SECONDS)
    bench.frontend_times_out()
    with pytest.raises(CameraTimeoutError):
        exhaust(camera)
    camera.close()
    camera.open()
    frame = camera.capture(timeout=PATIENCE_SECONDS)
    camera.close()
    assert frame.sequence == 0
    assert len(bench.opened) == 2
    assert bench.taken == set()


def exhaust(camera: Picamera2Camera) -> None:
    """Take the frames that were under way."""
    for _ in range(100):
        camera.capture(timeout=0.05)


def test_a_frame_that_came_late_is_not_delivered_old(bench: Bench) -> None:
    """A frame that finished after a capture gave up is dropped for a newer one."""
    camera = open_camera(bench)
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


def test_a_missing_library_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without picamera2 there is one line that says how to get it."""
    monkeypatch.setitem(sys.modules, "libcamera", None)
    with pytest.raises(CameraError, match=r"sudo apt install python3-picamera2.*--system-site-packages") as caught:
        Picamera2Camera(clock=SystemClock()).open()
    assert "\n" not in str(caught.value)


def test_a_missing_camera_is_told_with_what_there_is(bench: Bench) -> None:
    """A number beyond the cameras found names those that were, and leaves nothing open."""
    camera = Picamera2Camera(3, clock=SystemClock())
    with pytest.raises(CameraError, match=r"^picamera2:3: no such camera \(found: 0 imx708\): check its cable"):
        camera.open()
    bench.models = []
    with pytest.raises(CameraError, match=r"^picamera2:3: no camera is found: .*rpicam-hello --list-cameras") as caught:
        camera.open()
    assert "\n" not in str(caught.value)
    camera.close()
    assert bench.opened == []


def test_a_camera_in_use_is_an_error_in_one_line(bench: Bench) -> None:
    """The cause that picamera2 hides becomes a CameraError with a remedy; once the camera is free it opens."""
    bench.taken.add(0)
    camera = Picamera2Camera(clock=SystemClock(), settings=small())
    with pytest.raises(
        CameraError, match=r"^picamera2:0 imx708: Failed to acquire camera: .* busy: end the other program"
    ):
        camera.open()
    bench.taken.clear()
    camera.open()
    camera.close()


def test_what_a_camera_cannot_do_is_told_and_leaves_it_free(bench: Bench) -> None:
    """A lens that does not move is one clear line, and the camera can be opened by others."""
    bench.controls = CONTROLS
    camera = Picamera2Camera(clock=SystemClock(), settings=small(focus="once"))
    with pytest.raises(CameraError, match=r"this camera has no AfMode: take focus out of \[camera.picamera2\]"):
        camera.open()
    assert bench.taken == set()


def test_a_camera_that_is_not_the_boards_own_is_sent_elsewhere(bench: Bench) -> None:
    """A USB camera that libcamera found as well delivers other pixels: OpenCV is the one to ask."""
    bench.format, bench.controls = "YUYV", {"FrameDurationLimits": CONTROLS["FrameDurationLimits"]}
    with pytest.raises(CameraError, match=r'delivers YUYV, .*: use source = "opencv"'):
        open_camera(bench)
    assert bench.taken == set()


def test_a_driver_that_hangs_on_closing_is_flagged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing comes back in time with an error, and the camera is never opened a second time."""
    monkeypatch.setattr(picamera2, "CLOSE_SECONDS", 0.05)
    camera = open_camera(bench)
    bench.wedged.set()
    for attempt in (camera.close, camera.open, camera.close):
        with pytest.raises(CameraError, match="only a new process"):
            attempt()
    assert len(bench.opened) == 1


def test_a_hung_camera_does_not_hold_up_the_end_of_the_process(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What picamera2 would do when Python ends is called off, since it would hang as well."""
    monkeypatch.setattr(picamera2, "_GRACE_SECONDS", 0.05)
    called_off: list[object] = []
    monkeypatch.setattr(atexit, "unregister", called_off.append)
    camera = open_camera(bench)
    bench.wedged.set()
    with pytest.raises(CameraError, match="only a new process"):
        camera.capture(timeout=0.01)
    assert bench.opened[0].close in called_off


def test_a_driver_that_hangs_on_opening_is_flagged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening comes back in time with an error, and is not tried again."""
    monkeypatch.setattr(picamera2, "OPEN_SECONDS", 0.05)
    bench.wedged.set()
    camera = Picamera2Camera(clock=SystemClock(), settings=small())
    for _ in range(2):
        with pytest.raises(CameraError, match="only a new process"):
            camera.open()


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("Could not open any\ndmaHeap device", "Could not open any dmaHeap device: add the user to the group video"),
        ("", "RuntimeError: check its cable"),
        ("Invalid camera configuration", "Invalid camera configuration: check its cable"),
    ],
)
def test_what_picamera2_says_comes_with_a_remedy(said: str, line: str) -> None:
    """The innermost cause is told in one line, with what helps."""
    outer = RuntimeError("Camera __init__ sequence did not complete.")
    outer.__cause__ = RuntimeError(said)
    assert picamera2_parts.reason(outer).startswith(line)

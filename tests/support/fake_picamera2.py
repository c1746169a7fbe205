"""A stand-in for picamera2 and libcamera that behaves as picamera2 0.3.38 does by its source, without a sensor.

A thread plays the sensor and picamera2's event loop. Kept faithfully, because the adapter depends on it: frames are
buffers that come back only when released; the newest finished frame is kept (`queue=True`); jobs are done in their
order, each when frames come, so that one that never can be done holds up those behind it, `stop` among them; `close`
ends the event loop first; flushing needs the exposure time of a frame; a control the camera does not have is refused;
after libcamera's "Camera frontend has timed out" no request ever finishes; a camera in use cannot be opened twice, and
the error says so only in its cause; "RGB888" is B, G, R in memory; a planar stream's array has its planes below each
other, and in "YUV420" rows filled up to the image processor's liking; cameras are closed when Python ends.
"""

from __future__ import annotations

import atexit
import threading
import time
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from support.fake_picamera2_parts import (
    CONTROLS,
    ENUMS,
    LENS,
    MODES,
    VIEW,
    CompletedRequest,
    Job,
    Transform,
    even,
    in_memory,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_TICK_SECONDS = 0.005
_EXPOSURE_US = 4_000


class Bench:
    """What the test sees of the machine.

    Attributes:
        models: names of the sensors on the connectors.
        controls: what every camera can be told.
        red_green_blue: the colour of everything in view.
        exposing: cleared, no more frames come for a while.
        wedged: set, nothing in picamera2 returns any more.
        metadata: what frames tell besides the time of the sensor, which is `lag` seconds ago.
        format: what libcamera makes of the format that was asked for; None for leaving it.
        luma_format: the same of the second, smaller stream.
        taken: numbers of the cameras in use.
        opened: every camera ever opened.
    """

    def __init__(self) -> None:
        self.models = ["imx708"]
        self.controls = CONTROLS | LENS
        self.red_green_blue = (200, 40, 10)
        self.exposing = threading.Event()
        self.exposing.set()
        self.wedged = threading.Event()
        self.metadata = {"ExposureTime": _EXPOSURE_US, "AnalogueGain": 1.5, "Lux": 400.0, "ColourTemperature": 5200}
        self.lag = _EXPOSURE_US / 1e6
        self.format: str | None = None
        self.luma_format: str | None = None
        self.taken: set[int] = set()
        self.opened: list[Any] = []

    def modules(self) -> dict[str, ModuleType]:
        """`picamera2` and `libcamera`, to be put into `sys.modules`."""
        picamera2, libcamera = ModuleType("picamera2"), ModuleType("libcamera")
        picamera2.Picamera2 = type("Picamera2", (StandIn,), {"bench": self})  # type: ignore[attr-defined]
        libcamera.Transform = Transform  # type: ignore[attr-defined]
        libcamera.controls = SimpleNamespace(**ENUMS)  # type: ignore[attr-defined]
        return {"picamera2": picamera2, "libcamera": libcamera}

    def frontend_times_out(self) -> None:
        """No frame came for too long: libcamera gives every request up; only opening the camera again helps."""
        for camera in self.opened:
            camera.given_up = True

    def wait_while_wedged(self) -> None:
        """Hang as long as the test says."""
        while self.wedged.is_set():
            time.sleep(_TICK_SECONDS)


class StandIn:
    """The camera object of picamera2, as far as it is used."""

    bench: ClassVar[Bench]

    def __init__(self, camera_num: int = 0) -> None:
        self.bench.wait_while_wedged()
        if camera_num >= len(self.bench.models):
            raise RuntimeError(
                f'No camera number {camera_num} found - use "rpicam-hello --list-cameras" to check connected cameras'
            )
        if camera_num in self.bench.taken:
            busy = RuntimeError("Failed to acquire camera: Device or resource busy")
            raise RuntimeError("Camera __init__ sequence did not complete.") from busy
        self.bench.taken.add(camera_num)
        self.bench.opened.append(self)
        self.number = camera_num
        self.buffers_in_use = 0
        self.given_up = False
        self.config: dict[str, Any] = {}
        self.lock = threading.RLock()
        self.jobs: list[Job] = []
        self.completed: list[CompletedRequest] = []
        self.running = threading.Event()
        self.prodded = threading.Event()
        self.thread: threading.Thread | None = None
        self.is_open = True
        atexit.register(self.close)

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        """One dictionary a camera."""
        return [{"Model": model, "Id": f"/base/i2c@{n}/{model}", "Num": n} for n, model in enumerate(cls.bench.models)]

    @property
    def camera_controls(self) -> dict[str, tuple[Any, Any, Any]]:
        """Least, greatest and usual value of what the camera can be told."""
        return dict(self.bench.controls)

    @property
    def sensor_modes(self) -> list[dict[str, Any]]:
        """The ways to read the sensor; a camera that is not the board's own tells a format alone."""
        return [dict(mode) for mode in MODES] if "ScalerCrop" in self.bench.controls else [{"format": "YUYV"}]

    def create_still_configuration(self, **wishes: Any) -> dict[str, Any]:
        """A configuration; unknown keywords are refused by Python itself in picamera2."""
        known = {
            "main",
            "lores",
            "raw",
            "transform",
            "buffer_count",
            "controls",
            "display",
            "encode",
            "queue",
            "sensor",
        }
        assert set(wishes) <= known, set(wishes) - known
        lores = wishes.get("lores")
        streams = {"main": even(wishes["main"]), "lores": lores and even({"format": "YUV420"} | lores)}
        return wishes | streams | {"display": None, "encode": None}

    def configure(self, config: dict[str, Any]) -> None:
        """Take a configuration and the controls in it."""
        if self.running.is_set():
            raise RuntimeError("Camera must be stopped before configuring")
        if bad := set(config["sensor"] or {}) - {"bit_depth", "output_size"}:
            raise RuntimeError(f"Unexpected keys {bad} in sensor configuration")
        config["main"]["format"] = self.bench.format or config["main"]["format"]
        if lores := config["lores"]:
            if any(small > large for small, large in zip(lores["size"], config["main"]["size"], strict=True)):
                raise RuntimeError("lores stream dimensions may not exceed main stream")
            lores["format"] = self.bench.luma_format or lores["format"]
        self.config = config
        self.controls: dict[str, Any] = {}
        self.set_controls(config["controls"])

    def camera_configuration(self) -> dict[str, Any]:
        """What libcamera made of the configuration."""
        return self.config

    def set_controls(self, controls: dict[str, Any]) -> None:
        """Tell the camera something."""
        for name, value in controls.items():
            if name not in self.bench.controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
            self.controls[name] = value

    def start(self) -> None:
        """Let the sensor run."""
        assert self.config
        self.running.set()
        self.thread = threading.Thread(target=self._event_loop, name="stand-in event loop", daemon=True)
        self.thread.start()

    def capture_request(self, wait: Any = None, flush: Any = None) -> Any:
        """The next finished frame, not exposed before `flush`; a job unless `wait`."""
        self.bench.wait_while_wedged()
        not_before = time.monotonic_ns() if flush is True else flush or None
        functions = [partial(self._wait_for_timestamp, not_before), self._take_completed]
        return self._dispatch(functions, wait=True if wait is None else wait)

    def cancel_all_and_flush(self) -> None:
        """Drop every job."""
        with self.lock:
            for job in self.jobs:
                job.cancel()
            self.jobs = []

    def stop(self) -> None:
        """Stop the sensor: in its turn behind the jobs, where the event loop runs."""
        self.bench.wait_while_wedged()
        if not self.running.is_set():
            return
        if self.thread is not None:
            self._dispatch([self._stop], wait=True, immediate=True)
        else:
            self._stop()

    def close(self) -> None:
        """Give the camera back."""
        atexit.unregister(self.close)
        self.bench.wait_while_wedged()
        thread, self.thread = self.thread, None
        self.prodded.set()
        if thread is not None:
            thread.join()
        if not self.is_open:
            return
        self.stop()
        self.is_open = False
        self.bench.taken.discard(self.number)

    def _dispatch(self, functions: list[Callable[[], tuple[bool, Any]]], *, wait: Any, immediate: bool = False) -> Any:
        with self.lock:
            job = Job(functions)
            self.jobs.append(job)
            if len(self.jobs) == 1 and (self.completed or immediate):
                self.prodded.set()
        return job.get_result(timeout=None if wait is True else wait) if wait else job

    def _stop(self) -> tuple[bool, Any]:
        self.running.clear()
        while self.completed:
            self.completed.pop(0).release()
        return (True, None)

    def _wait_for_timestamp(self, not_before: int | None) -> tuple[bool, Any]:
        if not not_before:
            return (True, None)
        while self.completed:
            metadata = self.completed[0].get_metadata()
            if metadata["SensorTimestamp"] - 1000 * metadata["ExposureTime"] >= not_before:
                return (True, None)
            self.completed.pop(0).release()
        return (False, None)

    def _take_completed(self) -> tuple[bool, Any]:
        return (True, self.completed.pop(0)) if self.completed else (False, None)

    def _event_loop(self) -> None:
        while self.thread is not None:
            prodded = self.prodded.wait(_TICK_SECONDS)
            self.prodded.clear()
            with self.lock:
                if not self._expose() and not prodded:
                    continue
                over = []
                while self.jobs and self.jobs[0].execute():
                    over.append(self.jobs.pop(0))
                while len(self.completed) > 1:
                    self.completed.pop(0).release()
            for job in over:
                job.signal()

    def _expose(self) -> bool:
        idle = not self.running.is_set() or not self.bench.exposing.is_set() or self.given_up
        if idle or self.buffers_in_use >= self.config["buffer_count"]:
            return False
        self.buffers_in_use += 1
        told = {"SensorTimestamp": time.monotonic_ns() - round(self.bench.lag * 1e9)} | self.bench.metadata
        streams = {name: self._picture(self.config[name]) for name in ("main", "lores") if self.config[name]}
        self.completed.append(CompletedRequest(self, streams, told))
        return True

    def _picture(self, stream: dict[str, Any]) -> NDArray[np.uint8]:
        """One colour everywhere, with a white top left corner in the sensor's view to see which way up it is."""
        width, height = stream["size"]
        x, y, seen_width, seen_height = self.controls.get("ScalerCrop", VIEW)
        columns = x + (np.arange(width) + 0.5) / width * seen_width
        rows = y + (np.arange(height) + 0.5) / height * seen_height
        pixels = np.full((height, width, 3), self.bench.red_green_blue, np.uint8)
        pixels[np.ix_(rows < VIEW[3] / 4, columns < VIEW[2] / 4)] = 255
        transform = self.config["transform"]
        pixels = pixels[:, ::-1] if transform.hflip else pixels
        pixels = pixels[::-1] if transform.vflip else pixels
        return in_memory(pixels, stream["format"])

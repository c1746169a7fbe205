"""A stand-in for picamera2 and libcamera that behaves as their documentation and source say, without a sensor.

A thread plays the sensor and picamera2's event loop. Kept faithfully, because the adapter depends on it:
frames are buffers that come back only when released; the newest finished frame is kept (`queue=True`); a job that was
timed out stays in the list and still swallows a frame; stopping waits its turn behind the jobs; a camera in use
cannot be opened twice; "RGB888" is B, G, R in memory.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError, Future
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TICK_SECONDS = 0.005
_EXPOSURE_US = 4_000


class Bench:
    """What the test sees of the machine.

    Attributes:
        models: names of the sensors on the connectors.
        red_green_blue: the colour of everything in view.
        exposing: cleared, no more frames come (a cable that came loose).
        wedged: set, nothing in picamera2 returns any more.
        taken: numbers of the cameras in use.
        opened: every camera ever opened.
    """

    def __init__(self) -> None:
        self.models = ["imx708"]
        self.red_green_blue = (200, 40, 10)
        self.exposing = threading.Event()
        self.exposing.set()
        self.wedged = threading.Event()
        self.taken: set[int] = set()
        self.opened: list[Any] = []

    def modules(self) -> dict[str, ModuleType]:
        """`picamera2` and `libcamera`, to be put into `sys.modules`."""
        picamera2, libcamera = ModuleType("picamera2"), ModuleType("libcamera")
        picamera2.Picamera2 = type("Picamera2", (StandIn,), {"bench": self})  # type: ignore[attr-defined]
        libcamera.Transform = Transform  # type: ignore[attr-defined]
        return {"picamera2": picamera2, "libcamera": libcamera}

    def wait_while_wedged(self) -> None:
        """Hang as long as the test says."""
        while self.wedged.is_set():
            time.sleep(_TICK_SECONDS)


class Transform:
    """libcamera's orientation of the picture."""

    def __init__(self, *, hflip: int = 0, vflip: int = 0) -> None:
        self.hflip, self.vflip = hflip, vflip


class Job:
    """Something the event loop does when it can."""

    def __init__(self) -> None:
        self.future: Future[Any] = Future()

    def get_result(self, timeout: float | None = None) -> Any:
        """What came out, waiting at most `timeout` seconds."""
        return self.future.result(timeout=timeout)


class CompletedRequest:
    """One finished frame in one of the camera's few buffers."""

    def __init__(self, camera: Any, pixels: NDArray[np.uint8], metadata: dict[str, Any]) -> None:
        self._camera, self._pixels, self._metadata = camera, pixels, metadata
        self._released = False

    def make_array(self, name: str) -> NDArray[np.uint8]:
        """A copy of the pixels of a stream."""
        assert name == "main"
        return self._pixels.copy()

    def get_metadata(self) -> dict[str, Any]:
        """What the sensor says of the frame."""
        return dict(self._metadata)

    def release(self) -> None:
        """Give the buffer back; twice is an error, as in picamera2."""
        if self._released:
            raise RuntimeError("CompletedRequest: lock now has negative ref_count")
        self._released = True
        self._camera.buffers_in_use -= 1


class StandIn:
    """The camera object of picamera2, as far as it is used."""

    bench: ClassVar[Bench]

    def __init__(self, camera_num: int = 0) -> None:
        self.bench.wait_while_wedged()
        if camera_num in self.bench.taken:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.bench.taken.add(camera_num)
        self.bench.opened.append(self)
        self.number = camera_num
        self.buffers_in_use = 0
        self.config: dict[str, Any] | None = None
        self.lock = threading.RLock()
        self.jobs: list[Job] = []
        self.completed: list[CompletedRequest] = []
        self.running = threading.Event()
        self.thread: threading.Thread | None = None

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        """One dictionary a camera."""
        return [{"Model": model, "Id": f"/base/{model}", "Num": n} for n, model in enumerate(cls.bench.models)]

    def create_video_configuration(self, **wishes: Any) -> dict[str, Any]:
        """A configuration; unknown keywords are refused by Python itself in picamera2."""
        known = {"main", "transform", "buffer_count", "controls", "display", "encode", "queue"}
        assert set(wishes) <= known, set(wishes) - known
        for key in ("display", "encode"):
            if wishes.get(key, "main") not in {None, "main"}:
                raise RuntimeError(f"{key} stream was not defined")
        return wishes

    def configure(self, config: dict[str, Any]) -> None:
        """Take a configuration; libcamera rounds the size to even numbers."""
        width, height = config["main"]["size"]
        config["main"]["size"] = (width - width % 2, height - height % 2)
        self.config = config

    def start(self) -> None:
        """Let the sensor run."""
        assert self.config is not None
        self.running.set()
        self.thread = threading.Thread(target=self._event_loop, name="stand-in event loop", daemon=True)
        self.thread.start()

    def capture_request(self, wait: bool | None = None) -> Any:  # noqa: FBT001 # picamera2's own signature
        """The next finished frame, as a job unless `wait`."""
        job = Job()
        with self.lock:
            self.jobs.append(job)
        return job if wait is False else job.get_result()

    def cancel_all_and_flush(self) -> None:
        """Drop every job."""
        with self.lock:
            for job in self.jobs:
                job.future.set_exception(CancelledError())
            self.jobs.clear()

    def stop(self) -> None:
        """Stop the sensor, once the event loop has done the jobs before this one."""
        self.bench.wait_while_wedged()
        while self.jobs:
            time.sleep(_TICK_SECONDS)
        self.running.clear()
        if self.thread is not None:
            self.thread.join()
        while self.completed:
            self.completed.pop().release()

    def close(self) -> None:
        """Give the camera back."""
        self.stop()
        self.bench.taken.discard(self.number)

    def _event_loop(self) -> None:
        while self.running.is_set():
            time.sleep(_TICK_SECONDS)
            with self.lock:
                self._expose()
                if self.jobs and self.completed:
                    self.jobs.pop(0).future.set_result(self.completed.pop(0))
                while len(self.completed) > 1:
                    self.completed.pop(0).release()

    def _expose(self) -> None:
        assert self.config is not None
        if not self.bench.exposing.is_set() or self.buffers_in_use >= self.config["buffer_count"]:
            return
        self.buffers_in_use += 1
        metadata = {
            "SensorTimestamp": time.monotonic_ns() - 1000 * _EXPOSURE_US,
            "ExposureTime": _EXPOSURE_US,
            "AnalogueGain": 1.5,
        }
        self.completed.append(CompletedRequest(self, self._picture(), metadata))

    def _picture(self) -> NDArray[np.uint8]:
        """One colour everywhere, with a white top left corner to see which way up it is."""
        assert self.config is not None
        width, height = self.config["main"]["size"]
        pixels = np.full((height, width, 3), self.bench.red_green_blue, np.uint8)
        pixels[: height // 4, : width // 4] = 255
        transform = self.config.get("transform") or Transform()
        pixels = pixels[:, ::-1] if transform.hflip else pixels
        pixels = pixels[::-1] if transform.vflip else pixels
        return pixels[..., ::-1] if self.config["main"]["format"] == "RGB888" else pixels

"""Run where picamera2 is installed: tries the adapter on picamera2's own code, and tells in JSON what happened.

The camera of libcamera is played here, since there is none: it hands finished requests to picamera2 as libcamera's
camera manager would.
"""

from __future__ import annotations

import inspect
import json
import logging
import os
import threading
import time
from types import SimpleNamespace
from typing import Any

import libcamera
import numpy as np
import picamera2
from picamera2.request import CompletedRequest, Helpers

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.picamera2 import Picamera2Camera
from insect_edge.adapters.picamera2_settings import Picamera2Settings
from insect_edge.errors import CameraError, CameraTimeoutError

WIDTH, HEIGHT, BUFFERS = 64, 48, 4
ROW_BYTES = 128
"""How long an image processor makes the rows of brightness."""
ENUMS = ("AfMode", "AfRange", "AfTrigger", "AeExposureMode", "AeFlickerMode", "AwbMode")
CALLED = ("start", "close", "configure", "set_controls", "cancel_all_and_flush", "camera_configuration")


def libraries() -> dict[str, Any]:
    """Where they are, what they name, and what they say when there is no camera."""
    try:
        picamera2.Picamera2(0)
    except RuntimeError as error:
        theirs = str(error)
    try:
        Picamera2Camera(clock=SystemClock()).open()
    except CameraError as error:
        ours = str(error)
    enums = {name: getattr(libcamera.controls, f"{name}Enum").__members__ for name in ENUMS}
    properties = ("camera_controls", "sensor_modes")
    return {
        "picamera2": picamera2.__file__,
        "libcamera": libcamera.__file__,
        "cameras": picamera2.Picamera2.global_camera_info(),
        "its_error": theirs,
        "our_error": ours,
        "enums": {
            f"{name}Enum": {key: int(value) for key, value in members.items()} for name, members in enums.items()
        },
        "still_configuration": list(inspect.signature(picamera2.Picamera2.create_still_configuration).parameters),
        "capture_request": list(inspect.signature(picamera2.Picamera2.capture_request).parameters),
        "missing": [name for name in (*CALLED, *properties) if not hasattr(picamera2.Picamera2, name)],
    }


class Request(CompletedRequest):
    """A finished frame whose pixels are in ordinary memory."""

    def __init__(self, camera: Camera) -> None:
        status = SimpleNamespace(metadata=SimpleNamespace(status=libcamera.FrameMetadata.Status.Success))
        self.request = SimpleNamespace(buffers={"main": status, "lores": status})
        self.ref_count = 1
        self.lock = camera.request_lock
        self.picam2 = camera
        self.stop_count, self.configure_count = camera.stop_count, camera.configure_count
        self.config, self.stream_map = camera.camera_config, {}
        self.syncs: list[Any] = []
        self.taken = time.monotonic_ns()
        camera.held += 1

    def make_array(self, name: str) -> np.ndarray:
        """The pixels, made of a buffer by picamera2 itself; each row of the brightness has its own."""
        stream = self.config[name]
        rows = np.full((HEIGHT * 3 // 2, ROW_BYTES), 255, np.uint8)
        rows[:, :WIDTH] = np.arange(len(rows))[:, None]
        buffer = rows if name == "lores" else np.zeros(HEIGHT * WIDTH * 3, np.uint8)
        return self.picam2.helpers.make_array(buffer.reshape(-1), stream)

    def get_metadata(self) -> dict[str, Any]:
        """What the sensor says."""
        return {"SensorTimestamp": self.taken, "ExposureTime": 1000}

    def release(self) -> None:
        """Give the buffer back as the real one does, but to ourselves."""
        with self.lock:
            self.ref_count -= 1
            assert self.ref_count >= 0
            if self.ref_count == 0:
                self.picam2.held -= 1


class Camera(picamera2.Picamera2):
    """picamera2's own class over a camera of libcamera that is played."""

    made: Camera

    def __init__(self, camera_num: int = 0) -> None:
        assert camera_num == 0
        self.notifyme_r, self.notifyme_w = os.pipe2(os.O_NONBLOCK)
        self.notifymeread = os.fdopen(self.notifyme_r, "rb")
        self._preview = None
        self.request_lock, self._requestslock = threading.Lock(), threading.Lock()
        self._requests: list[Any] = []
        self._reset_flags()
        self.camera = SimpleNamespace(start=lambda _: None, stop=self._halt, release=lambda: None)
        self.camera_idx, self.held, self.exposing = 0, 0, True
        self.helpers = Helpers(self)
        self.is_open = True
        self.allocator = None
        self._cm.cameras[0] = self
        Camera.made = self

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        """One camera."""
        return [{"Model": "played", "Id": "/base/played", "Num": 0}]

    sensor_modes: list[dict[str, Any]] = []  # noqa: RUF012 # picamera2's is a property of no argument as well

    def create_still_configuration(self, **wishes: Any) -> dict[str, Any]:
        """As it is wished, with rows as long as the image processor likes them."""
        wishes["main"]["stride"], wishes["lores"]["stride"] = WIDTH * 3, ROW_BYTES
        return wishes | {"display": None}

    def configure(self, config: Any = None) -> None:
        """Take it over, and keep the newest frame, as the real method does."""
        self.camera_config = config
        self._max_queue_len = 1

    def _make_requests(self) -> list[Any]:
        threading.Thread(target=self._expose, daemon=True).start()
        return []

    def _halt(self) -> None:
        self.exposing = False

    def _expose(self) -> None:
        while self.started or self.exposing:
            time.sleep(0.005)
            if self.exposing and self.held < BUFFERS:
                with self._requestslock:
                    self._requests.append(Request(self))
                os.write(self.notifyme_w, b"\x00")


def event_loop() -> dict[str, Any]:
    """What the adapter gets through picamera2's own event loop."""
    picamera2.Picamera2 = Camera
    picamera2.picamera2.DmaAllocator = SimpleNamespace  # closing makes a new one, of a /dev/dma_heap that a Pi has
    Camera._cm.handle_request = lambda _=None: None  # type: ignore[method-assign]
    Camera._cm.cleanup = lambda _: None  # type: ignore[method-assign]
    adapter = Picamera2Camera(clock=SystemClock(), settings=Picamera2Settings(width=WIDTH, height=HEIGHT, luma=True))
    adapter.open()
    camera = Camera.made
    luma = adapter.capture(timeout=30.0).luma
    assert luma is not None
    frames = [adapter.capture(timeout=30.0).sensor_timestamp_ns for _ in range(20)]
    camera.exposing = False
    timeouts = exhausted(adapter, wanted=10)
    jobs = len(camera._job_list)
    camera.exposing = True
    after = adapter.capture(timeout=30.0).sensor_timestamp_ns
    held = camera.held - len(camera._requests)
    camera.exposing = False
    exhausted(adapter, wanted=1)
    preview = camera._preview
    adapter.close()
    return {
        "frames": frames,
        "luma": [luma.shape, np.array_equal(luma, np.repeat(np.arange(HEIGHT)[:, None], WIDTH, axis=1))],
        "held": held,
        "timeouts": timeouts,
        "jobs_after_timeouts": jobs,
        "after_timeouts": after,
        "closed": not camera.is_open,
        "event_loop_alive": preview.thread.is_alive(),
    }


def exhausted(adapter: Picamera2Camera, *, wanted: int) -> int:
    """Capture until that many captures have run out of time, and count them."""
    timeouts = 0
    for _ in range(1000):
        try:
            adapter.capture(timeout=0.05)
        except CameraTimeoutError:
            timeouts += 1
        if timeouts == wanted:
            break
    return timeouts


if __name__ == "__main__":
    logging.disable(logging.ERROR)
    print(json.dumps(libraries() | event_loop()))  # noqa: T201 # the answer

"""What the stand-in for picamera2 consists of: a Camera Module 3's numbers, jobs and finished frames."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


VIEW = (0, 0, 4608, 2592)
ROW_BYTES = 128
"""Of what rows of brightness are a multiple of on a Raspberry Pi 5."""
MODES = (
    {"size": (1536, 864), "bit_depth": 10, "fps": 120.13, "crop_limits": (768, 432, 3072, 1728)},
    {"size": (2304, 1296), "bit_depth": 10, "fps": 56.03, "crop_limits": VIEW},
    {"size": (4608, 2592), "bit_depth": 10, "fps": 14.35, "crop_limits": VIEW},
)
"""Of a Camera Module 3, whose first mode sees the middle only."""
CONTROLS: dict[str, tuple[Any, Any, Any]] = {
    "FrameDurationLimits": (69_669, 220_535_845, 33_333),
    "ExposureTime": (26, 220_416_802, 20_000),
    "AnalogueGain": (1.1228070259094238, 16.0, 1.0),
    "ExposureValue": (-8.0, 8.0, 0.0),
    "AeExposureMode": (0, 3, 0),
    "AeFlickerMode": (0, 1, 0),
    "AeFlickerPeriod": (100, 1_000_000, None),
    "AwbMode": (0, 7, 0),
    "ScalerCrop": ((0, 0, 128, 128), VIEW, VIEW),
}
LENS: dict[str, tuple[Any, Any, Any]] = {
    "AfMode": (0, 2, 0),
    "AfRange": (0, 2, 0),
    "AfTrigger": (0, 1, 0),
    "LensPosition": (0.0, 32.0, 1.0),
}
ENUMS = {
    f"{name}Enum": IntEnum(name, members, start=0)  # type: ignore[misc] # a table of them, not one
    for name, members in {
        "AfMode": "Manual Auto Continuous",
        "AfRange": "Normal Macro Full",
        "AfTrigger": "Start Cancel",
        "AeExposureMode": "Normal Short Long Custom",
        "AeFlickerMode": "Off Manual Auto",
        "AwbMode": "Auto Incandescent Tungsten Fluorescent Indoor Daylight Cloudy Custom",
    }.items()
}
"""libcamera's names for values; the real ones are held against these in `tests/pi`."""


class Transform:
    """libcamera's orientation of the picture."""

    def __init__(self, *, hflip: int = 0, vflip: int = 0) -> None:
        self.hflip, self.vflip = hflip, vflip


def even(stream: dict[str, Any]) -> dict[str, Any]:
    """A stream of an even number of rows and columns."""
    width, height = stream["size"]
    return stream | {"size": (width - width % 2, height - height % 2)}


def in_memory(pixels: NDArray[np.uint8], form: str) -> NDArray[np.uint8]:
    """Red, green and blue as an array of a stream of that format has them."""
    if form == "RGB888":
        return pixels[..., ::-1]
    if form not in {"YUV420", "NV12"}:
        return pixels
    height, width = pixels.shape[:2]
    planes: NDArray[np.uint8] = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2YUV_I420)
    if form == "NV12":
        colours = planes[height:].reshape(2, -1).T.reshape(height // 2, width)
        return np.concatenate([planes[:height], colours])
    row = -(-width // ROW_BYTES) * ROW_BYTES
    filled = np.full((height * 3 // 2, row), 77, np.uint8)
    filled[:height, :width] = planes[:height]
    return filled


class Job:
    """Something the event loop does, step by step, whenever frames have come."""

    def __init__(self, functions: list[Callable[[], tuple[bool, Any]]]) -> None:
        self._functions = functions
        self._future: Future[Any] = Future()
        self._result: Any = None

    def execute(self) -> bool:
        """Go on as far as possible; whether it is over."""
        try:
            while self._functions:
                done, self._result = self._functions[0]()
                if not done:
                    break
                self._functions.pop(0)
        except Exception as error:  # noqa: BLE001 # carried to whoever takes the result
            self._future.set_exception(error)
            self._functions = []
        return not self._functions

    def signal(self) -> None:
        """Hand the result out."""
        if not self._future.done():
            self._future.set_result(self._result)

    def cancel(self) -> None:
        """Make an error of it."""
        self._future.set_exception(CancelledError())

    def get_result(self, timeout: float | None = None) -> Any:
        """What came out, waiting at most `timeout` seconds."""
        return self._future.result(timeout=timeout)


class CompletedRequest:
    """One finished frame in one of the camera's few buffers."""

    def __init__(self, camera: Any, streams: dict[str, NDArray[np.uint8]], metadata: dict[str, Any]) -> None:
        self._camera, self._streams, self._metadata = camera, streams, metadata
        self.config = dict(camera.config)
        self._released = False

    def make_array(self, name: str) -> NDArray[np.uint8]:
        """A copy of the pixels of a stream."""
        if name not in self._streams:
            raise RuntimeError(f"Stream {name!r} is not defined")
        return self._streams[name].copy()

    def get_metadata(self) -> dict[str, Any]:
        """What the sensor says of the frame."""
        return dict(self._metadata)

    def release(self) -> None:
        """Give the buffer back; twice is an error, as in picamera2."""
        if self._released:
            raise RuntimeError("CompletedRequest: lock now has negative ref_count")
        self._released = True
        self._camera.buffers_in_use -= 1

"""The camera on a Raspberry Pi's own connector, through picamera2 and libcamera."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from insect_edge.adapters.worker import HungError, Worker
from insect_edge.domain import Frame, Moment
from insect_edge.errors import CameraError, CameraTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.protocols import Clock

OPEN_SECONDS = 20.0
"""A Pi Zero 2 takes about five seconds to load libcamera and start a sensor."""
CLOSE_SECONDS = 4.5
_GRACE_SECONDS = 2.0
"""What a capture may take beyond its timeout (copying 36 MB from a busy Pi) before the driver counts as hung."""
_BUFFERS = 4
"""One held by picamera2 as the newest, one being copied by us, two for the sensor to go on with."""
_BELIEVABLE_AGE_SECONDS = 60.0
_SLOWEST_SENSOR, _FASTEST_SENSOR = 5.0, 30.0
"""Frames a second: slower, the exposure takes too long to find; faster, a Pi gets warm for nothing."""
_LONGEST_FRAME_US = 1_000_000


class Picamera2Camera:
    """`protocols.Camera` over picamera2.

    picamera2's event loop runs in its own thread and keeps the newest finished frame for us (`queue=True`). A wait that
    runs out does not cancel what was waited for: the job stays in picamera2's list and would swallow a frame for good.
    So an unfinished job is kept and waited for again by the next capture.

    Args:
        index: which camera, as `rpicam-hello --list-cameras` numbers them.
        clock: the time; its monotonic seconds are those of the sensor's timestamps on a real machine.
        width: of the frames, in pixels; libcamera may round it to an even number.
        height: of the frames, in pixels.
        rotation: 180 for a camera that hangs upside down.
        frames_per_second: how often frames will be asked for; the sensor runs at twice that, between 5 and 30, and in
            the dusk may slow down to it.
    """

    live = True

    def __init__(  # keywords, one for each key of the configuration
        self,
        index: int = 0,
        *,
        clock: Clock,
        width: int = 1280,
        height: int = 720,
        rotation: Literal[0, 180] = 0,
        frames_per_second: float = 1.0,
    ) -> None:
        self._index = index
        self._clock = clock
        self._size = (width, height)
        self._rotation = rotation
        self._rate = frames_per_second
        self._model = ""
        self._camera: Any = None
        self._worker: Worker | None = None
        self._job: Any = None
        self._sequence = 0

    @property
    def name(self) -> str:
        """`picamera2:`, the camera's number and, once it was open, its sensor: `picamera2:0 imx708`."""
        return f"picamera2:{self._index} {self._model}".rstrip()

    def open(self) -> None:
        """Start the sensor.

        Raises:
            CameraError: when picamera2 is not installed, there is no such camera, or another program uses it.
        """
        self._refuse_when_hung()
        self.close()
        self._worker = Worker(name=f"picamera2:{self._index}")
        self._sequence = 0
        try:
            self._run(self._start, timeout=OPEN_SECONDS)
        except CameraError:
            self._let_go()
            raise

    def capture(self, *, timeout: float) -> Frame:
        """The newest frame.

        Raises:
            CameraTimeoutError: when none came within `timeout` seconds.
            CameraError: when not open, or libcamera failed.
        """
        if self._camera is None:
            raise CameraError(f"{self.name} is not open: call open() first")
        frame: Frame = self._run(lambda: self._grab(timeout), timeout=timeout + _GRACE_SECONDS)
        self._sequence += 1
        return frame

    def close(self) -> None:
        """Stop the sensor.

        Raises:
            CameraError: when the driver does not come back; opening again is refused from then on.
        """
        self._refuse_when_hung()
        if self._camera is None:
            return
        try:
            self._run(self._stop, timeout=CLOSE_SECONDS)
        finally:
            self._let_go()

    def _run(self, function: Callable[[], Any], *, timeout: float) -> Any:
        """Call into picamera2 on the worker; whatever it raises becomes a CameraError.

        Raises:
            CameraError: when it fails or does not return.
        """
        if self._worker is None:
            raise CameraError(f"{self.name} is not open: call open() first")
        try:
            return self._worker.run(function, timeout=timeout)
        except CameraError:
            raise
        except HungError as error:
            raise CameraError(
                f"{self.name}: its driver does not return: only a new process can open it again"
            ) from error
        except Exception as error:
            # picamera2 raises RuntimeError, IndexError, OSError and libcamera's own; all mean that it failed.
            raise CameraError(
                f"{self.name}: {_one_line(error)}: check its cable with rpicam-hello --list-cameras"
            ) from error

    def _refuse_when_hung(self) -> None:
        if self._worker is not None and self._worker.hung:
            raise CameraError(f"{self.name}: its driver does not return: only a new process can open it again")

    def _let_go(self) -> None:
        """Forget the camera, but not a worker that hangs in it."""
        self._camera = self._job = None
        if self._worker is not None and not self._worker.hung:
            self._worker.stop()
            self._worker = None

    def _start(self) -> None:
        picamera2, libcamera = _import_picamera2()
        found = picamera2.Picamera2.global_camera_info()
        if self._index >= len(found):
            seen = ", ".join(f"{number} {camera.get('Model')}" for number, camera in enumerate(found)) or "none"
            raise CameraError(
                f"picamera2:{self._index}: no such camera (found: {seen}): check its cable, or correct its index"
            )
        self._model = str(found[self._index].get("Model", ""))
        camera = picamera2.Picamera2(self._index)
        try:
            camera.configure(self._configuration(camera, libcamera))
            camera.start()
        except BaseException:
            camera.close()
            raise
        self._camera = camera

    def _configuration(self, camera: Any, libcamera: Any) -> Any:
        """Frames as we want them: "RGB888" is B, G, R in memory (DRM's names are little-endian words)."""
        upside_down = self._rotation == 180  # noqa: PLR2004
        shortest = round(1e6 / min(max(2 * self._rate, _SLOWEST_SENSOR), _FASTEST_SENSOR))
        longest = min(max(round(1e6 / self._rate), shortest), _LONGEST_FRAME_US)
        return camera.create_video_configuration(
            main={"format": "RGB888", "size": self._size},
            transform=libcamera.Transform(hflip=int(upside_down), vflip=int(upside_down)),
            buffer_count=_BUFFERS,
            queue=True,
            display=None,
            encode=None,
            controls={"FrameDurationLimits": (shortest, longest)},
        )

    def _grab(self, timeout: float) -> Frame:
        request = self._request(timeout)
        try:
            pixels = request.make_array("main")
            metadata = request.get_metadata()
        finally:
            request.release()
        taken = metadata.get("SensorTimestamp")
        return Frame(
            pixels=np.ascontiguousarray(pixels, np.uint8),
            captured=self._moment(taken),
            sequence=self._sequence,
            sensor_timestamp_ns=taken,
            exposure_us=metadata.get("ExposureTime"),
            analogue_gain=metadata.get("AnalogueGain"),
        )

    def _request(self, timeout: float) -> Any:
        """The newest finished frame, still picamera2's: to be released."""
        if self._job is not None and _finished(self._job):
            # It finished after an earlier capture had given up: by now there may be a newer one.
            self._take_job().get_result(timeout=0).release()
        if self._job is None:
            self._job = self._camera.capture_request(wait=False)
        try:
            request = self._job.get_result(timeout=timeout)
        except TimeoutError as error:
            if _finished(self._job):  # a timeout raised by the job itself, not by our waiting
                self._job = None
            raise CameraTimeoutError(f"{self.name}: no frame within {timeout:g} s: check the camera's cable") from error
        except BaseException:
            self._job = None
            raise
        self._job = None
        return request

    def _take_job(self) -> Any:
        job, self._job = self._job, None
        return job

    def _moment(self, sensor_timestamp_ns: int | None) -> Moment:
        """When the exposure began: libcamera counts nanoseconds since boot, as the monotonic clock does."""
        now = self._clock.moment()
        age = now.monotonic - (sensor_timestamp_ns or 0) / 1e9
        if sensor_timestamp_ns is None or not 0 <= age <= _BELIEVABLE_AGE_SECONDS:
            return now
        return replace(now, monotonic=now.monotonic - age, utc=now.utc - timedelta(seconds=age))

    def _stop(self) -> None:
        # Without this, stopping waits behind a capture whose frame never comes (a cable that came loose).
        self._camera.cancel_all_and_flush()
        self._camera.stop()
        self._camera.close()


def _import_picamera2() -> tuple[Any, Any]:
    """Imported when a camera is opened: it takes a second, and nobody without such a camera has it.

    Raises:
        CameraError: when it is not installed.
    """
    try:
        import libcamera  # noqa: PLC0415
        import picamera2  # noqa: PLC0415
    except ImportError as error:
        raise CameraError(
            f"picamera2 is not installed here ({error}): sudo apt install python3-picamera2, and create the virtual "
            "environment with --system-site-packages"
        ) from error
    return picamera2, libcamera


def _finished(job: Any) -> bool:
    try:
        job.get_result(timeout=0)
    except TimeoutError:
        return False
    except BaseException:  # noqa: BLE001 # it finished badly; whoever takes the result gets the error
        return True
    return True


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__

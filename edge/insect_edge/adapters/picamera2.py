"""The camera on a Raspberry Pi's own connector, through picamera2 and libcamera."""

from __future__ import annotations

import atexit
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from insect_edge.adapters.picamera2_parts import configure, finished, import_picamera2, luma_of, pixels_of, reason
from insect_edge.adapters.picamera2_settings import Picamera2Settings, chosen_camera, frame_durations
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
_BELIEVABLE_AGE_SECONDS = 60.0
_FRESH_FRAMES = 3
"""A frame is exposed, read out and processed while the next ones are: one that is older lay about."""


class Picamera2Camera:
    """`protocols.Camera` over picamera2.

    picamera2's event loop runs in its own thread and keeps the newest finished frame for us (`queue=True`). A wait that
    runs out (`wait=seconds` as well) does not cancel what was waited for: the job stays in picamera2's list, holds up
    the jobs behind it and would swallow a frame for good. So an unfinished job is kept and waited for again by the next
    capture.

    When libcamera says "Camera frontend has timed out" it gives all requests up and never finishes another one:
    captures then run out of time until the camera is closed and opened again.

    Args:
        device: which camera: a number, as `rpicam-hello --list-cameras` counts, or the name of its sensor.
        clock: the time; its monotonic seconds are those of the sensor's timestamps on a real machine.
        settings: what the frames shall be like.
    """

    live = True

    def __init__(self, device: int | str = 0, *, clock: Clock, settings: Picamera2Settings | None = None) -> None:
        self._device = device
        self._clock = clock
        self._settings = settings or Picamera2Settings()
        self._model = ""
        self._camera: Any = None
        self._worker: Worker | None = None
        self._job: Any = None
        self._flushes = False
        self._sequence = 0

    @property
    def name(self) -> str:
        """`picamera2:`, the camera and, once it was open, its sensor: `picamera2:0 imx708`."""
        return f"picamera2:{self._device} {self._model}".rstrip()

    def open(self) -> None:
        """Start the sensor.

        Raises:
            CameraError: when picamera2 is not installed, there is no such camera, or another program uses it.
        """
        self._refuse_when_hung()
        self.close()
        self._worker = Worker(name=f"picamera2:{self._device}")
        self._sequence = 0
        self._flushes = False
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
            if self._camera is not None:
                # picamera2 closes cameras when Python ends; that would hang as well, and so would the process's end.
                atexit.unregister(self._camera.close)
            raise CameraError(
                f"{self.name}: its driver does not return: only a new process can open it again"
            ) from error
        except Exception as error:
            # picamera2 raises RuntimeError, IndexError, OSError and libcamera's own; all mean that it failed.
            raise CameraError(f"{self.name}: {reason(error)}") from error

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
        picamera2, libcamera = import_picamera2()
        found = picamera2.Picamera2.global_camera_info()
        number = chosen_camera(found, self._device)
        self._model = str(found[number].get("Model", ""))
        self._camera = picamera2.Picamera2(number)
        try:
            configure(self._camera, libcamera, settings=self._settings, name=self.name)
            self._camera.start()
        except BaseException:
            self._camera.close()
            raise

    def _grab(self, timeout: float) -> Frame:
        request = self._request(timeout)
        try:
            pixels = pixels_of(request, settings=self._settings)
            luma = luma_of(request, settings=self._settings)
            metadata = request.get_metadata()
        finally:
            request.release()
        taken = metadata.get("SensorTimestamp")
        # picamera2 judges a frame's age by both, and would wait for ever for one of another clock.
        self._flushes = self._age(taken) is not None and "ExposureTime" in metadata
        return Frame(
            pixels=pixels,
            captured=self._moment(taken),
            sequence=self._sequence,
            sensor_timestamp_ns=taken,
            exposure_us=metadata.get("ExposureTime"),
            analogue_gain=metadata.get("AnalogueGain"),
            lux=metadata.get("Lux"),
            colour_temperature=metadata.get("ColourTemperature"),
            luma=luma,
        )

    def _request(self, timeout: float) -> Any:
        """The newest finished frame, still picamera2's: to be released."""
        if self._job is not None and finished(self._job):
            # It finished after an earlier capture had given up: by now there may be a newer one.
            self._take_job().get_result(timeout=0).release()
        if self._job is None:
            self._job = self._camera.capture_request(wait=False, flush=self._not_before())
        try:
            request = self._job.get_result(timeout=timeout)
        except TimeoutError as error:
            if finished(self._job):  # a timeout raised by the job itself, not by our waiting
                self._job = None
            raise CameraTimeoutError(f"{self.name}: no frame within {timeout:g} s: check the camera's cable") from error
        except BaseException:
            self._job = None
            raise
        self._job = None
        return request

    def _not_before(self) -> int | None:
        """When the exposure must not have begun earlier, in nanoseconds of the sensor's clock.

        Not now (`flush=True`): every look would then wait for a whole exposure and all that comes after it.
        """
        if not self._flushes:
            return None
        longest = frame_durations(self._settings)[1] / 1e6
        return round((self._clock.monotonic() - _FRESH_FRAMES * longest) * 1e9)

    def _take_job(self) -> Any:
        job, self._job = self._job, None
        return job

    def _moment(self, sensor_timestamp_ns: int | None) -> Moment:
        """When the first row was read out, at the end of its exposure.

        libcamera names CLOCK_BOOTTIME for it; what the kernel's drivers write is CLOCK_MONOTONIC. The two differ by the
        time the machine slept, which a Raspberry Pi does not.
        """
        now, age = self._clock.moment(), self._age(sensor_timestamp_ns)
        if age is None:
            return now
        return replace(now, monotonic=now.monotonic - age, utc=now.utc - timedelta(seconds=age))

    def _age(self, sensor_timestamp_ns: int | None) -> float | None:
        """Seconds since then; None where that cannot be the sensor's time on our clock."""
        if sensor_timestamp_ns is None:
            return None
        age = self._clock.monotonic() - sensor_timestamp_ns / 1e9
        return age if 0 <= age <= _BELIEVABLE_AGE_SECONDS else None

    def _stop(self) -> None:
        # A capture whose frame never comes (a cable that came loose) is waited for by nobody any more. And not stop():
        # it takes its turn behind such captures, in an event loop that may be dead; close() ends that loop first.
        self._camera.cancel_all_and_flush()
        self._camera.close()

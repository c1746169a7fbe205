"""Cameras through OpenCV: USB cameras, network streams and video files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from insect_edge.adapters import opencv_log
from insect_edge.adapters.newest_frame import NewestFrame
from insect_edge.domain import Frame
from insect_edge.errors import CameraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.domain import Moment
    from insect_edge.protocols import Clock

Rotation = Literal[0, 90, 180, 270]

OPEN_SECONDS = 10.0
_STREAM_OPEN_MS, _STREAM_READ_MS = 8_000, 4_000
"""Below OPEN_SECONDS and the time `close` may take, so that the thread comes back from FFmpeg by itself."""
_TRIES = 10
"""Broken frames in a row after which a camera has failed: cheap USB cameras begin with a few."""
_ROTATIONS: dict[int, int] = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)

# What goes wrong is told once, by our own errors; OpenCV and FFmpeg would print their own lines beside them.
opencv_log.silence()
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


class OpencvCamera:
    """`protocols.Camera` over what OpenCV can open.

    A camera or stream is read by a thread of its own, so that each capture gets the newest frame and a driver that
    hangs holds up nobody. A video file plays in its own time on the given clock: a capture gets the frame that is
    due, and those before it are skipped.

    Args:
        source: a number or a device file (a USB camera), an address (`rtsp://…`, `http://…`) or a video file.
        clock: the time.
        width: asked of a USB camera, in pixels; it may give the nearest size it has.
        height: the same.
        rotation: degrees clockwise by which frames are turned.
        loop: begin a video file again after its end.
    """

    def __init__(  # keywords, one for each key of the configuration
        self,
        source: int | str,
        *,
        clock: Clock,
        width: int = 1280,
        height: int = 720,
        rotation: Rotation = 0,
        loop: bool = False,
    ) -> None:
        self._source = _device_file(source)
        self._clock = clock
        self._size = (width, height)
        self._rotation = rotation
        self._loop = loop
        self._stream: NewestFrame | None = None
        self._video: _VideoFile | None = None
        self._hung: CameraError | None = None
        self._sequence = 0

    @property
    def name(self) -> str:
        """`opencv:` and the source, without any password."""
        return f"opencv:{_without_secrets(self._source)}"

    @property
    def live(self) -> bool:
        """False for a video file."""
        return self._is_address() or self._is_device()

    def open(self) -> None:
        """Connect.

        Raises:
            CameraError: when there is nothing there, it may not be used, or it does not answer.
        """
        if self._hung is not None:
            raise self._hung
        self.close()
        self._sequence = 0
        if not self.live:
            self._video = _VideoFile(self._source, clock=self._clock, loop=self._loop, name=self.name)
            return
        self._stream = NewestFrame(self._connect, clock=self._clock, name=self.name)
        self._stream.start(timeout=OPEN_SECONDS)

    def capture(self, *, timeout: float) -> Frame | None:
        """The newest frame; None at the end of a video file.

        Raises:
            CameraTimeoutError: when none came within `timeout` seconds.
            CameraError: when not open, or the source failed.
        """
        if self._video is not None:
            shown = self._video.due()
            return None if shown is None else self._frame(shown[0], self._clock.moment(), position_ns=shown[1])
        if self._stream is None:
            raise CameraError(f"{self.name} is not open: call open() first")
        pixels, captured, number = self._stream.next(timeout=timeout)
        self._sequence = number
        return self._frame(pixels, captured, position_ns=None)

    def close(self) -> None:
        """Let the source go.

        Raises:
            CameraError: when the driver does not come back; opening again is refused from then on.
        """
        video, self._video = self._video, None
        stream, self._stream = self._stream, None
        if video is not None:
            video.release()
        if stream is not None:
            try:
                stream.stop()
            except CameraError as error:
                self._hung = error
                raise

    def _frame(self, pixels: NDArray[np.uint8], captured: Moment, *, position_ns: int | None) -> Frame:
        turned = cv2.rotate(pixels, _ROTATIONS[self._rotation]) if self._rotation else pixels
        frame = Frame(
            pixels=turned.astype(np.uint8, copy=False),
            captured=captured,
            sequence=self._sequence,
            sensor_timestamp_ns=position_ns,
        )
        self._sequence += 1
        return frame

    def _is_address(self) -> bool:
        return _ADDRESS.match(self._source) is not None

    def _is_device(self) -> bool:
        return self._source.startswith("/dev/")

    def _connect(self) -> _Live:
        """Open the camera or stream; on the capture thread.

        Raises:
            CameraError: when that fails.
        """
        if self._is_address():
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _STREAM_OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _STREAM_READ_MS]
            capture = cv2.VideoCapture(self._source, cv2.CAP_FFMPEG, limits)
            remedy = "check the address, the network and the password"
        else:
            self._refuse_unusable_device()
            width, height = self._size
            # Motion JPEG: raw pictures of this size exceed what USB 2 carries at more than a few frames a second.
            wishes = [cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")]
            wishes += [cv2.CAP_PROP_FRAME_WIDTH, width, cv2.CAP_PROP_FRAME_HEIGHT, height]
            capture = cv2.VideoCapture(self._source, cv2.CAP_V4L2, wishes)
            remedy = "check that it is a camera and that no other program uses it"
        if not capture.isOpened():
            capture.release()
            raise CameraError(f"{self.name}: cannot be opened: {remedy}")
        return _Live(capture)

    def _refuse_unusable_device(self) -> None:
        path = Path(self._source)
        if not path.exists():
            raise CameraError(f"{self.name}: no such camera: plug it in, or see which there are with ls /dev/video*")
        if not os.access(path, os.R_OK | os.W_OK):
            raise CameraError(f"{self.name}: may not be used: add the user to the group video and log in again")


class _Live:
    """`newest_frame.Source` over a capture object of OpenCV."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture

    def grab(self) -> bool:
        return any(self._capture.grab() for _ in range(_TRIES))

    def retrieve(self) -> NDArray[np.uint8] | None:
        good, pixels = self._capture.retrieve()
        return pixels.astype(np.uint8, copy=False) if good else None

    def release(self) -> None:
        self._capture.release()


class _VideoFile:
    """A video file that plays on a clock.

    Raises:
        CameraError: when it cannot be opened.
    """

    def __init__(self, path: str, *, clock: Clock, loop: bool, name: str) -> None:
        if not Path(path).is_file():
            raise CameraError(f"{name}: no such file: correct the path of the video")
        self._capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise CameraError(f"{name}: is no video that can be read: convert it to MP4 (H.264)")
        self._clock = clock
        self._loop = loop
        self._rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._read = 0
        self._began: float | None = None

    def due(self) -> tuple[NDArray[np.uint8], int | None] | None:
        """The frame that is due and its position in nanoseconds (None where the file tells no rate); None at the end.

        Never the same frame twice: asked sooner than the next is due, that one comes early.
        """
        frame = self._advance()
        if frame is None and self._loop and self._read > 0:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            self._read, self._began = 0, None
            frame = self._advance()
        return frame

    def release(self) -> None:
        """Close the file."""
        self._capture.release()

    def _advance(self) -> tuple[NDArray[np.uint8], int | None] | None:
        now = self._clock.monotonic()
        if self._began is None:
            self._began = now
        timed = self._rate > 0
        wanted = int((now - self._began) * self._rate + 1e-6) if timed else self._read
        for _ in range(wanted - self._read):
            if not self._capture.grab():
                return None
            self._read += 1
        good, pixels = self._capture.read()
        if not good:
            return None
        self._read += 1
        position = round((self._read - 1) / self._rate * 1e9) if timed else None
        return pixels.astype(np.uint8, copy=False), position


def _device_file(source: int | str) -> str:
    """The device file of a camera number, as Linux numbers them; anything else as it is."""
    text = str(source)
    return f"/dev/video{text}" if text.isdecimal() else text


def _without_secrets(source: str) -> str:
    """An address without login and query: a password may have any character, so that the last @ counts."""
    scheme, found, rest = source.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}" if found else source

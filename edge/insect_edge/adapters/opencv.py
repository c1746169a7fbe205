"""Cameras through OpenCV: USB cameras, network streams and video files."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from insect_edge.adapters import opencv_log
from insect_edge.adapters.newest_frame import NewestFrame
from insect_edge.adapters.video_file import VideoFile
from insect_edge.domain import Frame
from insect_edge.errors import CameraError
from insect_edge.video_source import device_called, kind_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.domain import Moment
    from insect_edge.protocols import Clock

Rotation = Literal[0, 90, 180, 270]

OPEN_SECONDS = 10.0
_STREAM_OPEN_MS, _STREAM_READ_MS = 8_000, 4_000
"""Below OPEN_SECONDS and the time `close` may take, so that the thread comes back from FFmpeg by itself."""
_STREAM_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_TRIES = 10
"""Broken frames in a row after which a camera has failed: cheap USB cameras begin with a few."""
_ROTATIONS: dict[int, int] = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
_FORMATS = {"mjpeg": "MJPG", "yuyv": "YUYV"}
_KNOWN_DEVICES = Path("/sys/class/video4linux")

_log = logging.getLogger(__name__)

# What goes wrong is told once, by our own errors; OpenCV and FFmpeg would print their own lines beside them.
opencv_log.silence()
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpencvSettings:
    """How a source is to be read.

    Attributes:
        width: asked of a USB camera, in pixels; it may give the nearest size it has.
        height: the same.
        rotation: degrees clockwise by which frames are turned.
        format: asked of a USB camera. Raw pictures (yuyv) of more than 640x480 exceed what USB 2 carries at more than a
            few frames a second.
        transport: by which an RTSP camera sends.
        loop: begin a video file again after its end.
        every_frame: of a video file, instead of those that are due.
    """

    width: int = 1280
    height: int = 720
    rotation: Rotation = 0
    format: Literal["mjpeg", "yuyv"] = "mjpeg"
    transport: Literal["tcp", "udp"] = "tcp"
    loop: bool = False
    every_frame: bool = False


class OpencvCamera:
    """`protocols.Camera` over what OpenCV can open.

    A camera or stream is read by a thread of its own, so that each capture gets the newest frame and a driver that
    hangs holds up nobody. A video file plays in its own time on the given clock: a capture gets the frame that is
    due, and those before it are skipped. A stream that breaks off is an error, and `open` connects again.

    Args:
        source: a number, a device file or a name (a USB camera), an address (`rtsp://…`, `http://…`) or a video file.
        clock: the time.
        settings: how the source is to be read.
    """

    def __init__(self, source: int | str, *, clock: Clock, settings: OpencvSettings | None = None) -> None:
        self._source = str(source)
        self._kind = kind_of(source)
        self._clock = clock
        self._settings = settings or OpencvSettings()
        self._stream: NewestFrame | None = None
        self._video: VideoFile | None = None
        self._hung: CameraError | None = None
        self._sequence = 0

    @property
    def name(self) -> str:
        """`opencv:` and the source, without any password."""
        shown = f"/dev/video{self._source}" if self._source.isdecimal() else self._source
        return f"opencv:{_without_secrets(shown)}"

    @property
    def live(self) -> bool:
        """False for a video file."""
        return self._kind != "file"

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
            self._video = VideoFile(
                self._source,
                clock=self._clock,
                loop=self._settings.loop,
                every_frame=self._settings.every_frame,
                name=self.name,
            )
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
        rotation = self._settings.rotation
        turned = cv2.rotate(pixels, _ROTATIONS[rotation]) if rotation else pixels
        frame = Frame(
            pixels=turned.astype(np.uint8, copy=False),
            captured=captured,
            sequence=self._sequence,
            sensor_timestamp_ns=position_ns,
        )
        self._sequence += 1
        return frame

    def _connect(self) -> _Live:
        """Open the camera or stream; on the capture thread.

        Raises:
            CameraError: when that fails.
        """
        if self._kind == "address":
            capture = self._connect_stream()
            remedy = "check the address, the network and the password"
        else:
            capture = self._connect_device()
            remedy = "check that it is a camera and that no other program uses it"
        if not capture.isOpened():
            capture.release()
            raise CameraError(f"{self.name}: cannot be opened: {remedy}")
        _log.info("%s delivers %s", self.name, _delivered(capture))
        # FFmpeg skips broken frames by itself; once it gives up, it would wait for its whole timeout again.
        return _Live(capture, tries=1 if self._kind == "address" else _TRIES)

    def _connect_stream(self) -> cv2.VideoCapture:
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _STREAM_OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _STREAM_READ_MS]
        # One thread: with more, FFmpeg decodes frames side by side and hands each out as many frames later.
        limits += [cv2.CAP_PROP_N_THREADS, 1]
        # OpenCV takes these from the environment alone, for whatever it opens next.
        os.environ[_STREAM_OPTIONS] = f"rtsp_transport;{self._settings.transport}|fflags;nobuffer|flags;low_delay"
        try:
            return cv2.VideoCapture(self._source, cv2.CAP_FFMPEG, limits)
        finally:
            del os.environ[_STREAM_OPTIONS]

    def _connect_device(self) -> cv2.VideoCapture:
        path = self._device_file()
        if not path.exists():
            raise CameraError(f"{self.name}: no such camera: plug it in, or see which there are with ls /dev/video*")
        if not os.access(path, os.R_OK | os.W_OK):
            raise CameraError(
                f"{self.name}: may not be used: add the user to the group video, then log in again or restart it"
            )
        settings = self._settings
        wishes = [cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*_FORMATS[settings.format])]
        wishes += [cv2.CAP_PROP_FRAME_WIDTH, settings.width, cv2.CAP_PROP_FRAME_HEIGHT, settings.height]
        return cv2.VideoCapture(str(path), cv2.CAP_V4L2, wishes)

    def _device_file(self) -> Path:
        if self._kind == "name":
            return Path(device_called(self._source, found=_cameras()))
        return Path(f"/dev/video{self._source}" if self._source.isdecimal() else self._source)


class _Live:
    """`newest_frame.Source` over a capture object of OpenCV."""

    def __init__(self, capture: cv2.VideoCapture, *, tries: int) -> None:
        self._capture = capture
        self._tries = tries

    def grab(self) -> bool:
        return any(self._capture.grab() for _ in range(self._tries))

    def retrieve(self) -> NDArray[np.uint8] | None:
        good, pixels = self._capture.retrieve()
        return pixels.astype(np.uint8, copy=False) if good else None

    def release(self) -> None:
        self._capture.release()


def _cameras() -> list[tuple[str, str]]:
    """Name and device file of every camera; not of the second device files by which some tell data about frames."""
    found = []
    for folder in sorted(_KNOWN_DEVICES.glob("video*"), key=lambda folder: (len(folder.name), folder.name)):
        try:
            name, place = ((folder / part).read_text(encoding="utf-8", errors="replace") for part in ("name", "index"))
        except OSError:  # unplugged meanwhile
            continue
        if place.strip() == "0":
            found.append((name.strip(), f"/dev/{folder.name}"))
    return found


def _delivered(capture: cv2.VideoCapture) -> str:
    """Size and format, for the log."""
    width, height, code = (
        int(capture.get(wanted))
        for wanted in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FOURCC)
    )
    letters = bytes(code >> shift & 0x7F for shift in (0, 8, 16, 24)).decode("ascii")
    return f"{width}x{height} {letters.strip()}" if letters.isprintable() else f"{width}x{height}"


def _without_secrets(source: str) -> str:
    """An address without login and query: a password may have any character, so that the last @ counts."""
    scheme, found, rest = source.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}" if found else source

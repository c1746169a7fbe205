"""A video file that plays on a clock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.errors import CameraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.protocols import Clock

_SLACK_SECONDS = 1e-3
"""Positions are rounded to the file's own units, often milliseconds."""


class VideoFile:
    """Gives the frames that are due by the times written in the file, or every one.

    Args:
        path: of the file.
        clock: it plays on.
        loop: begin again after the end.
        every_frame: give one frame after the other, however fast they are asked for.
        name: of the camera, for errors.

    Raises:
        CameraError: when it cannot be opened.
    """

    def __init__(self, path: str, *, clock: Clock, loop: bool, every_frame: bool, name: str) -> None:
        if not Path(path).is_file():
            raise CameraError(f"{name}: no such file: correct the path of the video")
        self._capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise CameraError(f"{name}: is no video that can be read: convert it to MP4 (H.264)")
        self._clock = clock
        self._loop = loop
        self._every_frame = every_frame
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._usual = 1 / rate if rate > 0 else 0.0
        self._read = 0
        self._began: float | None = None

    def due(self) -> tuple[NDArray[np.uint8], int] | None:
        """The frame that is due and its position in nanoseconds; None at the end.

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

    def _advance(self) -> tuple[NDArray[np.uint8], int] | None:
        now = self._clock.monotonic()
        if self._began is None:
            self._began = now
        # A frame is shown until the next one; how long that is stands in the next one, so the usual time is taken.
        outdated = now - self._began - self._usual
        while self._capture.grab():
            position = self._position()
            self._read += 1
            if self._every_frame or position > outdated + _SLACK_SECONDS:
                good, pixels = self._capture.retrieve()
                return (pixels.astype(np.uint8, copy=False), round(position * 1e9)) if good else None
        return None

    def _position(self) -> float:
        """Seconds from the beginning at which the newest frame is to be shown."""
        told = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
        return told if told > 0 else self._read * self._usual

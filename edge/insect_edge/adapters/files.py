"""A camera that shows pictures from files: for trying things out, for re-playing a season, for tests."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from insect_edge.adapters.pictures import read_picture
from insect_edge.domain import Frame
from insect_edge.errors import CameraError, ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from insect_edge.protocols import Clock

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff"})

_log = logging.getLogger(__name__)


class FileCamera:
    """`protocols.Camera` over pictures in files; each capture decodes the next one.

    A picture that cannot be read is skipped with one warning, however often its turn comes. A folder is listed
    afresh on every round, so pictures may be added while it loops.

    Args:
        paths: pictures, and folders whose pictures are shown in the order of their names (not their sub-folders').
        clock: stamps the frames with the time they were read.
        loop: begin again after the last picture instead of ending.
    """

    live = False

    def __init__(self, paths: Sequence[Path | str], *, clock: Clock, loop: bool) -> None:
        self._paths = tuple(Path(path) for path in paths)
        self._clock = clock
        self._loop = loop
        self._pictures: Iterator[NDArray[np.uint8]] | None = None
        self._sequence = 0
        self._warned: set[Path] = set()

    @property
    def name(self) -> str:
        """`files:` and where the pictures are."""
        first = str(self._paths[0]) if self._paths else ""
        return f"files:{first}" + (f" and {len(self._paths) - 1} more" if len(self._paths) > 1 else "")

    def open(self) -> None:
        """Begin with the first picture.

        Raises:
            CameraError: when a path does not exist or there is no picture at all.
        """
        if not self._listing():
            suffixes = " ".join(sorted(PICTURE_SUFFIXES))
            raise CameraError(f"{self.name}: no picture there: put some in, with a name that ends in {suffixes}")
        self._sequence = 0
        self._pictures = self._read_all()

    def capture(self, *, timeout: float) -> Frame | None:  # noqa: ARG002 # reading a file has no deadline
        """The next picture; None after the last one, unless looping.

        Raises:
            CameraError: when not open, or when not one picture of a whole round could be read.
        """
        if self._pictures is None:
            raise CameraError(f"{self.name} is not open: call open() first")
        try:
            pixels = next(self._pictures, None)
        except CameraError:
            self._pictures = self._read_all()  # a generator that raised is spent; the disk may come back
            raise
        if pixels is None:
            return None
        frame = Frame(pixels=pixels, captured=self._clock.moment(), sequence=self._sequence)
        self._sequence += 1
        return frame

    def close(self) -> None:
        """Forget the position; `open` begins again with the first picture."""
        self._pictures = None

    def _listing(self) -> list[Path]:
        """Every picture, in order.

        Raises:
            CameraError: when a path does not exist or a folder cannot be listed.
        """
        pictures: list[Path] = []
        for path in self._paths:
            if not path.exists():
                raise CameraError(f"{path}: no such file or folder: correct the camera's paths")
            pictures += self._in_folder(path) if path.is_dir() else [path]
        return pictures

    def _in_folder(self, folder: Path) -> list[Path]:
        try:
            return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)
        except OSError as error:
            raise CameraError(f"{folder}: cannot be listed ({error.strerror}): check its permissions") from error

    def _read_all(self) -> Iterator[NDArray[np.uint8]]:
        while True:
            readable = False
            for path in self._listing():
                pixels = self._read(path)
                if pixels is not None:
                    readable = True
                    yield pixels
            if not readable:
                raise CameraError(f"{self.name}: not one of its pictures can be read: see the warnings above")
            if not self._loop:
                return

    def _read(self, path: Path) -> NDArray[np.uint8] | None:
        try:
            return read_picture(path)
        except ImageError as error:
            if path not in self._warned:
                self._warned.add(path)
                _log.warning("skipped: %s", error)
            return None

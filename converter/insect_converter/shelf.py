"""Where decoded pictures are kept for a whole training: in memory as far as there is room, beyond that on the disk."""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from insect_converter.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARE = 0.25
"""Of the machine's memory that pictures may fill; TensorFlow wants some, and so does whoever works on the machine."""
CHUNK = 256 * 2**20
"""Bytes of each file on the disk."""
_LARGE_TEMPORARY = Path("/var/tmp")  # noqa: S108 - on the disk, where /tmp is memory on many a system


class Shelf:
    """Keeps pictures as they are put there.

    What no longer fits into memory lies in files without a name, which are gone with the process; the kernel holds as
    much of them in memory as nobody else needs, so that pictures are decoded once, however many there are.

    Attributes:
        on_disk: bytes of the pictures that lie on the disk.
    """

    def __init__(self, *, room: int | None = None, chunk: int = CHUNK) -> None:
        """Nothing is kept yet.

        Args:
            room: bytes of memory; None for a quarter of the machine's.
            chunk: bytes of each file; a larger picture has one of its own.
        """
        self.on_disk = 0
        self._room = int(SHARE * _memory()) if room is None else room
        self._chunk = chunk
        self._open: mmap.mmap | None = None
        self._used = 0

    def keep(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A picture, from now on as it is kept; the same values.

        Raises:
            DatasetError: when there is no room on the disk either.
        """
        if pixels.nbytes <= self._room:
            self._room -= pixels.nbytes
            return pixels
        # From here on all go to the disk: a small one now and then in memory would help nobody.
        self._room = 0
        place = self._place(pixels.nbytes)
        kept = np.frombuffer(place[0], dtype=np.uint8, count=pixels.size, offset=place[1]).reshape(pixels.shape)
        kept[...] = pixels
        self.on_disk += pixels.nbytes
        return kept

    def _place(self, size: int) -> tuple[mmap.mmap, int]:
        """Room for so many bytes: in which file, and where in it."""
        if self._open is None or self._used + size > len(self._open):
            self._open, self._used = self._grown(max(self._chunk, -(-size // mmap.PAGESIZE) * mmap.PAGESIZE)), 0
        offset, self._used = self._used, self._used + size
        return self._open, offset

    @staticmethod
    def _grown(size: int) -> mmap.mmap:
        """A file more, which nobody but its mapping knows."""
        try:
            with tempfile.TemporaryFile(dir=_folder()) as file:
                if hasattr(os, "posix_fallocate"):
                    # Not a sparse file: a full disk must be told here, and not by a signal when a pixel is written.
                    os.posix_fallocate(file.fileno(), 0, size)
                else:
                    file.truncate(size)
                return mmap.mmap(file.fileno(), size)
        except OSError as error:
            raise DatasetError(
                f"{_folder() or tempfile.gettempdir()}: no room for the decoded photographs ({error.strerror}): make "
                "some, name another folder with TMPDIR, or lower shorter_side in the recipe"
            ) from error


def _folder() -> str | None:
    """Where the files lie; None for Python's own choice."""
    if os.environ.get("TMPDIR"):
        return None
    return str(_LARGE_TEMPORARY) if os.access(_LARGE_TEMPORARY, os.W_OK) else None


def _memory() -> int:
    """Bytes that the machine has; as for a small one where it does not say."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 4 * 2**30

"""A file that holds room: given up when the disk is full, so that alerts can still be stored."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RESERVE_BYTES = 384 * 1024
"""Some 150 alerts, with the copies SQLite's log keeps of what it changes."""


class Reserve:
    """Owned by the outbox.

    Attributes:
        missing: whether it was given up, or there is no room for it.
    """

    def __init__(self, path: Path, *, size_bytes: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size_bytes = size_bytes
        self.missing = False

    def make(self) -> bool:
        """Make it if there is room for it and as much again; returns whether it is there, or never can be here."""
        try:
            if not self._held():
                if free_bytes(self._path.parent) < 2 * self._size_bytes:
                    self.release()
                    return False
                self._allocate()
        except OSError as error:
            self.release()
            # A quota does not show in the free room; a file system may have no files of this kind.
            self.missing = error.errno in {errno.ENOSPC, errno.EDQUOT}
            return not self.missing
        self.missing = False
        return True

    def release(self) -> None:
        """Give the room back."""
        self.missing = True
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _held(self) -> bool:
        """Whether it is there, with blocks of the disk behind all of it."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return False
        return status.st_size >= self._size_bytes and status.st_blocks * 512 >= self._size_bytes

    def _allocate(self) -> None:
        with self._path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, self._size_bytes)
            if os.fstat(file.fileno()).st_blocks * 512 < self._size_bytes:
                # Where a promise is no allocation; what cannot be compressed needs its room.
                file.write(os.urandom(self._size_bytes))
            file.flush()
            os.fsync(file.fileno())


def free_bytes(folder: Path) -> float:
    """Room on the disk for this user; infinite where the file system does not tell."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return float("inf")
    return status.f_bavail * status.f_frsize if status.f_blocks else float("inf")

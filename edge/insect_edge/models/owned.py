"""Files in a folder whose owner may be less trusted than this process.

Root installs bundles into a folder of the service's user, who could plant a link wherever root is about to write. So no
link is ever followed, no file is written that was there before, and what is handed over is an open file, not a path.
"""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from insect_edge.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

_READABLE = 0o644
_RETRY_SECONDS = 0.05


def hand_over(descriptor: int, *, like: Path) -> None:
    """What root makes belongs to the owner of the folder `like`, the service, which has to write it too."""
    if os.geteuid() == 0:
        owner = like.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def make_folder(folder: Path) -> None:
    """Make the folder if it is not there, of its parent's owner."""
    if folder.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = open_folder(folder)
    try:
        hand_over(descriptor, like=folder.parent)
    finally:
        os.close(descriptor)


def open_folder(folder: Path) -> int:
    """A descriptor of the folder itself, never of one that a link leads to."""
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def open_lock(path: Path) -> int:
    """A descriptor of the file to lock, made if it is not there.

    Raises:
        StateError: when a link is there.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, _READABLE)
    except FileExistsError:
        return _open_there(path)
    # Only a file just made is handed over: one that was there may be another name of somebody else's.
    hand_over(descriptor, like=path.parent)
    return descriptor


def _open_there(path: Path) -> int:
    try:
        # Not blocking: a pipe would wait for its other end for ever.
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise StateError(
                f"{path}: is a link, which insect-edge never makes: find out who did, delete it"
            ) from error
        raise


def take_lock(descriptor: int, *, folder: Path, patience: float | None) -> None:
    """Lock the open file.

    Args:
        descriptor: of the file.
        folder: that it stands for.
        patience: seconds to wait for others; None for as long as it takes.

    Raises:
        StateError: when others kept it for longer.
    """
    if patience is None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return
    for left in range(round(patience / _RETRY_SECONDS), -1, -1):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if left == 0:
                raise StateError(f"{folder}: another process has kept it locked for {patience:g} s") from error
            time.sleep(_RETRY_SECONDS)
        else:
            return


def fill(folder: Path, files: Mapping[str, bytes], *, like: Path) -> None:
    """Write files into a new folder, and see them onto the disk."""
    descriptor = open_folder(folder)
    try:
        for name, content in files.items():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(name, flags, _READABLE, dir_fd=descriptor), "wb") as file:
                hand_over(file.fileno(), like=like)
                _write_synced(file, content)
        os.fchmod(descriptor, 0o755)
        hand_over(descriptor, like=like)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_in_place(path: Path, content: bytes, *, prefix: str) -> None:
    """Write a file that is there with its old content or its new one, whatever happens.

    Args:
        path: of the file.
        content: the new one.
        prefix: of the new file's name as long as it is not whole.
    """
    descriptor, name = tempfile.mkstemp(prefix=prefix, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            hand_over(descriptor, like=path.parent)
            os.fchmod(descriptor, _READABLE)
            _write_synced(file, content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """See renames and new files in `folder` onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_synced(file: IO[bytes], content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())

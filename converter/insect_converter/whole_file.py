"""Write a file so that it is there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from insect_converter.errors import TrainingError


def check_place(path: Path, *, replace: bool) -> None:
    """Make sure that a file could be written: before minutes of work, not only after them.

    Args:
        path: of the file; its folder is made.
        replace: whether a file that is there may go.

    Raises:
        TrainingError: when there is something at that place, or the folder takes no files.
    """
    if path.is_dir() or (os.path.lexists(path) and not replace):
        raise TrainingError(f"{path}: there is something already: name another file, or say --force to replace a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise _unwritable(path, error) from error


def write(path: Path, content: bytes, *, replace: bool) -> None:
    """Write beside, then put in place.

    Args:
        path: of the file.
        content: all of it.
        replace: whether a file that is there may go.

    Raises:
        TrainingError: when there is something at that place by now, or the disk refuses.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        # mkstemp makes files for the owner alone; this one is for whoever may read the folder.
        temporary.chmod(0o644)
        _put_in_place(temporary, path, replace=replace)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _put_in_place(temporary: Path, path: Path, *, replace: bool) -> None:
    if replace:
        temporary.replace(path)
        return
    try:
        # A link, unlike a rename, refuses a name that was taken meanwhile.
        path.hardlink_to(temporary)
    except FileExistsError:
        raise TrainingError(f"{path}: there is something already: name another file") from None


def _unwritable(path: Path, error: OSError) -> TrainingError:
    return TrainingError(f"{path}: cannot be written ({error.strerror or error}): make room or name another place")

"""Write the folder of a prepared dataset so that it is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from insect_converter.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(folder: Path) -> None:
    """Make sure that the folder could be written before an hour of reading.

    Args:
        folder: to be written; its parent is made.

    Raises:
        DatasetError: when there is something at that place, or the parent takes no files.
    """
    if os.path.lexists(folder):
        raise DatasetError(f"{folder}: there is something already: nothing is overwritten, name a new folder")
    with _told(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent).cleanup()


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A folder to write into, which takes its name when all is written; nothing is left where that fails.

    Raises:
        DatasetError: for whatever the disk refuses.
    """
    with _told(folder), tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        whole = Path(scratch) / folder.name
        whole.mkdir()
        yield whole
        # A folder with anything in it that was made meanwhile makes this fail.
        whole.rename(folder)


def write_list(path: Path, lines: list[str]) -> None:
    """Put a text file in place of the one before, whole or not at all.

    Raises:
        DatasetError: for whatever the disk refuses.
    """
    with _told(path):
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_bytes(os.fsencode("".join(f"{line}\n" for line in lines)))
        temporary.replace(path)


@contextlib.contextmanager
def _told(place: Path) -> Iterator[None]:
    """Turn what the disk says into one line."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise DatasetError(f"{place}: cannot be written ({reason}): make room or name another place") from error

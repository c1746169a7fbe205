"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """An open file that takes its place, also that of an earlier one, when the block ends well.

    Raises:
        OSError: when the disk refuses.
    """
    # A folder of its own rather than a temporary file, which would be readable for its owner alone.
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as scratch:
        written = Path(scratch) / path.name
        with written.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        written.replace(path)

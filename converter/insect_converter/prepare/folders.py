"""Write the divided photographs as folders: `training/`, `testing/`, `validation/` with a folder a class in each."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from insect_converter.errors import DatasetError
from insect_converter.parts import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from insect_converter.manifest import Entry

FOLDERS = {Part.TRAIN: "training", Part.TEST: "testing", Part.VALIDATION: "validation"}


def places(entries: Sequence[Entry]) -> list[PurePosixPath]:
    """Where each photograph goes, below the folder that is written; no two to the same place.

    Raises:
        DatasetError: when a label cannot be the name of a folder.
    """
    for label in {entry.label for entry in entries}:
        if "/" in label or label in {".", ".."}:
            raise DatasetError(
                f"label {label}: cannot be the name of a folder: rename the class, or leave --materialize out"
            )
    wanted = [PurePosixPath(FOLDERS[entry.split or Part.TRAIN], entry.label, entry.path.name) for entry in entries]
    # Some disks take `A.jpg` and `a.jpg` for one.
    uses = Counter(str(place).casefold() for place in wanted)
    return [
        place if uses[str(place).casefold()] == 1 else place.with_stem(f"{place.stem}-{entry.sha256[:12]}")
        for place, entry in zip(wanted, entries, strict=True)
    ]


def write(folder: Path, sources: Mapping[PurePosixPath, Path], *, on_each: Callable[[], object] = lambda: None) -> int:
    """Link every photograph to its place; copy it where the file system does not let it be linked.

    Args:
        folder: to write below.
        sources: the photographs by their places below it.
        on_each: called after each, for a progress bar.

    Returns:
        How many had to be copied.
    """
    copied = 0
    for place in sorted({place.parent for place in sources}):
        (folder / place).mkdir(parents=True)
    for place, source in sources.items():
        copied += not _linked(source, folder / place)
        on_each()
    return copied


def _linked(source: Path, place: Path) -> bool:
    """Make a hard link, or a copy where that is refused: another file system, one without links, others' files."""
    whole = source.resolve()
    try:
        os.link(whole, place)
    except OSError:
        shutil.copyfile(whole, place)
        return False
    return True

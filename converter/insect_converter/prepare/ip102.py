"""Read IP102 v1.1 as it is published: `images/`, `train.txt`, `val.txt`, `test.txt` and a file of class names.

Source: Wu et al., "IP102: A Large-Scale Benchmark Dataset for Insect Pest Recognition", CVPR 2019. The lists count
classes from 0, the names file counts them from 1. Here a class goes by its number in the names file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from insect_converter.dataset import Photograph
from insect_converter.errors import DatasetError
from insect_converter.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LISTS = {"train.txt": Part.TRAIN, "val.txt": Part.VALIDATION, "test.txt": Part.TEST}
NAMES_FILE = "classes.txt"
IMAGES_FOLDER = "images"
_NAME_LINE = re.compile(r"(\d+)\s+(\S.*)")


def find(folder: Path) -> Path | None:
    """The folder with the three lists: the given one, or the only one in it that has them; None where there is none."""
    if not folder.is_dir():
        return None
    places = [place for place in (folder, *sorted(folder.iterdir())) if all((place / name).is_file() for name in LISTS)]
    return places[0] if places and (places[0] == folder or len(places) == 1) else None


def find_names(folder: Path, given: Path | None) -> Path:
    """The file of class names: the given one, or `classes.txt` in the folder of the lists or the one above it.

    Raises:
        DatasetError: when there is none.
    """
    places = [given] if given else [folder / NAMES_FILE, folder.resolve().parent / NAMES_FILE]
    for place in places:
        if place.is_file():
            return place
    raise DatasetError(
        f"{places[0]}: no such file: say with --class-names where the classes are named, one `number name` a line"
    )


def read_names(path: Path) -> dict[int, str]:
    """Class names by their numbers in the file.

    Raises:
        DatasetError: when a line is no number and name, or the numbers are not 1, 2, 3 and so on (or 0, 1, 2).
    """
    names: dict[int, str] = {}
    for number, line in _lines(path):
        match = _NAME_LINE.fullmatch(line)
        if match is None:
            raise DatasetError(f"{path}, line {number}: {line!r} is no number and name: correct the line")
        if int(match[1]) in names:
            raise DatasetError(f"{path}, line {number}: {match[1]} is there twice: correct the line")
        names[int(match[1])] = " ".join(match[2].split())
    first = min(names, default=1)
    numbered = first <= 1 and set(names) == set(range(first, first + len(names)))
    if not names or not numbered or len(set(names.values())) < len(names):
        raise DatasetError(f"{path}: the classes are not numbered 1, 2, 3 and so on with a name each: correct the file")
    return names


def read(folder: Path, names: dict[int, str]) -> list[tuple[str, Photograph]]:
    """Photographs with their class names, in the parts that the lists give; nothing is looked up on the disk.

    Args:
        folder: with the three lists and `images/`.
        names: as `read_names` returns them.

    Raises:
        DatasetError: when a line is no file and class, or its class has no name.
    """
    images, first = folder / IMAGES_FOLDER, min(names)
    found = []
    for list_name, part in LISTS.items():
        for number, line in _lines(folder / list_name):
            file, _, label = line.rpartition(" ")
            index = int(label) if label.isdecimal() else -1
            if not file or index + first not in names:
                raise DatasetError(
                    f"{folder / list_name}, line {number}: {line!r} is no file and class number from 0 to "
                    f"{len(names) - 1}: correct the line"
                )
            name = f"{IMAGES_FOLDER}/{file.strip()}"
            found.append((names[index + first], Photograph(path=images / file.strip(), name=name, label=0, split=part)))
    return found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers from 1 and the lines, without those that are empty."""
    try:
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}): bring the file back") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line.strip()

"""Read labelled photographs as they lie about: a folder of class folders, and one of what is no insect."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_converter.errors import DatasetError
from insect_edge.domain import BACKGROUND

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".jp2"})
"""Which files are taken for photographs; what is inside decides how they are decoded."""
MINIMUM_PER_CLASS = 3
"""One each for training, validation and test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photograph:
    """One labelled picture.

    Attributes:
        path: of the file.
        name: path below the folder it was found in, with `/`: what the written split calls it.
        label: index of its class.
    """

    path: Path
    name: str
    label: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Labelled photographs, not yet decoded.

    Attributes:
        labels: class names by index; the background is last.
        photographs: in the order of their labels, then of their paths.
    """

    labels: tuple[str, ...]
    photographs: tuple[Photograph, ...]

    def counts(self) -> dict[str, int]:
        """Photographs per class name."""
        totals = dict.fromkeys(self.labels, 0)
        for photograph in self.photographs:
            totals[self.labels[photograph.label]] += 1
        return totals


def read_class_folders(folder: Path, *, background: Path | None = None) -> Dataset:
    """A folder that holds one folder a class.

    Args:
        folder: its subfolders' names are the labels.
        background: a folder of pictures (also in subfolders) of anything but insects, which become the label
            `background`.

    Raises:
        DatasetError: when there is no such folder, there are fewer than two classes, or a name cannot be a label.
    """
    sources = [(_label(entry), entry) for entry in sorted(_existing(folder).iterdir()) if _is_class(entry)]
    backgrounds = [entry for label, entry in sources if label == BACKGROUND]
    backgrounds += [background] if background is not None else []
    if len(backgrounds) > 1:
        raise DatasetError(
            f"{' and '.join(map(str, backgrounds))} are all background: move the pictures into one folder"
        )
    sources = [(label, entry) for label, entry in sources if label != BACKGROUND]
    sources += [(BACKGROUND, entry) for entry in backgrounds]
    if len(sources) < 2:  # noqa: PLR2004 - telling apart takes two
        raise DatasetError(f"{folder}: {_amount(len(sources))} in it: put the photographs of each class in a folder")
    photographs = [
        Photograph(path=path, name=_readable(f"{label}/{path.relative_to(source).as_posix()}"), label=index)
        for index, (label, source) in enumerate(sources)
        for path in _pictures(_existing(source))
    ]
    return Dataset(labels=tuple(label for label, _ in sources), photographs=tuple(photographs))


def without(dataset: Dataset, unreadable: dict[Path, str]) -> Dataset:
    """The dataset less the photographs that cannot be read.

    Raises:
        DatasetError: when a class has fewer than `MINIMUM_PER_CLASS` left.
    """
    kept = tuple(photograph for photograph in dataset.photographs if photograph.path not in unreadable)
    left = Dataset(labels=dataset.labels, photographs=kept)
    for label, count in left.counts().items():
        if count < MINIMUM_PER_CLASS:
            raise DatasetError(
                f"class {label}: {count} readable photographs, at least {MINIMUM_PER_CLASS} are needed: "
                "add photographs or take the folder out"
            )
    return left


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder: name the folder that holds the photographs")
    return folder


def _is_class(entry: Path) -> bool:
    return entry.is_dir() and not _hidden(entry.name)


def _label(folder: Path) -> str:
    name = _readable(folder.name)
    if name != name.strip() or not name.isprintable():
        raise DatasetError(
            f"{name!r}: a label has no space at its ends nor control characters: rename the folder in {folder.parent}"
        )
    return BACKGROUND if name.lower() == BACKGROUND else name


def _readable(name: str) -> str:
    """The name as text, also where an old archive left bytes in it that are no UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _amount(classes: int) -> str:
    return {0: "no class folder", 1: "only one class folder"}[classes]


def _hidden(name: str) -> bool:
    """What file managers, notebooks and archives of other systems leave behind: `.cache`, `__MACOSX`, `._photo.jpg`."""
    return name.startswith((".", "__"))


def _pictures(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return sorted(path for path in found if not any(_hidden(part) for part in path.relative_to(folder).parts))

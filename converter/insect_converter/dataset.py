"""Read labelled photographs as they lie about: class folders, also divided ones, a list, and a folder of no insects."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from insect_converter import manifest
from insect_converter.errors import DatasetError
from insect_edge.domain import BACKGROUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from insect_converter.parts import Part

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
        split: the part it was given to, or None where that is open.
        group: photographs of one group, such as a trap and a night, never come into different parts; None: in none.
        sha256: of the file as it was when a list of it was made, in hex; empty where that is not known.
    """

    path: Path
    name: str
    label: int
    split: Part | None = None
    group: str | None = None
    sha256: str = ""


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


def read(place: Path, *, background: Path | None = None) -> Dataset:
    """Photographs in whichever way they are given.

    Args:
        place: a folder of class folders; one of `train`, `test` and perhaps `val` with class folders in each; a folder
            that `prepare` wrote; or a list, `.csv` or `.parquet`, with columns path and label and, where they are
            known, split and group.
        background: a folder of pictures (also in subfolders) of anything but insects, which become the label
            `background`.

    Raises:
        DatasetError: when nothing usable is there.
    """
    listed = manifest.inside(place)
    if listed is not None:
        return _read_manifest(listed, background=background)
    parts = divided_folders(place)
    if parts:
        return of(read_divided(place, parts), background=background)
    return read_class_folders(place, background=background)


def divided_folders(folder: Path) -> dict[str, Part]:
    """The parts by folder name where a folder holds `train`, `test` and perhaps `val` rather than classes.

    Raises:
        DatasetError: when there is no such folder, or there are both parts and something else in it.
    """
    names = sorted(entry.name for entry in _existing(folder).iterdir() if _is_class(entry))
    parts = {name: manifest.PART_WORDS[name.lower()] for name in names if name.lower() in manifest.PART_WORDS}
    if len(set(parts.values())) < 2:  # noqa: PLR2004 - one alone may be the name of a class
        return {}
    others = [name for name in names if name not in parts]
    if others or len(set(parts.values())) < len(parts):
        raise DatasetError(
            f"{folder}: {', '.join([*parts, *others])} are not one folder each for training, validation and test: "
            "name the folder that holds only those, or only classes"
        )
    return parts


def of(labelled: Iterable[tuple[str, Photograph]], *, background: Path | None = None) -> Dataset:
    """Photographs with their class names, in any order, as a dataset; what labels they carry as numbers is not read.

    Raises:
        DatasetError: when there are fewer than two classes or a name cannot be a label.
    """
    named = [(_checked(name), photograph) for name, photograph in labelled]
    if background is not None:
        if any(name == BACKGROUND for name, _ in named):
            raise DatasetError(f"{background}: the data has a class background already: move the pictures there")
        named += [(BACKGROUND, photograph) for photograph in _photographs(BACKGROUND, background)]
    labels = tuple(sorted({name for name, _ in named}, key=lambda name: (name == BACKGROUND, name)))
    if len(labels) < 2:  # noqa: PLR2004 - telling apart takes two
        what = f"only the photographs of one class, {labels[0]}" if labels else "no photographs"
        raise DatasetError(f"there are {what}: put those of each class in a folder, or give a folder of background")
    numbers = {name: number for number, name in enumerate(labels)}
    photographs = [replace(photograph, label=numbers[name]) for name, photograph in named]
    return Dataset(labels=labels, photographs=tuple(sorted(photographs, key=lambda item: (item.label, item.name))))


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
        photograph
        for index, (label, source) in enumerate(sources)
        for photograph in _photographs(label, source, index=index)
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


def _read_manifest(path: Path, *, background: Path | None) -> Dataset:
    entries = manifest.read(path)
    repeated = [name for name, count in Counter(entry.name for entry in entries).items() if count > 1]
    if repeated:
        raise DatasetError(
            f"{path}: {repeated[0]} is listed twice: take one line out, or have the list cleaned by `prepare`"
        )
    absent = [entry.path for entry in entries if not entry.path.is_file()]
    if absent:
        raise DatasetError(
            f"{path}: {len(absent)} of its {len(entries)} photographs are not there, the first is {absent[0]}: "
            "bring them back, or make the list again"
        )
    return of(((entry.label, from_entry(entry)) for entry in entries), background=background)


def from_entry(entry: manifest.Entry) -> Photograph:
    """A line of a list as a photograph whose label is still to be numbered."""
    return Photograph(
        path=entry.path, name=_readable(entry.name), label=0, split=entry.split, group=entry.group, sha256=entry.sha256
    )


def read_labelled(folder: Path) -> list[tuple[str, Photograph]]:
    """Photographs with their class names from a folder of class folders."""
    return [
        (label, photograph)
        for entry in sorted(_existing(folder).iterdir())
        if _is_class(entry)
        for label in [_label(entry)]
        for photograph in _photographs(label, entry)
    ]


def read_divided(folder: Path, parts: Mapping[str, Part]) -> list[tuple[str, Photograph]]:
    """The same from folders of class folders, one such folder a part."""
    return [
        (label, replace(photograph, name=f"{name}/{photograph.name}", split=part))
        for name, part in sorted(parts.items())
        for label, photograph in read_labelled(folder / name)
    ]


def empty_folders(folder: Path) -> list[str]:
    """Names of the class folders without a picture in them."""
    return sorted(entry.name for entry in _existing(folder).iterdir() if _is_class(entry) and not _pictures(entry))


def passed_over(folder: Path) -> tuple[Path, ...]:
    """Files in class folders that are not called like pictures, less what tools leave behind."""
    found = (path for path in folder.glob("*/**/*") if path.suffix.lower() not in SUFFIXES and path.is_file())
    return tuple(sorted(path for path in found if not any(_hidden(part) for part in path.relative_to(folder).parts)))


def _photographs(label: str, folder: Path, *, index: int = 0) -> list[Photograph]:
    return [
        Photograph(path=path, name=_readable(f"{label}/{path.relative_to(folder).as_posix()}"), label=index)
        for path in _pictures(_existing(folder))
    ]


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder: name the folder that holds the photographs")
    return folder


def _is_class(entry: Path) -> bool:
    return entry.is_dir() and not _hidden(entry.name)


def _label(folder: Path) -> str:
    return _checked(_readable(folder.name), place=f"rename the folder in {folder.parent}")


def _checked(name: str, *, place: str = "correct the list") -> str:
    if name != name.strip() or not name.isprintable() or not name:
        raise DatasetError(f"{name!r}: a label has no space at its ends nor control characters: {place}")
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

"""Recognise in which way photographs are given, and read them all into one form."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from insect_converter import dataset, manifest
from insect_converter.errors import DatasetError
from insect_converter.prepare import ip102

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from insect_converter.dataset import Photograph

DAY = "day"
"""What to group by for the date in the column `taken_at`."""
TIME_COLUMN = "taken_at"
GROUP_COLUMN = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What of the photographs is wanted, and how they hang together.

    Attributes:
        classes: names, or numbers where the data has them; none means all.
        class_names: file of IP102's class names, or None for `classes.txt`.
        group_by: columns of a list whose values name the group of a photograph; `day` is the date of `taken_at`.
    """

    classes: tuple[str, ...] = ()
    class_names: Path | None = None
    group_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Photographs as found.

    Attributes:
        kind: in which way they were given, in words.
        labelled: with their class names.
        passed_over: files in class folders that are not called like pictures.
        notes: what the user should know, a line each.
    """

    kind: str
    labelled: tuple[tuple[str, Photograph], ...]
    passed_over: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def read(place: Path, wishes: Wishes) -> Source:
    """Photographs in whichever of the four ways they are given: lists of IP102, a list, or folders, divided or not.

    Raises:
        DatasetError: when nothing usable is there, or a wish does not suit it.
    """
    lists = ip102.find(place)
    if wishes.class_names and not lists:
        raise DatasetError(f"{place}: --class-names is for the lists of IP102, and there are none: leave it out")
    listed = manifest.inside(place)
    if wishes.group_by and not listed:
        raise DatasetError(f"{place}: --group-by names columns, and there are none: give a list, .csv or .parquet")
    if lists:
        return _read_ip102(lists, wishes)
    source = _read_list(listed, wishes) if listed else _read_folders(place)
    return _of_classes(source, wishes.classes) if wishes.classes else source


def _read_ip102(folder: Path, wishes: Wishes) -> Source:
    path = ip102.find_names(folder, wishes.class_names)
    names = ip102.read_names(path)
    labelled = ip102.read(folder, names)
    counting = f"numbered as in {path.name}, from {min(names)}; the lists count from 0"
    source = Source(kind=f"IP102 lists ({counting})", labelled=tuple(labelled))
    if not wishes.classes:
        return source
    chosen = [names.get(int(wish), wish) if wish.isdecimal() else wish for wish in wishes.classes]
    wrong = [wish for wish in wishes.classes if wish.isdecimal() and int(wish) not in names]
    if wrong:
        raise DatasetError(f"{path}: no class has the number {wrong[0]}, they go from {min(names)} to {max(names)}")
    source = _of_classes(source, chosen)
    kept = {name for name, _ in source.labelled}
    told = ", ".join(f"{number} {name}" for number, name in names.items() if name in kept)
    return replace(source, notes=(f"classes chosen, {counting}: {told}",))


def _read_list(path: Path, wishes: Wishes) -> Source:
    entries = manifest.read(path)
    labelled = [(entry.label, dataset.from_entry(entry)) for entry in entries]
    if wishes.group_by:
        _refuse_absent(path, wishes.group_by, entries[0])
        labelled = [
            (label, replace(photograph, group=_group(path, entry, wishes.group_by)))
            for entry, (label, photograph) in zip(entries, labelled, strict=True)
        ]
    return Source(kind=f"list {path.name}", labelled=tuple(labelled))


def _refuse_absent(path: Path, columns: Sequence[str], entry: manifest.Entry) -> None:
    known = {GROUP_COLUMN, *entry.others}
    for column in columns:
        if (TIME_COLUMN if column == DAY else column) not in known:
            raise DatasetError(f"{path}: no column {column} to group by: there are {', '.join(sorted(known))}")


def _group(path: Path, entry: manifest.Entry, columns: Iterable[str]) -> str | None:
    values = [_value(path, entry, column) for column in columns]
    return "/".join(values) if all(values) else None


def _value(path: Path, entry: manifest.Entry, column: str) -> str:
    if column == GROUP_COLUMN:
        return entry.group or ""
    if column != DAY:
        return entry.others[column].strip()
    text = entry.others[TIME_COLUMN].strip()
    try:
        return datetime.fromisoformat(text).date().isoformat() if text else ""
    except ValueError:
        raise DatasetError(
            f"{path}: {TIME_COLUMN} of {entry.name} is {text!r}: write times like 2026-06-01T21:30:00"
        ) from None


def _read_folders(place: Path) -> Source:
    parts = dataset.divided_folders(place)
    if parts:
        labelled = dataset.read_divided(place, parts)
        return Source(
            kind=f"class folders in {', '.join(sorted(parts))}",
            labelled=tuple(labelled),
            passed_over=dataset.passed_over(place),
        )
    empty = dataset.empty_folders(place)
    return Source(
        kind="class folders",
        labelled=tuple(dataset.read_labelled(place)),
        passed_over=dataset.passed_over(place),
        notes=(f"no picture in the class folders {', '.join(empty)}",) if empty else (),
    )


def _of_classes(source: Source, wanted: Iterable[str]) -> Source:
    """The photographs of the classes of these names, whatever their case.

    Raises:
        DatasetError: when there is no class of such a name.
    """
    names: Mapping[str, str] = {name.casefold(): name for name, _ in source.labelled}
    chosen = set()
    for wish in wanted:
        key = " ".join(wish.split()).casefold()
        if key not in names:
            alike = difflib.get_close_matches(key, names, n=3)
            meant = f"do you mean {' or '.join(names[name] for name in alike)}?" if alike else "check the name"
            raise DatasetError(f"no class is called {wish}: {meant}")
        chosen.add(names[key])
    kept = tuple((name, photograph) for name, photograph in source.labelled if name in chosen)
    return replace(source, labelled=kept)

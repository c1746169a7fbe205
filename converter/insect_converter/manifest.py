"""A list of photographs as a file: CSV or Parquet, written by `prepare`, by hand or by another tool."""

from __future__ import annotations

import csv
import importlib
import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from insect_converter.errors import DatasetError
from insect_converter.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CSV_SUFFIX, PARQUET_SUFFIX = ".csv", ".parquet"
NAMES = ("manifest.csv", "manifest.parquet")
"""What `prepare` calls it in the folder it writes."""
COLUMNS = ("path", "label", "split", "group", "name", "sha256", "perceptual_hash", "width", "height")
"""In the order in which they are written; a list by hand needs the first two."""
PART_WORDS = {
    "train": Part.TRAIN,
    "training": Part.TRAIN,
    "val": Part.VALIDATION,
    "valid": Part.VALIDATION,
    "validation": Part.VALIDATION,
    "test": Part.TEST,
    "testing": Part.TEST,
}
"""What folders and columns call the parts, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line.

    Attributes:
        path: of the picture; absolute, or relative to where the program was started.
        name: the picture's name in a written split; the same wherever the photographs lie.
        label: name of the class.
        split: the part it is for, or None where that is open.
        group: photographs of one group never come into different parts; None: it is in no group.
        sha256: of the file, in hex; empty where it is not known.
        difference_hash: 64 bits, or None where it is not known.
        width: pixels, or None where it is not known.
        height: the same.
        others: further columns by name, as text.
    """

    path: Path
    name: str
    label: str
    split: Part | None = None
    group: str | None = None
    sha256: str = ""
    difference_hash: int | None = None
    width: int | None = None
    height: int | None = None
    others: Mapping[str, str] = field(default_factory=dict)


def inside(place: Path) -> Path | None:
    """The list that a path means: itself, or the one in a folder that `prepare` wrote; None where it means none."""
    if not place.is_dir():
        return place if place.suffix.lower() in {CSV_SUFFIX, PARQUET_SUFFIX} else None
    return next((place / name for name in NAMES if (place / name).is_file()), None)


def read(path: Path) -> tuple[Entry, ...]:
    """Read a list; paths in it are relative to its folder.

    Raises:
        DatasetError: when it cannot be read, or a line makes no sense.
    """
    try:
        rows = _parquet_rows(path) if path.suffix.lower() == PARQUET_SUFFIX else _csv_rows(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot be read ({error}): give a list with the columns path and label") from error
    absent = [column for column in COLUMNS[:2] if rows and column not in rows[0]]
    if absent or not rows:
        what = f"no column {' and no column '.join(absent)}" if absent else "no photographs in it"
        raise DatasetError(f"{path}: {what}: the first line names the columns, path and label at least")
    outside = _common_folder(path, rows)
    return tuple(_entry(path, number, row, outside=outside) for number, row in enumerate(rows, start=2))


def to_csv(entries: Iterable[Entry], *, folder: Path) -> bytes:
    """The list as it is written to a file in `folder`, with paths below it relative."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_cells(entry, folder).values() for entry in entries)
    # Names that are no UTF-8 keep their bytes.
    return os.fsencode(buffer.getvalue())


def to_parquet(entries: Sequence[Entry], *, folder: Path) -> bytes:
    """The same as Parquet: width and height are numbers, what is open is null.

    Raises:
        DatasetError: without pyarrow, or with a path that is no text.
    """
    arrow = import_parquet()
    for entry in entries:
        if _escaped(entry.path) != str(entry.path):
            raise DatasetError(
                f"{_escaped(entry.path)}: Parquet holds only names that are UTF-8: write CSV, or rename it"
            )
    rows = [
        {name: None if value == "" else value for name, value in _cells(entry, folder).items()} for entry in entries
    ]
    types = {name: arrow.int32() if name in {"width", "height"} else arrow.string() for name in COLUMNS}
    buffer = io.BytesIO()
    arrow.parquet.write_table(arrow.Table.from_pylist(rows, schema=arrow.schema(list(types.items()))), buffer)
    return buffer.getvalue()


def _escaped(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def import_parquet() -> Any:
    """The module pyarrow, with pyarrow.parquet.

    Raises:
        DatasetError: when it is not installed.
    """
    try:
        # Few need it, and it takes its time.
        importlib.import_module("pyarrow.parquet")
        return importlib.import_module("pyarrow")
    except ImportError:
        raise DatasetError(
            "Parquet needs the package pyarrow: pip install 'insect-edge[converter]', or use CSV"
        ) from None


def _csv_rows(path: Path) -> list[dict[str, str]]:
    # Bytes that are no UTF-8 may belong to a file's name, which has to come out as it went in.
    text = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restval="")
    return [{(name or "").strip().lower(): value for name, value in row.items() if name is not None} for row in reader]


def _parquet_rows(path: Path) -> list[dict[str, str]]:
    arrow = import_parquet()
    try:
        rows = arrow.parquet.read_table(path).to_pylist()
    except arrow.ArrowException as error:
        reason = str(error).partition("\n")[0]
        raise DatasetError(f"{path}: no Parquet that can be read ({reason}): write it again") from error
    return [{name.lower(): "" if value is None else str(value) for name, value in row.items()} for row in rows]


def _entry(path: Path, number: int, row: Mapping[str, str], *, outside: Path) -> Entry:
    def cell(name: str) -> str:
        return row.get(name, "").strip()

    try:
        place = path.parent / _needed(row["path"], "path")
        return Entry(
            path=place,
            name=cell("name") or _name(place, path.parent, outside),
            label=_needed(cell("label"), "label"),
            split=_part(cell("split")),
            group=cell("group") or None,
            sha256=cell("sha256"),
            difference_hash=int(cell("perceptual_hash"), 16) if cell("perceptual_hash") else None,
            width=int(cell("width")) if cell("width") else None,
            height=int(cell("height")) if cell("height") else None,
            others={name: value for name, value in row.items() if name not in COLUMNS},
        )
    except ValueError as error:
        raise DatasetError(f"{path}, line {number}: {error}: correct the line") from error


def _needed(value: str, what: str) -> str:
    if not value:
        raise ValueError(f"the {what} is empty")
    return value


def _part(word: str) -> Part | None:
    if not word:
        return None
    if word.lower() not in PART_WORDS:
        raise ValueError(f"the split {word!r} is none of {', '.join(PART_WORDS)}")
    return PART_WORDS[word.lower()]


def _common_folder(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """The folder of all pictures that do not lie below the list."""
    folders = {os.path.dirname(row["path"]) for row in rows if os.path.isabs(row["path"])}  # noqa: PTH120, PTH117 - ten times as quick as Path, and there may be 75,000
    return Path(os.path.commonpath(folders)) if folders else path.parent


def _name(place: Path, folder: Path, outside: Path) -> str:
    base = folder if place.is_relative_to(folder) else outside
    return place.relative_to(base).as_posix() if place.is_relative_to(base) else place.as_posix()


def _cells(entry: Entry, folder: Path) -> dict[str, Any]:
    below = entry.path.is_relative_to(folder)
    values = (
        entry.path.relative_to(folder).as_posix() if below else str(entry.path.absolute()),
        entry.label,
        entry.split.value if entry.split else "",
        entry.group or "",
        entry.name,
        entry.sha256,
        "" if entry.difference_hash is None else f"{entry.difference_hash:016x}",
        "" if entry.width is None else entry.width,
        "" if entry.height is None else entry.height,
    )
    return dict(zip(COLUMNS, values, strict=True))

"""Find the photographs a model was trained, chosen and tested on, and make sure that they are still the same."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from insect_converter import progress
from insect_converter.errors import DatasetError
from insect_converter.split import Part
from insect_edge.adapters.pictures import read_picture, read_picture_bytes
from insect_edge.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_converter.dataset import Dataset, Photograph

_HASH_COLUMNS = ("sha256", "sha256_prefix")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a written split."""

    name: str
    label: str
    part: Part
    sha256_prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The photographs by what they were used for.

    Attributes:
        parts: by part; labels are the model's indices.
        counts: photographs by label name and part as the split says, found or not.
        missing: names that the split has and the folders have not.
        changed: names whose content is not that of the split.
        unreadable: names that cannot be decoded.
        divided: false where nothing says what was trained on, and all are taken for test photographs.
    """

    parts: dict[Part, tuple[Photograph, ...]]
    counts: dict[str, dict[Part, int]]
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    unreadable: tuple[str, ...]
    divided: bool

    @property
    def test(self) -> tuple[Photograph, ...]:
        """What the figures are measured on."""
        return self.parts[Part.TEST]

    @property
    def every(self) -> tuple[tuple[Part, Photograph], ...]:
        """All that were found, part by part."""
        return tuple((part, photograph) for part in Part for photograph in self.parts[part])


def read_rows(text: str, *, source: str) -> list[Row]:
    """Read a written split: the run's, or the shorter one of the bundle.

    Raises:
        DatasetError: when it is none.
    """
    reader = csv.DictReader(io.StringIO(text))
    column = next((name for name in _HASH_COLUMNS if name in (reader.fieldnames or ())), None)
    if column is None:
        raise DatasetError(f"{source}: its split names no hashes: bring the file back")
    try:
        return [
            Row(
                name=row["name"],
                label=row.get("label") or row["name"].partition("/")[0],
                part=Part(row["split"]),
                sha256_prefix=row[column],
            )
            for row in reader
        ]
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise DatasetError(f"{source}: its split is damaged ({error}): bring the file back") from error


def find(rows: Sequence[Row], dataset: Dataset, *, labels: Sequence[str]) -> Found:
    """Look every photograph of a split up and hold its content against the hash.

    Args:
        rows: of the split.
        dataset: what lies in the folders now.
        labels: the model's, by index.

    Raises:
        DatasetError: when the split has labels that the model has not, or no test photograph is left.
    """
    by_name = {photograph.name: photograph for photograph in dataset.photographs}
    parts: dict[Part, list[Photograph]] = {part: [] for part in Part}
    missing, changed = [], []
    _refuse_other_labels(rows, labels)
    with progress.bar(total=len(rows), description="looking the photographs up") as bar:
        for row in rows:
            bar.update()
            photograph = by_name.get(row.name)
            if photograph is None:
                missing.append(row.name)
            elif not hashlib.sha256(read_picture_bytes(photograph.path)).hexdigest().startswith(row.sha256_prefix):
                changed.append(row.name)
            else:
                parts[row.part].append(replace(photograph, label=labels.index(row.label)))
    if not parts[Part.TEST]:
        raise DatasetError(
            f"none of the {sum(row.part is Part.TEST for row in rows)} test photographs is in the folders: "
            "name the folders the model was trained on"
        )
    return Found(
        parts={part: tuple(photographs) for part, photographs in parts.items()},
        counts=_counts(labels, [(row.label, row.part) for row in rows]),
        missing=tuple(missing),
        changed=tuple(changed),
        unreadable=(),
        divided=True,
    )


def take_all(dataset: Dataset, *, labels: Sequence[str]) -> Found:
    """Every photograph with a label of the model is taken for a test photograph.

    Raises:
        DatasetError: when there is none.
    """
    kept, unreadable = [], []
    for photograph in dataset.photographs:
        name = dataset.labels[photograph.label]
        if name not in labels:
            continue
        try:
            read_picture(photograph.path)
        except ImageError:
            unreadable.append(photograph.name)
        else:
            kept.append(replace(photograph, label=labels.index(name)))
    if not kept:
        raise DatasetError(
            f"no photograph with a label of the model ({', '.join(labels[:5])} …): name each class folder after one"
        )
    return Found(
        parts={part: tuple(kept) if part is Part.TEST else () for part in Part},
        counts=_counts(labels, [(labels[photograph.label], Part.TEST) for photograph in kept]),
        missing=(),
        changed=(),
        unreadable=tuple(unreadable),
        divided=False,
    )


def limited(found: Found, *, per_label: int) -> Found:
    """The first photographs of each label in each part, in the order of a hash of their names."""

    def rank(photograph: Photograph) -> str:
        return hashlib.sha256(photograph.name.encode("utf-8", "surrogateescape")).hexdigest()

    def some(photographs: tuple[Photograph, ...]) -> tuple[Photograph, ...]:
        by_label: dict[int, list[Photograph]] = {}
        for photograph in sorted(photographs, key=rank):
            by_label.setdefault(photograph.label, []).append(photograph)
        chosen = [photograph for group in by_label.values() for photograph in group[:per_label]]
        return tuple(sorted(chosen, key=lambda photograph: photograph.name))

    return replace(found, parts={part: some(photographs) for part, photographs in found.parts.items()})


def _refuse_other_labels(rows: Sequence[Row], labels: Sequence[str]) -> None:
    strange = sorted({row.label for row in rows} - set(labels))
    if strange:
        raise DatasetError(f"the split has the label {strange[0]!r}, which the model has not: not its split")


def _counts(labels: Sequence[str], pairs: Sequence[tuple[str, Part]]) -> dict[str, dict[Part, int]]:
    counts = {label: dict.fromkeys(Part, 0) for label in labels}
    for label, part in pairs:
        counts[label][part] += 1
    return counts

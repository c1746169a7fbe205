"""Which photographs are compared: the bundle's own test photographs, found by name and content, or all there are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from insect_converter import split_photographs as written
from insect_converter.errors import DatasetError
from insect_converter.run_record import SPLIT_FILE
from insect_converter.split import Part
from insect_edge.adapters.pictures import read_picture_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from insect_converter.dataset import Dataset, Photograph


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The photographs by what they are for.

    Attributes:
        compared: what both models are asked about.
        calibration: further ones that the calibration error counts too: validation, where test is compared.
        training: what the model learnt from, as far as it is there; the representative dataset is drawn from it.
        asked: how many the bundle's split wants compared; None where all there are were asked for.
        missing: of those, the ones that are not there.
        changed: of those, the ones with another content.
        other_labels: left out, since the model does not know their label.
        trained_on: of the compared ones, those that had a part in making the model.
    """

    compared: tuple[Photograph, ...]
    calibration: tuple[Photograph, ...]
    training: tuple[Photograph, ...]
    asked: int | None
    missing: int
    changed: int
    other_labels: int
    trained_on: int


def choose(bundle: Path, dataset: Dataset, *, labels: Sequence[str], everything: bool) -> Chosen:
    """Choose what is compared.

    Args:
        bundle: its folder, with the written split.
        dataset: what there is.
        labels: the model's, by index.
        everything: all photographs there are, rather than the test photographs of the bundle.

    Raises:
        DatasetError: when the bundle has no split, it is damaged, or nothing of what is wanted is there.
    """
    rows = _rows(bundle, needed=not everything)
    if not everything:
        return _tested(rows, dataset, labels=labels)
    known, other_labels = _relabelled(dataset, labels=labels)
    if not known:
        raise DatasetError(f"no photograph has a label of the model ({', '.join(labels[:5])} …): name other folders")
    part_of = _parts(known, rows)
    return Chosen(
        compared=known,
        calibration=(),
        training=tuple(photograph for photograph in known if part_of.get(photograph.name) is Part.TRAIN),
        asked=None,
        missing=0,
        changed=0,
        other_labels=other_labels,
        trained_on=sum(part_of.get(photograph.name, Part.TEST) is not Part.TEST for photograph in known),
    )


def _parts(photographs: Sequence[Photograph], rows: Sequence[written.Row]) -> dict[str, Part]:
    """What the photographs were used for, by name; those with other content are strangers of the same name."""
    by_name = {row.name: row for row in rows}
    namesakes = [(photograph, by_name[photograph.name]) for photograph in photographs if photograph.name in by_name]
    return {
        row.name: row.part
        for photograph, row in namesakes
        if hashlib.sha256(read_picture_bytes(photograph.path)).hexdigest().startswith(row.sha256_prefix)
    }


def _tested(rows: list[written.Row], dataset: Dataset, *, labels: Sequence[str]) -> Chosen:
    found = written.find(rows, dataset, labels=labels)
    tested = {row.name for row in rows if row.part is Part.TEST}
    return Chosen(
        compared=found.parts[Part.TEST],
        calibration=found.parts[Part.VALIDATION],
        training=found.parts[Part.TRAIN],
        asked=len(tested),
        missing=len(tested.intersection(found.missing)),
        changed=len(tested.intersection(found.changed)),
        other_labels=0,
        trained_on=0,
    )


def _rows(bundle: Path, *, needed: bool) -> list[written.Row]:
    path = bundle / SPLIT_FILE
    try:
        return written.read_rows(path.read_text(encoding="utf-8"), source=str(bundle))
    except FileNotFoundError as error:
        if not needed:
            return []
        raise DatasetError(
            f"{bundle}: there is no {SPLIT_FILE}, so nothing says which photographs it was tested on: "
            "compare on photographs it never saw, with --split all"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}): copy the bundle again") from error


def _relabelled(dataset: Dataset, *, labels: Sequence[str]) -> tuple[tuple[Photograph, ...], int]:
    """The photographs with the model's label indices, and how many have a label that it does not know."""
    numbers = {name: number for number, name in enumerate(labels)}
    known = [
        replace(photograph, label=numbers[dataset.labels[photograph.label]])
        for photograph in dataset.photographs
        if dataset.labels[photograph.label] in numbers
    ]
    return tuple(known), len(dataset.photographs) - len(known)

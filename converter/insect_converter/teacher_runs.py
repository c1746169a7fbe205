"""Finished runs whose models are to teach another: found, and refused where they would teach what they may not know."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_converter import recipes, run_record
from insect_converter.errors import TrainingError
from insect_converter.split import Part

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from insect_converter.run_record import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherRun:
    """A finished run whose model is to teach.

    Attributes:
        folder: of the run.
        sha256: of its float model, in hex.
    """

    folder: Path
    sha256: str


def find(folders: Sequence[Path], *, record: RunRecord, split_text: str) -> tuple[TeacherRun, ...]:
    """Finished runs that may teach the run of a record.

    Args:
        folders: of the teachers' runs.
        record: of the student's run.
        split_text: the student's division of its photographs.

    Raises:
        TrainingError: when a run has not finished, tells other labels apart, takes other pictures, or has learnt from
            photographs on which the student is measured.
    """
    return tuple(_checked(folder, record=record, split_text=split_text) for folder in folders)


def _checked(folder: Path, *, record: RunRecord, split_text: str) -> TeacherRun:
    teacher, taught = run_record.open_run(folder)
    if teacher.labels != record.labels:
        raise TrainingError(
            f"{folder}: the teacher tells {', '.join(teacher.labels)} apart, this run {', '.join(record.labels)}: "
            "train it on the same folders"
        )
    its, own = recipes.from_dict(teacher.recipe, source=str(folder)), recipes.from_dict(record.recipe, source="recipe")
    for recipe, who in ((its, f"{folder}: the teacher"), (own, "the student")):
        if recipe.network is not recipes.Network.MOBILENET_V2:
            raise TrainingError(f"{who} is a {recipe.network}: teaching takes views of any size: use mobilenet-v2")
    learnt = _contents(taught, {Part.TRAIN})
    measured = _contents(split_text, {Part.VALIDATION, Part.TEST})
    known = sorted(name for sha256, name in measured.items() if sha256 in learnt)
    if known:
        raise TrainingError(
            f"{folder}: the teacher has learnt from {len(known)} photographs that this run is measured on, "
            f"the first is {known[0]}: train it on the same photographs with the same --seed"
        )
    return TeacherRun(folder=folder.resolve(), sha256=str(teacher.float_sha256))


def _contents(split_text: str, parts: set[Part]) -> dict[str, str]:
    """Names by content of the photographs in some parts of a written split."""
    rows = csv.DictReader(io.StringIO(split_text))
    return {row["sha256"]: row["name"] for row in rows if Part(row["split"]) in parts}

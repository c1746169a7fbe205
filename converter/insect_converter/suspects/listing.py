"""The suspects as a list: a line each, the most suspicious first."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from insect_converter.dataset import Photograph
    from insect_converter.suspects.ranking import Suspect

COLUMNS = ("rank", "name", "path", "label", "suggested", "quality")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A suspect as it is told to people and to `train --leave-out`.

    Attributes:
        rank: 1 for the most suspicious.
        photograph: its file.
        name: of the photograph, as in the dataset and its split.
        label: that it has.
        suggested: label that it would get.
        quality: of its label, 0 (surely wrong) to 0.5.
        counted: whether it is among the first so many as confident learning estimates to be mislabelled.
    """

    rank: int
    photograph: Path
    name: str
    label: str
    suggested: str
    quality: float
    counted: bool

    @property
    def path(self) -> str:
        """The file's path as text, also where an old archive left bytes in it that are no UTF-8."""
        return os.fsencode(self.photograph).decode("utf-8", "backslashreplace")


def rows(suspects: Iterable[Suspect], photographs: Sequence[Photograph], labels: Sequence[str]) -> list[Row]:
    """Put names to positions."""
    return [
        Row(
            rank=rank,
            photograph=photographs[suspect.position].path,
            name=photographs[suspect.position].name,
            label=labels[photographs[suspect.position].label],
            suggested=labels[suspect.suggested],
            quality=suspect.quality,
            counted=suspect.counted,
        )
        for rank, suspect in enumerate(suspects, start=1)
    ]


def to_csv(listed: Iterable[Row]) -> str:
    """As text: `rank,name,path,label,suggested,quality`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in listed:
        writer.writerow((row.rank, row.name, row.path, row.label, row.suggested, f"{row.quality:.4f}"))
    return buffer.getvalue()

"""The photographs of a run once more, decoded, and the very same ones."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from insect_converter import pictures, progress
from insect_converter.errors import DatasetError
from insect_converter.split import Part
from insect_converter.training_set import TrainingSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_converter.recipes import Recipe
    from insect_converter.split import Split


def load(divided: Split, recipe: Recipe, *, labels: Sequence[str], split_text: str) -> TrainingSet:
    """Decode the photographs of a run's split.

    Args:
        divided: from `run_record.read_split`.
        recipe: the run's; its size of pictures.
        labels: the run's.
        split_text: with the SHA-256 of each photograph.

    Raises:
        DatasetError: when one cannot be read any more or is another picture now.
    """
    photographs = [photograph for part in Part for photograph in divided.part(part)]
    with progress.bar(total=len(photographs), description="decoding") as bar:
        decoded, unreadable = pictures.load(
            photographs, shorter_side=recipe.shorter_side, crop=recipe.crop, on_each=bar.update
        )
    hashes = {row["name"]: row["sha256"] for row in csv.DictReader(io.StringIO(split_text))}
    for photograph in photographs:
        if photograph.path in unreadable:
            raise DatasetError(f"{unreadable[photograph.path]}: the run learns from it: bring the file back")
        if decoded[photograph.path].sha256 != hashes[photograph.name]:
            raise DatasetError(
                f"{photograph.path}: not the picture it was when the run began: bring the file back, or train anew"
            )
    progress.say(f"{len(photographs)} photographs, the same as when the run began")
    return TrainingSet(labels=tuple(labels), split=divided, pictures=decoded)

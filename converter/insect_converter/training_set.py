"""Photographs ready to learn from: decoded, the unreadable left out, divided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_converter import dataset, pictures, progress, split

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from insect_converter.dataset import Dataset
    from insect_converter.pictures import Picture
    from insect_converter.recipes import Recipe
    from insect_converter.split import Part, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """Decoded photographs, divided.

    Attributes:
        labels: names by index.
        split: which photograph is used for what.
        pictures: decoded, by path.
    """

    labels: tuple[str, ...]
    split: Split
    pictures: dict[Path, Picture]

    def arrays(self, part: Part) -> tuple[list[NDArray[np.uint8]], list[int]]:
        """Pixels and label indices of one part."""
        photographs = self.split.part(part)
        return [self.pictures[item.path].pixels for item in photographs], [item.label for item in photographs]


def load(found: Dataset, recipe: Recipe, *, seed: int) -> TrainingSet:
    """Decode, leave out what cannot be read (named and counted) and divide.

    Raises:
        DatasetError: when a class has too few readable photographs.
    """
    with progress.bar(total=len(found.photographs), description="decoding") as bar:
        decoded, unreadable = pictures.load(found.photographs, shorter_side=recipe.shorter_side, on_each=bar.update)
    for reason in unreadable.values():
        progress.say(f"left out: {reason}")
    kept = dataset.without(found, unreadable)
    divided = split.divide(kept, decoded, validation=recipe.validation, test=recipe.test, seed=seed)
    counts = ", ".join(f"{label} {count}" for label, count in kept.counts().items())
    progress.say(f"{len(kept.photographs)} photographs ({counts}); {len(unreadable)} unreadable left out")
    progress.say(
        f"split: {len(divided.train)} train, {len(divided.validation)} validation, {len(divided.test)} test; "
        f"{divided.groups} groups of near-duplicates kept together"
    )
    return TrainingSet(labels=kept.labels, split=divided, pictures=decoded)

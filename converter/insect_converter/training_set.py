"""Photographs ready to learn from: decoded, the unreadable left out, divided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from insect_converter import dataset, pictures, progress, split
from insect_converter.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping
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
        strangers: (height, width, 3) uint8 each, B, G, R: insects that are to get no name.
    """

    labels: tuple[str, ...]
    split: Split
    pictures: dict[Path, Picture]
    strangers: tuple[NDArray[np.uint8], ...] = ()

    def arrays(self, part: Part) -> tuple[list[NDArray[np.uint8]], list[int]]:
        """Pixels and label indices of one part."""
        photographs = self.split.part(part)
        return [self.pictures[item.path].pixels for item in photographs], [item.label for item in photographs]


def load(
    found: Dataset, recipe: Recipe, *, seed: int, leave_out: frozenset[str] = frozenset(), keep_leaks: bool = False
) -> TrainingSet:
    """Decode, leave out what cannot be read (named and counted) and divide.

    Args:
        found: the photographs; where they came divided or in groups, that is kept to.
        recipe: its shares and size of pictures.
        seed: of the division.
        leave_out: names of photographs that are not learnt from, such as those whose labels are doubted; validation
            and test keep them, so that what is measured does not depend on them.
        keep_leaks: learn from photographs that show what is held back, too; see `split.divide`.

    Raises:
        DatasetError: when a class has too few readable photographs, one has changed since it was listed, or a name in
            `leave_out` is nobody's.
    """
    _refuse_unknown(found, leave_out)
    with progress.bar(total=len(found.photographs), description="decoding") as bar:
        decoded, unreadable = pictures.load(
            found.photographs, shorter_side=recipe.shorter_side, crop=recipe.crop, on_each=bar.update
        )
    for reason in unreadable.values():
        progress.say(f"left out: {reason}")
    kept = dataset.without(found, unreadable)
    _refuse_changed(kept, decoded)
    divided = split.divide(
        kept, decoded, validation=recipe.validation, test=recipe.test, seed=seed, keep_leaks=keep_leaks
    )
    counts = ", ".join(f"{label} {count}" for label, count in kept.counts().items())
    progress.say(f"{len(kept.photographs)} photographs ({counts}); {len(unreadable)} unreadable left out")
    _tell_leaks(divided)
    divided = lessened(divided, leave_out, labels=kept.labels)
    progress.say(
        f"split: {len(divided.train)} train, {len(divided.validation)} validation, {len(divided.test)} test; "
        f"{divided.groups} groups of near-duplicates kept together"
    )
    return TrainingSet(labels=kept.labels, split=divided, pictures=decoded)


def _tell_leaks(divided: Split) -> None:
    if divided.leaked:
        progress.say(
            f"{len(divided.leaked)} photographs left out: the data came divided, and they show what is held back"
        )
    if divided.leaks_kept:
        progress.say(
            f"{divided.leaks_kept} photographs to learn from show what is held back, and are kept: "
            "no score of this run says how well it does on photographs that it has not seen"
        )


def _refuse_changed(kept: Dataset, decoded: Mapping[Path, Picture]) -> None:
    changed = [item for item in kept.photographs if item.sha256 and item.sha256 != decoded[item.path].sha256]
    if changed:
        raise DatasetError(
            f"{len(changed)} photographs have changed since they were listed, the first is {changed[0].path}: "
            "bring them back, or make the list again with `prepare`"
        )


def _refuse_unknown(found: Dataset, names: frozenset[str]) -> None:
    unknown = sorted(names - {photograph.name for photograph in found.photographs})
    if unknown:
        raise DatasetError(
            f"{len(unknown)} names to leave out are not in the data, the first is {unknown[0]}: "
            "give the list that belongs to this data, or take them out of it"
        )


def lessened(divided: Split, leave_out: frozenset[str], *, labels: tuple[str, ...]) -> Split:
    """The division whose training part lacks the named photographs.

    Raises:
        DatasetError: when that leaves nothing of a class.
    """
    if not leave_out:
        return divided
    train = tuple(photograph for photograph in divided.train if photograph.name not in leave_out)
    held_back = sum(photograph.name in leave_out for photograph in (*divided.validation, *divided.test))
    progress.say(
        f"{len(divided.train) - len(train)} named photographs left out of training; "
        f"{held_back} others of the list stay in validation and test"
    )
    emptied = sorted({photograph.label for photograph in divided.train} - {photograph.label for photograph in train})
    if emptied:
        raise DatasetError(f"class {labels[emptied[0]]}: nothing is left to learn from: shorten the list to leave out")
    return replace(divided, train=train)

"""Divide photographs into training, validation and test: seeded, stratified, the same for ever."""

from __future__ import annotations

import csv
import enum
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from insect_converter.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from insect_converter.dataset import Dataset, Photograph
    from insect_converter.pictures import Picture

NEAR_DUPLICATE_BITS = 4
"""Pictures whose difference hashes differ in at most so many of 64 bits are taken for one motif."""


class Part(enum.StrEnum):
    """What a photograph is used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A dataset divided.

    Attributes:
        train: what the weights are fitted to.
        validation: what epochs, temperature and thresholds are chosen on.
        test: what is reported; nothing is chosen on it.
        groups: how many near-duplicate groups of more than one photograph there were.
    """

    train: tuple[Photograph, ...]
    validation: tuple[Photograph, ...]
    test: tuple[Photograph, ...]
    groups: int

    def part(self, part: Part) -> tuple[Photograph, ...]:
        """The photographs of one part."""
        return {Part.TRAIN: self.train, Part.VALIDATION: self.validation, Part.TEST: self.test}[part]


def divide(dataset: Dataset, pictures: Mapping[Path, Picture], *, validation: float, test: float, seed: int) -> Split:
    """Divide each class in the same proportion; near-duplicates stay together.

    Photographs are ordered by a hash of the seed and their content, not by name or place in the folder: adding some
    leaves (nearly all of) the others where they were.

    Args:
        dataset: to divide; each class with at least three photographs.
        pictures: decoded, by path.
        validation: wanted share, in (0, 1).
        test: wanted share, in (0, 1).
        seed: another one gives another division.

    Raises:
        DatasetError: when the photographs of a class are so much alike that they do not fill three parts.
    """
    groups_of = _groups(dataset, pictures)
    parts: dict[Part, list[Photograph]] = {part: [] for part in Part}
    for label, groups in enumerate(groups_of):
        if len(groups) < len(Part):
            raise DatasetError(
                f"class {dataset.labels[label]}: {len(groups)} different motifs among its photographs, the others are "
                f"near-duplicates: at least {len(Part)} are needed: add photographs or take the folder out"
            )
        groups.sort(key=lambda group: min(_rank(seed, pictures[photograph.path]) for photograph in group))
        for part, chosen in _deal(groups, validation=validation, test=test).items():
            parts[part].extend(chosen)
    ordered = {part: tuple(sorted(chosen, key=lambda photograph: photograph.name)) for part, chosen in parts.items()}
    return Split(
        train=ordered[Part.TRAIN],
        validation=ordered[Part.VALIDATION],
        test=ordered[Part.TEST],
        groups=sum(len(group) > 1 for groups in groups_of for group in groups),
    )


def near_duplicates(hashes: Sequence[int]) -> list[int]:
    """For each picture the position of the first one of its group (its own where it is alone)."""
    values = np.array(hashes, dtype=np.uint64)
    owner = list(range(len(values)))
    for position in range(1, len(values)):
        different = np.bitwise_xor(values[:position], values[position])
        near = np.flatnonzero(_bit_counts(different) <= NEAR_DUPLICATE_BITS)
        for other in near.tolist():
            _join(owner, other, position)
    return [_root(owner, position) for position in range(len(owner))]


def to_csv(split: Split, labels: Sequence[str], pictures: Mapping[Path, Picture]) -> str:
    """The division as text: `name,label,split,sha256`, sorted by name."""
    rows = [
        (photograph.name, labels[photograph.label], part.value, pictures[photograph.path].sha256)
        for part in Part
        for photograph in split.part(part)
    ]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("name", "label", "split", "sha256"))
    writer.writerows(sorted(rows))
    return buffer.getvalue()


def _groups(dataset: Dataset, pictures: Mapping[Path, Picture]) -> list[list[list[Photograph]]]:
    """For each label its groups of near-duplicates; most have one member."""
    first_of = near_duplicates([pictures[photograph.path].difference_hash for photograph in dataset.photographs])
    groups: dict[int, list[Photograph]] = {}
    for photograph, first in zip(dataset.photographs, first_of, strict=True):
        groups.setdefault(first, []).append(photograph)
    # A group that carries several labels is kept whole under the label of its first photograph.
    owned: list[list[list[Photograph]]] = [[] for _ in dataset.labels]
    for first, group in groups.items():
        owned[dataset.photographs[first].label].append(group)
    return owned


def _deal(groups: list[list[Photograph]], *, validation: float, test: float) -> dict[Part, list[Photograph]]:
    """Divide one label's groups, at least three, in their order: test first, then validation; no part stays empty."""
    total = sum(len(group) for group in groups)
    wanted = {Part.TEST: max(1, round(total * test)), Part.VALIDATION: max(1, round(total * validation))}
    dealt: dict[Part, list[list[Photograph]]] = {part: [] for part in Part}
    for group in groups:
        fitting = (part for part, count in wanted.items() if _size(dealt[part]) + len(group) <= count)
        dealt[next(fitting, Part.TRAIN)].append(group)
    # Large groups may fit nowhere, and large shares may leave nothing to learn from.
    for part in (part for part in Part if not dealt[part]):
        giver = max(dealt, key=lambda other: len(dealt[other]))
        dealt[part].append(dealt[giver].pop(dealt[giver].index(min(dealt[giver], key=len))))
    return {part: [photograph for group in dealt[part] for photograph in group] for part in Part}


def _size(groups: list[list[Photograph]]) -> int:
    return sum(len(group) for group in groups)


def _rank(seed: int, picture: Picture) -> str:
    return hashlib.sha256(f"{seed}:{picture.sha256}".encode()).hexdigest()


def _bit_counts(values: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    octets = values.view(np.uint8).reshape(len(values), 8)
    counts: np.ndarray[tuple[int], np.dtype[np.int64]] = np.unpackbits(octets, axis=1).sum(axis=1, dtype=np.int64)
    return counts


def _root(owner: list[int], position: int) -> int:
    while owner[position] != position:
        position = owner[position]
    return position


def _join(owner: list[int], first: int, second: int) -> None:
    first, second = _root(owner, first), _root(owner, second)
    owner[max(first, second)] = min(first, second)

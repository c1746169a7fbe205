"""Keep classes within a smallest and a largest number of photographs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from insect_converter.dataset import MINIMUM_PER_CLASS, Dataset
from insect_converter.errors import DatasetError
from insect_converter.parts import Part
from insect_converter.prepare.cleaning import Cleaned, finding
from insect_converter.prepare.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from insect_converter.dataset import Photograph
    from insect_converter.prepare.inspection import Facts


def drop_small(dataset: Dataset, *, minimum: int | None) -> Cleaned:
    """Leave classes with fewer photographs out.

    Args:
        dataset: cleaned.
        minimum: photographs that a class has to have, or None where too small classes are an error.

    Raises:
        DatasetError: when classes are too small to be divided and are not to be dropped, or fewer than two are left.
    """
    small = {label: count for label, count in dataset.counts().items() if count < (minimum or MINIMUM_PER_CLASS)}
    if small and minimum is None:
        first, count = next(iter(small.items()))
        raise DatasetError(
            f"{len(small)} classes have fewer than {MINIMUM_PER_CLASS} usable photographs, the first is {first} with "
            f"{count}: add photographs, or leave such classes out with --min-per-class {MINIMUM_PER_CLASS}"
        )
    labels = tuple(label for label in dataset.labels if label not in small)
    if len(labels) < 2:  # noqa: PLR2004 - telling apart takes two
        raise DatasetError(
            f"only {len(labels)} classes have {minimum or MINIMUM_PER_CLASS} usable photographs: lower --min-per-class "
            "or add photographs"
        )
    numbers = {dataset.labels.index(label): number for number, label in enumerate(labels)}
    kept = tuple(replace(item, label=numbers[item.label]) for item in dataset.photographs if item.label in numbers)
    gone = [item for item in dataset.photographs if item.label not in numbers]
    return Cleaned(
        dataset=Dataset(labels=labels, photographs=kept),
        findings=tuple(
            finding(dataset, item, Kind.CLASS_TOO_SMALL, f"{small[dataset.labels[item.label]]} photographs")
            for item in gone
        ),
    )


def thin_large(dataset: Dataset, facts: Mapping[Path, Facts], *, maximum: int, seed: int) -> Cleaned:
    """Draw lots in classes with more photographs; the same ones lose for the same seed, whatever they are called.

    Args:
        dataset: cleaned.
        facts: by path.
        maximum: photographs a class may have; those that were given to parts keep the parts' proportion.
        seed: another one lets others lose.
    """
    lost = {
        item.name
        for label in range(len(dataset.labels))
        for item in _losers(
            [item for item in dataset.photographs if item.label == label], facts, maximum=maximum, seed=seed
        )
    }
    return Cleaned(
        dataset=replace(dataset, photographs=tuple(item for item in dataset.photographs if item.name not in lost)),
        findings=tuple(
            finding(dataset, item, Kind.CLASS_TOO_LARGE, f"class of more than {maximum}")
            for item in dataset.photographs
            if item.name in lost
        ),
    )


def _losers(members: Sequence[Photograph], facts: Mapping[Path, Facts], *, maximum: int, seed: int) -> list[Photograph]:
    if len(members) <= maximum:
        return []
    losers: list[Photograph] = []
    of_part = {part: [item for item in members if item.split is part] for part in (*Part, None)}
    present = [items for items in of_part.values() if items]
    for items, kept in zip(present, _shares([len(items) for items in present], maximum), strict=True):
        ranked = sorted(items, key=lambda item: _lot(seed, facts[item.path].sha256))
        losers.extend(ranked[kept:])
    return losers


def _shares(counts: Sequence[int], total: int) -> list[int]:
    """Divide `total` in proportion to `counts`, at least one each where it suffices (largest remainders)."""
    exact = [total * count / sum(counts) for count in counts]
    shares = [max(1, int(share)) for share in exact]
    while sum(shares) < total:
        shares[max(range(len(shares)), key=lambda index: exact[index] - shares[index])] += 1
    while sum(shares) > total:
        shares[max(range(len(shares)), key=lambda index: (shares[index] > 1, shares[index] - exact[index]))] -= 1
    return shares


def _lot(seed: int, sha256: str) -> str:
    return hashlib.sha256(f"lot:{seed}:{sha256}".encode()).hexdigest()

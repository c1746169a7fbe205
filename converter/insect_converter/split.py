"""Divide photographs into training, validation and test: seeded, stratified, the same for ever."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_converter import dealing, likeness
from insect_converter.dealing import Group
from insect_converter.errors import DatasetError
from insect_converter.parts import HELD_BACK, Part

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from insect_converter.dataset import Dataset, Photograph
    from insect_converter.likeness import Fingerprint


__all__ = ["Part", "Split", "divide", "leaks", "nearness", "to_csv"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A dataset divided.

    Attributes:
        train: what the weights are fitted to.
        validation: what epochs, temperature and thresholds are chosen on.
        test: what is reported; nothing is chosen on it.
        groups: how many groups of more than one photograph, near-duplicates or named ones, there were.
        leaked: the data came divided, and these show what lies in a part further from training: they were left out.
        leaks_kept: how many such photographs were kept, because somebody asked for it.
    """

    train: tuple[Photograph, ...]
    validation: tuple[Photograph, ...]
    test: tuple[Photograph, ...]
    groups: int
    leaked: tuple[Photograph, ...] = ()
    leaks_kept: int = 0

    def part(self, part: Part) -> tuple[Photograph, ...]:
        """The photographs of one part."""
        return {Part.TRAIN: self.train, Part.VALIDATION: self.validation, Part.TEST: self.test}[part]


def divide(
    dataset: Dataset,
    pictures: Mapping[Path, Fingerprint],
    *,
    validation: float,
    test: float,
    seed: int,
    near: Sequence[int] | None = None,
    keep_leaks: bool = False,
) -> Split:
    """Divide each class in the same proportion; near-duplicates and named groups stay together.

    Photographs are ordered by a hash of seed and content, so that adding some leaves nearly all others where they were.
    Data that came divided stays so; a part that it lacks is taken from training.

    Args:
        dataset: to divide; each class with at least three photographs.
        pictures: by path.
        validation: wanted share, in (0, 1).
        test: likewise.
        seed: another one gives another division.
        near: for each photograph the position of the first one like it; None: to be found out.
        keep_leaks: keep what was given to training although it shows what is held back, as whoever divided it did.

    Raises:
        DatasetError: when the groups of a class do not fill three parts, or one was given to several.
    """
    near = near or likeness.alike([pictures[photograph.path] for photograph in dataset.photographs])
    found_leaks = leaks(dataset.photographs, near=near)
    leaked = {} if keep_leaks else found_leaks
    found = _joined(dataset.photographs, near=_apart(dataset.photographs, near) if keep_leaks else near, without=leaked)
    staying = {dataset.photographs[position].path for position in found_leaks}
    groups = [_settled(members, pictures, seed=seed, staying=staying) for members in found]
    parts = dealing.deal(groups, dataset.labels, validation=validation, test=test)
    return Split(
        **{part.value: tuple(sorted(chosen, key=lambda item: item.name)) for part, chosen in parts.items()},
        groups=sum(len(members) > 1 for members in found),
        leaked=tuple(dataset.photographs[position] for position in sorted(leaked)),
        leaks_kept=len(found_leaks) - len(leaked),
    )


def leaks(photographs: Sequence[Photograph], *, near: Sequence[int]) -> dict[int, int]:
    """Photographs that were given to a part nearer to training than a near-duplicate of theirs.

    Args:
        photographs: in any order.
        near: for each the position of the first one like it.

    Returns:
        Their positions, each with that of a photograph that it must not be learnt from beside.
    """
    furthest: dict[int, int] = {}
    for position, (photograph, first) in enumerate(zip(photographs, near, strict=True)):
        if photograph.split is not None:
            held = furthest.setdefault(first, position)
            if nearness(photograph) < nearness(photographs[held]):
                furthest[first] = position
    return {
        position: furthest[first]
        for position, (photograph, first) in enumerate(zip(photographs, near, strict=True))
        if photograph.split is not None and photograph.split is not photographs[furthest[first]].split
    }


def nearness(photograph: Photograph) -> int:
    """How near to training: 0 where it was given to test; what is open is as near as can be."""
    return HELD_BACK.index(photograph.split) if photograph.split in HELD_BACK else len(HELD_BACK)


def to_csv(split: Split, labels: Sequence[str], pictures: Mapping[Path, Fingerprint]) -> str:
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


def _joined(
    photographs: Sequence[Photograph], *, near: Sequence[int], without: Collection[int]
) -> list[list[Photograph]]:
    """Groups of photographs, some positions left out."""
    _refuse_torn(photographs)
    kept = [item if position not in without else None for position, item in enumerate(photographs)]
    return likeness.groups(kept, near=near)


def _apart(photographs: Sequence[Photograph], near: Sequence[int]) -> list[int]:
    """What was given to a part is joined with nothing: it stays there, whatever it shows."""
    return [at if item.split else near[at] for at, item in enumerate(photographs)]


def _refuse_torn(photographs: Sequence[Photograph]) -> None:
    """Make sure that where the data came divided and with named groups, these do not contradict each other."""
    part_of: dict[str, Part] = {}
    for photograph in photographs:
        if photograph.group is None or photograph.split is None:
            continue
        if part_of.setdefault(photograph.group, photograph.split) is not photograph.split:
            raise DatasetError(
                f"group {photograph.group} is in {part_of[photograph.group]} and in {photograph.split}: give each "
                "group one part, or divide anew with `prepare --split`"
            )


def _settled(
    members: Sequence[Photograph], pictures: Mapping[Path, Fingerprint], *, seed: int, staying: Collection[Path]
) -> Group:
    """A group in the one part, if any, that its members were given to.

    Of `staying` ones nothing is lent to validation: no epoch or threshold is chosen by what shows a test photograph.
    """
    return Group(
        members=tuple(members),
        part=next((photograph.split for photograph in members if photograph.split), None),
        rank=min(_rank(seed, pictures[photograph.path]) for photograph in members),
        stays=any(photograph.path in staying for photograph in members),
    )


def _rank(seed: int, picture: Fingerprint) -> str:
    return hashlib.sha256(f"{seed}:{picture.sha256}".encode()).hexdigest()

"""Deal groups of photographs to the parts: the shares hold for each class and for the whole, as the groups allow."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from insect_converter.errors import DatasetError
from insect_converter.parts import HELD_BACK, Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from insect_converter.dataset import Photograph

_PASSES = 5
"""Over the groups of several classes, each of which may go where it fits better now that the others have a place."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Photographs that stay together.

    Attributes:
        members: one at least; a trap's may be of several classes.
        part: where the data puts it, or None where that is open.
        rank: its place among the groups, the same for ever.
        stays: whether it stays in `part` even where the data lacks another, which is taken from training.
    """

    members: tuple[Photograph, ...]
    part: Part | None
    rank: str
    stays: bool = False

    @property
    def counts(self) -> Counter[int]:
        """Members by index of their class."""
        return Counter(photograph.label for photograph in self.members)


def deal(
    groups: Sequence[Group], labels: Sequence[str], *, validation: float, test: float
) -> dict[Part, list[Photograph]]:
    """Put every group into a part; no class goes without any.

    Groups of several classes come first, the largest before the others, each where it disturbs the shares least; then
    those of one class, in the order of their ranks: test first, then validation.

    Args:
        groups: to deal.
        labels: class names by index.
        validation: wanted share, in (0, 1).
        test: wanted share, in (0, 1).

    Raises:
        DatasetError: when the groups of a class do not fill three parts.
    """
    table = _Table(groups, len(labels), validation=validation, test=test)
    table.deal_mixed()
    missed = dict.fromkeys(HELD_BACK, 0)
    # Classes of large groups cannot be divided finely; those of single photographs come last and make up for it.
    for label in table.coarsest_first():
        missed = table.deal_class(label, missed=missed)
    for label, name in enumerate(labels):
        for part in Part:
            table.fill(label, part)
        _refuse_empty(table, label, name=name)
    return table.photographs()


def quotas(totals: Sequence[int], share: float) -> list[int]:
    """How many of each class make up a share: at least one each, and together the share of all.

    Args:
        totals: photographs per class.
        share: in (0, 1).
    """
    counts = [max(1, round(total * share)) for total in totals]
    missing = round(sum(totals) * share) - sum(counts)
    step = 1 if missing > 0 else -1
    for _ in range(abs(missing)):
        open_ = [index for index, total in enumerate(totals) if 1 <= counts[index] + step < total]
        if not open_:
            break
        counts[max(open_, key=lambda index: step * (totals[index] * share - counts[index]))] += step
    return counts


class _Table:
    """Which group is in which part so far, and how many of each class that makes."""

    def __init__(self, groups: Sequence[Group], classes: int, *, validation: float, test: float) -> None:
        given = {group.part for group in groups}
        # Data that came divided keeps its parts; one that it lacks is taken from training.
        self._lacking = tuple(part for part in HELD_BACK if part not in given) if given != {None} else ()
        self._part_of: dict[Group, Part] = {}
        self._of_class: list[list[Group]] = [[] for _ in range(classes)]
        self._mixed: list[Group] = []
        self.have = {part: np.zeros(classes, np.int64) for part in Part}
        totals = np.zeros(classes, np.int64)
        for group in sorted(groups, key=lambda group: group.rank):
            counts = group.counts
            for label, count in counts.items():
                self._of_class[label].append(group)
                totals[label] += count
            if len(self._options(group)) == 1:
                self._put(group, self._options(group)[0])
            elif len(counts) > 1:
                self._mixed.append(group)
        shares = {Part.TEST: test, Part.VALIDATION: validation}
        self._goal = {part: np.array(quotas(totals.tolist(), share), np.int64) for part, share in shares.items()}
        self._goal[Part.TRAIN] = totals - self._goal[Part.TEST] - self._goal[Part.VALIDATION]

    def deal_mixed(self) -> None:
        """Put each group of several classes where it disturbs the shares least."""
        self._mixed.sort(key=lambda group: (-len(group.members), group.rank))
        for _ in range(_PASSES):
            for group in self._mixed:
                self._take(group)
                self._put(group, min(self._options(group), key=lambda part: self._disturbance(group, part)))

    def coarsest_first(self) -> list[int]:
        """Classes by the size of their largest group."""
        largest = [max((len(group.members) for group in own), default=0) for own in self._of_class]
        return sorted(range(len(largest)), key=lambda label: -largest[label])

    def deal_class(self, label: int, *, missed: Mapping[Part, int]) -> dict[Part, int]:
        """Deal the groups of one class alone.

        Args:
            label: the class.
            missed: photographs that the parts lack (or have too many of) from the classes before.

        Returns:
            What they lack now.
        """
        own = [group for group in self._of_class[label] if group not in self._part_of]
        if not own:
            return dict(missed)
        room = {part: int(self._goal[part][label] - self.have[part][label]) + missed[part] for part in HELD_BACK}
        for group in own:
            fitting = (part for part in HELD_BACK if part in self._options(group) and room[part] >= len(group.members))
            part = next(fitting, Part.TRAIN)
            self._put(group, part)
            if part is not Part.TRAIN:
                room[part] -= len(group.members)
        for part in HELD_BACK:
            room[part] -= self._top_up(own, part, label=label, short=room[part])
        return room

    def fill(self, label: int, part: Part) -> None:
        """Where a part has none of a class, take the smallest group that leaves no other without."""
        if self.have[part][label]:
            return
        spare = [
            group
            for group in self._of_class[label]
            if part in self._options(group)
            and all(self.have[self._part_of[group]][other] > count for other, count in group.counts.items())
        ]
        if spare:
            # Large groups may fit nowhere, and large shares may leave nothing to learn from: who has most gives.
            chosen = min(spare, key=lambda group: (-self.have[self._part_of[group]][label], len(group.members)))
            self._take(chosen)
            self._put(chosen, part)

    def groups(self, label: int) -> list[Group]:
        """Groups with photographs of a class."""
        return self._of_class[label]

    def photographs(self) -> dict[Part, list[Photograph]]:
        """The photographs of each part."""
        return {
            part: [item for group, place in self._part_of.items() if place is part for item in group.members]
            for part in Part
        }

    def _options(self, group: Group) -> tuple[Part, ...]:
        if group.part is None:
            return (*HELD_BACK, Part.TRAIN)
        return (group.part, *self._lacking) if group.part is Part.TRAIN and not group.stays else (group.part,)

    def _top_up(self, own: Sequence[Group], part: Part, *, label: int, short: int) -> int:
        """Where all groups left are larger than what is missing, the one that fits best may go over it."""
        candidates = [group for group in own if self._part_of[group] is Part.TRAIN and part in self._options(group)]
        best = min(candidates, key=lambda group: abs(short - len(group.members)), default=None)
        if best is None or abs(short - len(best.members)) >= short:
            return 0
        if self.have[Part.TRAIN][label] == len(best.members):
            return 0
        self._take(best)
        self._put(best, part)
        return len(best.members)

    def _disturbance(self, group: Group, part: Part) -> float:
        """How much further (or, below 0, less far) from its goal a part is with a group: chi square of its classes."""
        labels = np.array(list(group.counts), np.int64)
        counts = np.array(list(group.counts.values()), np.int64)
        goal, have = self._goal[part][labels], self.have[part][labels]
        of_classes = ((have + counts - goal) ** 2 - (have - goal) ** 2) / np.maximum(goal, 1)
        total, whole = int(self.have[part].sum()), max(1, int(self._goal[part].sum()))
        of_whole = ((total + counts.sum() - whole) ** 2 - (total - whole) ** 2) / whole
        return float(of_classes.sum() + of_whole)

    def _put(self, group: Group, part: Part) -> None:
        self._part_of[group] = part
        for label, count in group.counts.items():
            self.have[part][label] += count

    def _take(self, group: Group) -> None:
        part = self._part_of.pop(group, None)
        if part is not None:
            for label, count in group.counts.items():
                self.have[part][label] -= count


def _refuse_empty(table: _Table, label: int, *, name: str) -> None:
    empty = [part for part in Part if not table.have[part][label]]
    groups = table.groups(label)
    if not empty:
        return
    if any(group.part for group in groups):
        raise DatasetError(
            f"class {name}: no photograph in {' and '.join(empty)}, as the data came divided: add some, "
            "or divide anew with `prepare --split`"
        )
    raise DatasetError(
        f"class {name}: {len(groups)} different motifs among its photographs, the others are near-duplicates or of "
        f"one group, which leaves none for {' and '.join(empty)}: add photographs or take the class out"
    )

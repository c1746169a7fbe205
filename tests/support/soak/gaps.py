"""Numbers that are missing, as stretches: a number may jump past a trillion others."""

from __future__ import annotations

from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


class Gaps:
    """Stretches of numbers in order, from which what is explained is taken away."""

    def __init__(self, stretches: Iterable[range]) -> None:
        self._stretches = [stretch for stretch in stretches if stretch]

    @classmethod
    def between(cls, numbers: Iterable[int], *, last: int) -> Self:
        """Everything from 1 to `last` but these numbers."""
        ends = [0, *sorted(set(numbers)), last + 1]
        return cls(range(before + 1, after) for before, after in pairwise(ends))

    def __len__(self) -> int:
        return sum(map(len, self._stretches))

    def first(self, count: int) -> list[int]:
        """At most so many, the lowest."""
        return list(islice(chain.from_iterable(self._stretches), count))

    def take(self, numbers: Iterable[int]) -> int:
        """Take these away; returns how many of them were there."""
        return sum(self.take_all(range(number, number + 1)) for number in set(numbers))

    def take_all(self, taken: range) -> int:
        """Take a stretch away; returns how many of it were there."""
        before = len(self)
        left: list[range] = []
        for stretch in self._stretches:
            left.append(range(stretch.start, min(stretch.stop, taken.start)))
            left.append(range(max(stretch.start, taken.stop), stretch.stop))
            if not taken or stretch.stop <= taken.start or stretch.start >= taken.stop:
                left[-2:] = [stretch]
        self._stretches = [stretch for stretch in left if stretch]
        return before - len(self)

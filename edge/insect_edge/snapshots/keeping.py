"""Which pictures stay when there is not room for all: some of every label, the best and the newest of it first.

The pictures of a label stand in a row: the newest, the best, the newest of the rest, the best of the rest, and so on.
Every row is cut to the same length, as long as the budget allows, so that the thousandth ant goes before the second
earwig. Where rows are equally long the oldest of their last pictures goes first.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from insect_edge.snapshots.picture import Picture


def surplus(pictures: Iterable[Picture], *, budget: int) -> list[Picture]:
    """The pictures to give up so that the rest has at most `budget` bytes, in the order in which to do so."""
    rows: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        rows[picture.label].append(picture)
    ranked = [pair for row in rows.values() for pair in enumerate(_in_order(row))]
    # The end of the longest row first; among equally long ones the oldest.
    ranked.sort(key=lambda pair: (-pair[0], pair[1].number))
    size = sum(picture.size for _, picture in ranked)
    given_up = []
    for _, picture in ranked:
        if size <= budget:
            break
        given_up.append(picture)
        size -= picture.size
    return given_up


def _in_order(row: Sequence[Picture]) -> list[Picture]:
    """Newest and best in turn, each picture once; of two equally good ones the newer is the better."""
    newest = sorted(row, key=lambda picture: picture.number)
    best = sorted(row, key=lambda picture: (picture.score, picture.number))
    order: dict[Picture, None] = {}
    while newest or best:
        for stack in (newest, best):
            while stack and stack[-1] in order:
                stack.pop()
            if stack:
                order[stack.pop()] = None
    return list(order)

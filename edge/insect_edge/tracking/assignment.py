"""Who is who: the cheapest way to give each animal at most one sighting and each sighting at most one animal.

Exact, by shortest augmenting paths (Jonker & Volgenant 1987, *Computing* 38: 325-340), separately for each group of
animals and sightings that have anything to do with each other: most groups are of one animal and one sighting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

Pair = tuple[int, int]


def assign(costs: Mapping[Pair, float], *, limit: float) -> dict[int, int]:
    """Row to column such that the sum of `cost - limit` over all pairs chosen is least.

    Args:
        costs: of the pairs that are possible, (row, column); finite.
        limit: what it costs to leave a row and a column alone; dearer pairs are never chosen.
    """
    possible = {pair: cost - limit for pair, cost in costs.items() if cost < limit}
    chosen: dict[int, int] = {}
    for group in _groups(possible):
        rows, columns = sorted({row for row, _ in group}), sorted({column for _, column in group})
        if len(rows) == 1 or len(columns) == 1:
            row, column = min(group, key=lambda pair: (possible[pair], pair))
            chosen[row] = column
            continue
        # To the right of the true columns one of its own for each row, by which it is left alone.
        table = np.zeros((len(rows), len(columns) + len(rows)))
        table[:, : len(columns)] = 1.0
        for row, column in group:
            table[rows.index(row), columns.index(column)] = possible[row, column]
        for row, place in zip(rows, _solved(table), strict=True):
            if place < len(columns) and (row, columns[place]) in possible:
                chosen[row] = columns[place]
    return chosen


def _groups(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Pairs that share rows or columns, however indirectly, together; in the order of their first pair."""
    leaders: dict[tuple[str, int], tuple[str, int]] = {}

    def leader(node: tuple[str, int]) -> tuple[str, int]:
        while (above := leaders.setdefault(node, node)) != node:
            node = above
        return node

    found = sorted(pairs)
    for row, column in found:
        leaders[leader(("column", column))] = leader(("row", row))
    groups: dict[tuple[str, int], list[Pair]] = {}
    for row, column in found:
        groups.setdefault(leader(("row", row)), []).append((row, column))
    return list(groups.values())


def _solved(costs: NDArray[np.float64]) -> list[int]:
    """The column of each row at the least sum of costs; there are at least as many columns as rows."""
    rows, columns = costs.shape
    row_prices, prices = np.zeros(rows), np.zeros(columns)
    # The row each column is given to; one column more stands for the row that is being placed.
    owners = np.full(columns + 1, -1)
    for row in range(rows):
        owners[columns] = row
        column = columns
        least, came_from = np.full(columns, np.inf), np.full(columns, columns)
        done = np.zeros(columns + 1, dtype=bool)
        while owners[column] >= 0:
            done[column] = True
            owner = owners[column]
            path = costs[owner] - row_prices[owner] - prices
            shorter = ~done[:columns] & (path < least)
            least[shorter], came_from[shorter] = path[shorter], column
            column = int(np.where(done[:columns], np.inf, least).argmin())
            step = least[column]
            row_prices[owners[done]] += step
            prices[done[:columns]] -= step
            least[~done[:columns]] -= step
        while column != columns:
            owners[column], column = owners[came_from[column]], int(came_from[column])
    placed = [0] * rows
    for column in range(columns):
        if owners[column] >= 0:
            placed[owners[column]] = column
    return placed

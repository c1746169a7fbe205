"""The assignment is the cheapest there is, whatever the costs."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.tracking.assignment import assign

COSTS = st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 4)), st.floats(-5, 15), max_size=25)
LIMIT = 9.0


def total(costs: dict[tuple[int, int], float], chosen: dict[int, int]) -> float:
    """What an assignment costs beyond leaving everything alone."""
    return sum(costs[pair] - LIMIT for pair in chosen.items())


def cheapest(costs: dict[tuple[int, int], float]) -> float:
    """The least total, by trying every way to give five rows five columns or none."""
    worth = [[min(costs.get((row, column), LIMIT) - LIMIT, 0.0) for column in range(5)] for row in range(5)]
    return min(sum(worth[row][column] for row, column in enumerate(order)) for order in permutations(range(5)))


@given(COSTS)
def test_no_other_assignment_is_cheaper(costs: dict[tuple[int, int], float]) -> None:
    """Of all ways to pair rows with columns, the one chosen has the least sum."""
    chosen = assign(costs, limit=LIMIT)
    assert len(set(chosen.values())) == len(chosen)
    assert total(costs, chosen) == pytest.approx(cheapest(costs), abs=1e-9)


@given(COSTS)
def test_what_is_too_dear_or_impossible_is_left_alone(costs: dict[tuple[int, int], float]) -> None:
    """Only pairs that were offered below the limit are chosen."""
    assert all(costs[pair] < LIMIT for pair in assign(costs, limit=LIMIT).items())


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (7, 7), (12, 20), (20, 12), (40, 40)])
def test_it_agrees_with_scipy(rows: int, columns: int) -> None:
    """On full tables too large to try out, scipy's solver finds no better."""
    optimize = pytest.importorskip("scipy.optimize")
    generator = np.random.default_rng(rows * columns)
    table = generator.uniform(0, LIMIT, (rows, columns))
    costs = {(row, column): float(table[row, column]) for row in range(rows) for column in range(columns)}
    chosen = assign(costs, limit=LIMIT)
    best = table[optimize.linear_sum_assignment(table)].sum() - LIMIT * min(rows, columns)
    assert total(costs, chosen) == pytest.approx(best)


def test_nothing_gives_nothing() -> None:
    """Without pairs there is no assignment."""
    assert assign({}, limit=LIMIT) == {}

"""How clear a thing must be among weak ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.regions.dirt import enough

MERITS = st.lists(st.floats(0.0, 1e4), max_size=60).map(lambda merits: np.array(merits, np.float64))


def with_weak(clear: list[float], *, weak: int) -> float:
    """What is enough where there are so many weak things of all sizes besides."""
    return enough(np.array([*clear, *np.geomspace(0.5, 3.9, weak)]))


def test_on_a_clean_sheet_the_least_is_enough() -> None:
    """Where there is no dirt, a merit of one makes an animal, and less makes none."""
    assert with_weak([1.0, 1.3, 5.0, 70.0, 900.0], weak=0) == 1
    assert math.isinf(with_weak([0.99], weak=0))


def test_among_nothing_but_dirt_is_no_animal() -> None:
    """Where all is weak nothing is enough, and nothing of nothing."""
    assert math.isinf(with_weak([], weak=20))
    assert math.isinf(with_weak([], weak=0))


@pytest.mark.parametrize("merits", [[1.0], [1.5], [3.4], [5.8, 3.7], [15.0, 0.6], [3.2, 3.2, 3.3, 5118.0]])
def test_a_faint_thing_is_no_dirt_to_itself(merits: list[float]) -> None:
    """On a clean sheet a lone fly is enough, beside clear ones or a single speck too."""
    assert enough(np.array(merits)) == 1


@pytest.mark.parametrize("strays", [[], [0.6], [0.6, 1.4]])
def test_a_swarm_is_no_dirt(strays: list[float]) -> None:
    """Equal faint flies are all enough, twenty or three hundred, and a tenth of specks changes nothing."""
    assert enough(np.array([*np.linspace(3.1, 3.4, 20), *strays])) == 1
    assert enough(np.array([*([3.9] * 300), *strays])) == 1


def test_small_flies_of_different_sizes_are_no_dirt() -> None:
    """Where nothing is certain and next to nothing too weak, all are enough; beside a moth or dirt they are not."""
    flies = np.geomspace(1.1, 30, 20)
    assert enough(flies) == enough(np.append(flies, [0.7, 0.6])) == 1
    assert enough(np.append(flies, 60.0)) > 1
    assert enough(np.append(flies, [0.7] * 3)) > 1


def test_a_swarm_of_specks_excuses_no_others() -> None:
    """A few weak things among many that are below the least of an animal are dirt like those."""
    assert math.isinf(enough(np.array([0.6] * 40 + [1.2, 1.9, 3.1])))


def test_more_dirt_asks_for_more() -> None:
    """What is an animal among three specks is none among thirty."""
    assert with_weak([50.0], weak=3) <= 50
    assert math.isinf(with_weak([50.0], weak=30))


def test_among_many_animals_a_fainter_one_is_believed() -> None:
    """The same dirt asks for less where most of what stands out is clear."""
    assert with_weak([200.0, 30.0], weak=8) > 30
    assert with_weak([200.0] * 12 + [30.0], weak=8) <= 30


@given(merits=MERITS)
def test_what_is_taken_is_clear_for_its_number(merits: np.ndarray) -> None:
    """What is enough leaves things, is at least one, and no more than the weak for each of those ask for."""
    least = enough(merits)
    taken = np.count_nonzero(merits >= least)
    weak = np.count_nonzero((merits >= 0.5) & (merits < 4))
    if math.isinf(least):
        assert taken == 0
    else:
        assert taken >= 1
        assert 1 <= least <= max(28 * math.sqrt(weak / taken), 1)


@given(merits=MERITS, weak=st.integers(0, 20))
def test_dirt_makes_no_animals(merits: np.ndarray, weak: int) -> None:
    """More weak things never lower what is enough."""
    assert enough(np.append(merits, [0.7] * weak)) >= enough(merits)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.domain import Region
from support.boxes import matched


def box(x: float, y: float, width: float, height: float) -> Region:
    """A box in fractions."""
    return Region(x=x, y=y, width=width, height=height)


MOTH = box(0.4, 0.4, 0.1, 0.1)

boxes = st.lists(
    st.builds(box, st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0.01, 0.5), st.floats(0.01, 0.5)), max_size=8
)


def test_what_is_proposed_where_it_is_is_a_hit() -> None:
    """The same box is found and nothing else is."""
    matching = matched([MOTH], [MOTH])
    assert (matching.hits, matching.missed, matching.false) == (((0, 0),), (), ())


@pytest.mark.parametrize(
    ("proposal", "hits"),
    [
        (box(0.475, 0.4, 0.1, 0.1), 1),  # a quarter of it overlaps: 1 / 7
        (box(0.485, 0.4, 0.1, 0.1), 0),  # 0.15 / 1.85
        (box(0.33, 0.33, 0.24, 0.24), 1),  # around it, 5.8 times its area
        (box(0.29, 0.29, 0.34, 0.34), 0),  # around it, 11.6 times its area
        (box(0.44, 0.44, 0.02, 0.02), 1),  # a small piece of it: 1 / 25, but its middle lies within
        (box(0.7, 0.7, 0.1, 0.1), 0),
    ],
)
def test_how_well_a_proposal_must_fit(proposal: Region, hits: int) -> None:
    """A tenth of intersection over union, or the middle within and at most six times the area."""
    assert len(matched([MOTH], [proposal]).hits) == hits


def test_a_second_proposal_of_the_same_animal_is_false() -> None:
    """Each animal is found once: the better fit is the hit."""
    matching = matched([MOTH], [box(0.42, 0.4, 0.1, 0.1), MOTH])
    assert matching.hits == ((0, 1),)
    assert matching.false == (0,)
    assert matching.false_share == pytest.approx(0.5)


def test_one_proposal_around_two_animals_finds_one_of_them() -> None:
    """Animals that are not told apart are not both found."""
    matching = matched([MOTH, box(0.51, 0.4, 0.1, 0.1)], [box(0.4, 0.4, 0.21, 0.1)])
    assert len(matching.hits) == 1
    assert matching.recall == pytest.approx(0.5)


def test_an_empty_frame_has_all_its_animals() -> None:
    """Without animals nothing is missed, and whatever is proposed is false."""
    matching = matched([], [MOTH])
    assert (matching.recall, matching.false_share) == (1.0, 1.0)
    assert (matched([MOTH], []).recall, matched([MOTH], []).false_share) == (0.0, 0.0)


@given(truths=boxes, proposals=boxes)
def test_every_box_is_accounted_for_once(truths: list[Region], proposals: list[Region]) -> None:
    """Hits and misses are all true boxes, hits and false ones all proposals."""
    matching = matched(truths, proposals)
    assert sorted([*(truth for truth, _ in matching.hits), *matching.missed]) == list(range(len(truths)))
    assert sorted([*(found for _, found in matching.hits), *matching.false]) == list(range(len(proposals)))

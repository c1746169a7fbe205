"""Joining, ranking and bounding of proposals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.regions import merge
from insect_edge.sightings import Origin
from support.finding import same
from support.proposals import box, proposal

boxes = st.builds(box, st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0.01, 0.5), st.floats(0.01, 0.5))


def test_overlap_is_intersection_over_union() -> None:
    """Two boxes that share half of each have a third in common."""
    assert merge.overlap(box(0, 0, 0.2, 0.2), box(0.1, 0, 0.2, 0.2)) == pytest.approx(1 / 3)


@given(one=boxes, other=boxes)
def test_overlap_is_symmetrical_and_bounded(one: merge.Region, other: merge.Region) -> None:
    """It makes no difference which comes first."""
    assert merge.overlap(one, other) == pytest.approx(merge.overlap(other, one))
    assert 0 <= merge.overlap(one, other) <= 1 + 1e-9
    assert same(one, other) == same(other, one)


def test_a_box_within_another_is_the_same_thing() -> None:
    """An animal's head does not count beside the animal."""
    animal, head, other = (
        proposal(box(*sides)) for sides in ((0.1, 0.1, 0.2, 0.2), (0.15, 0.15, 0.02, 0.02), (0.28, 0.1, 0.2, 0.2))
    )
    assert merge.strangers([head, other], [animal]) == [other]
    assert same(box(0.1, 0.1, 0.2, 0.2), box(0.15, 0.15, 0.02, 0.02))
    assert not same(box(0.1, 0.1, 0.2, 0.2), box(0.28, 0.1, 0.2, 0.2))


@given(regions=st.lists(boxes, min_size=1, max_size=5))
def test_what_is_around_regions_holds_each_of_them(regions: list[merge.Region]) -> None:
    """All of every region lies in the one around them."""
    around = merge.around(regions)
    for region in regions:
        assert merge.intersection(region, around) == pytest.approx(region.width * region.height)


def test_each_thing_is_proposed_once() -> None:
    """Of two proposals of one thing the stronger stays, and the order is by strength."""
    weak, strong = proposal(box(0.1, 0.1, 0.1, 0.1), strength=0.3), proposal(box(0.11, 0.1, 0.1, 0.1), strength=0.8)
    other = proposal(box(0.5, 0.5, 0.1, 0.1), strength=0.9)
    assert merge.distinct([weak, strong, other]) == [other, strong]


def test_of_nothing_nothing_is_proposed() -> None:
    """An empty frame has no things, and everything is strange to it."""
    assert merge.distinct([]) == []
    assert merge.strangers([], [proposal(box(0.1, 0.1, 0.1, 0.1))]) == []


def test_a_known_animal_goes_before_a_new_guess() -> None:
    """What rests is not looked at afresh because another finder sees it too."""
    rest = proposal(box(0.1, 0.1, 0.1, 0.1), strength=0.1, origin=Origin.REST)
    contrast = proposal(box(0.11, 0.1, 0.1, 0.1), strength=0.8, origin=Origin.CONTRAST)
    assert merge.distinct([contrast, rest]) == [rest]


def test_the_strongest_are_kept_and_the_rest_counted() -> None:
    """More than the most are skipped, the weakest first."""
    proposals = [proposal(box(0.1 * number, 0, 0.05, 0.05), strength=number / 10) for number in range(5)]
    found = merge.bounded(proposals, most=2)
    assert [one.strength for one in found.proposals] == [0.4, 0.3]
    assert found.skipped == 3


def test_animals_that_rest_are_never_skipped() -> None:
    """They cost nothing, so that no bound takes them."""
    resting = [proposal(box(0.1 * number, 0, 0.05, 0.05), strength=0, origin=Origin.REST) for number in range(3)]
    found = merge.bounded([*resting, proposal(box(0.5, 0.5, 0.1, 0.1))], most=1, settled=False)
    assert len(found.proposals) == 4
    assert (found.skipped, found.settled) == (0, False)


@given(st.lists(boxes, max_size=6), st.lists(boxes, max_size=6))
def test_strangers_are_those_of_no_thing_known(new: list[merge.Region], known: list[merge.Region]) -> None:
    """Many at once are compared as two are."""
    proposals = [proposal(region) for region in new]
    expected = [one for one in proposals if not any(same(one.region, other) for other in known)]
    assert merge.strangers(proposals, [proposal(region) for region in known]) == expected

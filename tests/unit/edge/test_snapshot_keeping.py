"""Which pictures stay when there is not room for all."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.snapshots.keeping import surplus
from insect_edge.snapshots.picture import Picture, named


def picture(number: int, *, label: str = "slug", score: float = 0.5, size: int = 10) -> Picture:
    """A picture that matters by these alone."""
    return Picture(number=number, started="unset", label=label, score=score, event=f"event-{number}", size=size)


@st.composite
def albums(draw: st.DrawFn) -> list[Picture]:
    """Pictures in any order, each with a number of its own."""
    facts = st.tuples(st.sampled_from(["ants", "slug", "earwig"]), st.integers(0, 100), st.integers(1, 50))
    drawn = draw(st.lists(facts, max_size=30))
    made = [picture(n, label=label, score=score / 100, size=size) for n, (label, score, size) in enumerate(drawn)]
    return draw(st.permutations(made))


def kept(album: list[Picture], *, budget: int) -> set[Picture]:
    """What stays."""
    return set(album) - set(surplus(album, budget=budget))


@given(album=albums(), budget=st.integers(0, 1500))
def test_the_rest_fits_and_no_more_is_given_up_than_that_takes(album: list[Picture], budget: int) -> None:
    """Within the budget nothing goes; past it the rest fits, and would not with the last one given up."""
    given_up = surplus(album, budget=budget)
    rest = sum(one.size for one in album) - sum(one.size for one in given_up)
    assert rest <= budget
    assert not given_up or rest + given_up[-1].size > budget
    assert len(set(given_up)) == len(given_up)


@given(album=albums(), budget=st.integers(0, 1500))
def test_no_label_gives_up_what_another_has_more_of(album: list[Picture], budget: int) -> None:
    """A label that lost pictures has as many left as any other, give or take the one that is next to go."""
    left = Counter(one.label for one in kept(album, budget=budget))
    losers = {one.label for one in surplus(album, budget=budget)}
    assert all(left[label] >= most - 1 for label in losers for most in left.values())


@given(album=albums(), budget=st.integers(0, 1500))
def test_of_every_label_the_newest_stays_longest_then_the_best(album: list[Picture], budget: int) -> None:
    """A label with any picture left has its newest, and with two or more also its best."""
    rest = kept(album, budget=budget)
    for label in {one.label for one in rest}:
        all_of_it = [one for one in album if one.label == label]
        left = {one for one in rest if one.label == label}
        newest = max(all_of_it, key=lambda one: one.number)
        others = [one for one in all_of_it if one != newest]
        assert newest in left
        assert len(left) < 2 or max(others, key=lambda one: (one.score, one.number)) in left


@given(album=albums(), budget=st.integers(0, 1500), less=st.integers(0, 500))
def test_thinning_twice_is_thinning_once(album: list[Picture], budget: int, less: int) -> None:
    """What stays within a small budget does so whether or not a larger one came before."""
    small = max(budget - less, 0)
    assert kept(list(kept(album, budget=budget)), budget=small) == kept(album, budget=small)


def test_the_thousandth_ant_goes_before_the_second_earwig() -> None:
    """A label that is seen all the time crowds out none that is rare."""
    ants = [picture(number, label="ants", score=0.9) for number in range(1000)]
    earwigs = [picture(1000 + number, label="earwig", score=0.5) for number in range(2)]
    rest = kept(ants + earwigs, budget=100)
    assert Counter(one.label for one in rest) == {"ants": 8, "earwig": 2}


def test_newest_and_best_take_turns() -> None:
    """In one label every second place goes to the newest of the rest, the others to the best of it."""
    scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]
    album = [picture(number, score=score) for number, score in enumerate(scores)]
    assert [one.number for one in surplus(album, budget=0)][::-1] == [6, 0, 5, 1, 4, 2, 3]


@given(
    made=st.builds(
        Picture,
        number=st.integers(0, 99_999_999),
        started=st.sampled_from(["20260601T120000Z", "unset"]),
        label=st.from_regex("[a-z0-9]{1,5}(-[a-z0-9]{1,5}){0,2}", fullmatch=True),
        score=st.integers(0, 100).map(lambda percent: percent / 100),
        event=st.uuids().map(str),
        size=st.just(7),
    )
)
def test_a_name_says_it_all(made: Picture) -> None:
    """What a picture's file is called is enough to know the picture."""
    assert named(made.name, size=7) == made


@pytest.mark.parametrize(
    "name",
    [
        "holiday.jpg",
        ".insect-edge-x1",
        "00000001_unset_slug_0.90_event-1.jpg.part",
        "00000001_20260601T120000Z_slug_2.00_event-1.jpg",
        "1_unset_slug_0.90_event-1.jpg",
    ],
)
def test_other_files_are_none_of_ours(name: str) -> None:
    """A file that is called otherwise is no picture to give up."""
    assert named(name, size=1) is None

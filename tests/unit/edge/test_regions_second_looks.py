"""What many looks at one picture may say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.domain import Category, Classification, Evidence, Label, Region, Role, Verdict
from insect_edge.regions.second_looks import around, candidates, careful, centred, named, presence, small, sure

WIDTH, HEIGHT = 640, 480


def seen(
    score: float, *, x: float = 0.0, role: Role = Role.PEST, presence: float | None = None, verdict: Role | None = None
) -> Classification:
    """A look at a square of a tenth of the width."""
    label = Label(index=0, name=str(role), role=role, taxon=None, threshold=0.5)
    return Classification(
        categories=(Category(label=label, score=score),),
        verdict=Verdict(label=str(verdict), role=verdict, score=score, threshold=0.5) if verdict else None,
        region=Region(x=x, y=0.0, width=0.1, height=0.1),
        inference_ms=1.0,
        evidence=None if presence is None else Evidence(presence=presence, familiarity=3.0),
    )


def test_presence_is_what_the_card_tells_or_the_label_says() -> None:
    """Without evidence the best label speaks: for an animal if it is one, against one if it is the background."""
    assert presence(seen(0.4, presence=0.7)) == 0.7
    assert presence(seen(0.8)) == 0.8
    assert presence(seen(0.8, role=Role.BACKGROUND)) == pytest.approx(0.2)


@pytest.mark.parametrize(("verdict", "expected"), [(None, False), (Role.UNKNOWN, False), (Role.NEUTRAL, True)])
def test_a_name_is_a_verdict_that_is_not_unknown(verdict: Role | None, *, expected: bool) -> None:
    """`unknown` is a verdict, and no name."""
    assert named(seen(0.9, verdict=verdict)) is expected


def test_a_leg_is_no_animal() -> None:
    """Where the whole shows an animal, a part is one of its own only where nothing is to be seen beside it."""
    animal, full, wide = Region(x=0.4, y=0.0, width=0.1, height=0.1), seen(0.4, presence=0.95), seen(0.4, presence=0.8)
    empty, there = [seen(0.2, x=0.0), seen(0.9, x=0.42)], [seen(0.6, x=0.0), seen(0.9, x=0.42)]
    assert small(animal, full, empty)
    assert not small(animal, full, there)
    assert small(animal, wide, there)


def test_several_looks_must_be_surer_than_one() -> None:
    """A verdict that would do for a single look at a picture does not, where there were many places to look at."""
    assert not sure(seen(0.99, presence=0.98, verdict=Role.PEST))
    assert sure(seen(0.60, presence=0.995, verdict=Role.PEST))
    assert sure(seen(0.60, presence=0.995, verdict=Role.UNKNOWN))
    assert not sure(seen(0.60, presence=0.995))
    assert not sure(seen(0.85, verdict=Role.PEST))
    assert sure(seen(0.95, verdict=Role.PEST))


def test_an_unclear_name_is_withheld() -> None:
    """An animal that is surely one, yet not clearly of that label, is unknown; its categories stay."""
    unclear, clear = (seen(score, presence=0.995, verdict=Role.PEST) for score in (0.65, 0.75))
    withheld = careful(unclear)
    assert withheld.verdict == Verdict(label="unknown", role=Role.UNKNOWN, score=0.995, threshold=0.99)
    assert withheld.categories == unclear.categories
    assert careful(clear) is clear
    assert careful(seen(0.65, verdict=Role.PEST)).verdict is not None


def test_the_likeliest_places_are_looked_at_again_each_once() -> None:
    """Overlapping squares are one place, what is hardly an animal none, and there are never more than asked for."""
    looks = [seen(0.7, x=0.5), seen(0.9, x=0.52), seen(0.8, x=0.2), seen(0.6, x=0.8), seen(0.45, x=0.0)]
    assert [one.region.x for one in candidates(looks, most=9)] == [0.52, 0.2, 0.8]
    assert [one.region.x for one in candidates(looks, most=2)] == [0.52, 0.2]
    assert candidates([seen(0.9, role=Role.BACKGROUND)], most=3) == []


def test_a_place_is_moved_to_where_its_neighbours_see_the_animal_too() -> None:
    """Overlapping squares of the same size pull it towards them, each by its presence; others do not."""
    best, beside, apart = seen(0.9, x=0.50), seen(0.6, x=0.55), seen(0.9, x=0.65)
    moved = centred(best, [best, beside, apart], frame_width=1000, frame_height=1000)
    assert moved.x == pytest.approx((0.9 * 0.50 + 0.6 * 0.55) / 1.5, abs=1e-3)
    assert (moved.y, moved.width) == (0.0, pytest.approx(0.1))
    assert centred(best, [best, apart], frame_width=1000, frame_height=1000).x == pytest.approx(0.5)


sides = st.integers(4, HEIGHT)


@given(sides, st.floats(0, 1), st.floats(0, 1))
def test_squares_around_stay_square_and_inside(side: int, across: float, down: float) -> None:
    """Whatever the square, nearer and farther ones are squares of the frame about as near to its middle as can be."""
    left, top = round(across * (WIDTH - side)), round(down * (HEIGHT - side))
    region = Region(x=left / WIDTH, y=top / HEIGHT, width=side / WIDTH, height=side / HEIGHT)
    views = around(region, frame_width=WIDTH, frame_height=HEIGHT)
    assert views[0] == region
    assert len(set(views)) == len(views)
    for view in views:
        assert view.width * WIDTH == pytest.approx(view.height * HEIGHT, abs=1e-6)
        nearer = view.width <= region.width
        assert nearer or (view.x <= region.x + 1 / WIDTH and view.y <= region.y + 1 / HEIGHT)

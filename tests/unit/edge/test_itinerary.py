"""Small animals come in over an edge, rest inside, head where they go, and are gone in time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.garden.animals import ANIMALS
from insect_edge.garden.arrivals import Comings, turns_at
from insect_edge.garden.itinerary import HABITS, Gait, Itinerary, Leg, itinerary

ASPECT = 16 / 9
MOST_SECONDS = 180.0
labels = st.sampled_from(sorted(ANIMALS))
seeds = st.integers(0, 10_000)
shares = st.floats(0, 1)


def way(label: str, *, seed: int, length: float = 0.07) -> Itinerary:
    """A way of an animal of about four hundredths of the frame's width."""
    generator = np.random.default_rng(seed)
    return itinerary(
        label, side=length / 0.9, length=length, aspect=ASPECT, most_seconds=MOST_SECONDS, generator=generator
    )


def outside(x: float, y: float, *, by: float) -> bool:
    """Whether a place lies that far beyond an edge."""
    return abs(x) > ASPECT / 2 + by or abs(y) > 0.5 + by


def test_every_animal_has_its_habits() -> None:
    """Whatever can be drawn can also walk."""
    assert set(HABITS) == set(ANIMALS)


@given(labels, seeds)
def test_a_way_begins_and_ends_out_of_sight_and_in_time(label: str, seed: int) -> None:
    """Half a body and its shadow are beyond the edge at both ends; the visit takes no longer than there is time."""
    path = way(label, seed=seed)
    for place in (path.at(0), path.at(path.seconds)):
        assert outside(place.x, place.y, by=0.05)
    assert 10 < path.seconds <= MOST_SECONDS


@given(labels, seeds, shares)
def test_motion_is_smooth(label: str, seed: int, share: float) -> None:
    """In a hundredth of a second nobody jumps, and a whole turn takes at least a second."""
    path = way(label, seed=seed)
    moment = share * (path.seconds - 0.01)
    before, after = path.at(moment), path.at(moment + 0.01)
    assert math.dist((before.x, before.y), (after.x, after.y)) < 0.012
    assert abs(math.remainder(after.heading - before.heading, 2 * math.pi)) < 0.04
    assert after.walked >= before.walked
    assert abs(after.lift - before.lift) < 0.2


@given(labels, seeds, shares)
def test_animals_head_where_they_go(label: str, seed: int, share: float) -> None:
    """Who gets on gets on forwards; who is seen from the side hardly climbs."""
    path = way(label, seed=seed)
    moment = share * (path.seconds - 0.05)
    before, after = path.at(moment), path.at(moment + 0.05)
    gone = math.dist((before.x, before.y), (after.x, after.y))
    if after.walked - before.walked < 1e-4:
        return
    ahead = (after.x - before.x) * math.cos(after.heading) + (after.y - before.y) * math.sin(after.heading)
    assert ahead > 0.9 * gone or moment_of_change(path, moment)
    if not ANIMALS[label].from_above:
        assert abs(math.sin(after.heading)) < 0.13


def moment_of_change(path: Itinerary, moment: float) -> bool:
    """Whether an animal sets out or stops about that moment."""
    early, late = path.at(moment - 0.2), path.at(moment + 0.2)
    return abs((late.walked - path.at(moment).walked) - (path.at(moment).walked - early.walked)) > 1e-6


@given(labels, seeds)
def test_rests_lie_inside(label: str, seed: int) -> None:
    """Wherever an animal stops, all of it is in the picture, and on the ground."""
    path = way(label, seed=seed)
    moments = np.arange(0, path.seconds - 1, 0.5).tolist()
    resting = [path.at(moment) for moment in moments if path.at(moment).walked == path.at(moment + 0.5).walked]
    assert resting
    for place in resting:
        assert not outside(place.x, place.y, by=-0.035)
        assert place.lift == 0


def test_a_bent_way_ends_at_the_end_of_its_chord() -> None:
    """An arc from one place to another gets there, and is longer than the straight way."""
    leg = Leg(gait=Gait.WALK, seconds=2.0, start=(0.1, 0.2), chord=0.5, first=-0.4, last=0.4)
    end = leg.at(2.0)
    assert (end.x, end.y, end.heading) == pytest.approx((0.6, 0.2, 0.4))
    assert leg.length == pytest.approx(0.5 * 0.4 / math.sin(0.4))
    assert leg.at(1.0).y < 0.2


@pytest.mark.parametrize("settled", [False, True])
def test_no_identity_comes_twice(settled: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Over hours each place is always taken by somebody new, and no two places by the same one."""
    comings = Comings(labels=("ants",), places=5, cycle=100.0, settled=settled)
    begins: dict[int, float] = {}
    for seconds in range(0, 20_000, 7):
        turns = list(turns_at(comings, seconds=float(seconds), seed=4))
        assert len({turn.identity for turn in turns}) == len(turns) <= 5
        for turn in turns:
            assert begins.setdefault(turn.identity, turn.begins) == turn.begins
            assert turn.begins <= seconds < turn.begins + turn.cycle
    assert min(begins) == 0
    assert len(begins) == pytest.approx(20_000 / 100 * 5, abs=10)


def test_a_scene_may_begin_with_nobody_or_in_the_middle() -> None:
    """Unsettled, the first comes after some seconds and the others soon after; settled, all are there at once."""
    unsettled, settled = (Comings(labels=("ants",), places=8, settled=settled) for settled in (False, True))
    counts = [len(list(turns_at(unsettled, seconds=seconds, seed=0))) for seconds in (0.0, 2.9, 3.0, 80.0)]
    assert counts == [0, 0, 1, 8]
    assert len(list(turns_at(settled, seconds=0.0, seed=0))) == 8

"""Looks go where they are worth most, and nobody is forgotten."""

from __future__ import annotations

from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

from insect_edge.sightings import Origin, Proposal
from insect_edge.tracking.attention import CUT, MOVING, RESTING, wanted_looks
from insect_edge.tracking.state import watched
from support.policy_watch import BEES, NOTHING, SLUG, moment
from support.track_watch import SIZE, TrackWatch, at, sighting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from insect_edge.domain import Region

YOUNG = 5
NEVER: Mapping[Region, float] = MappingProxyType({})


def wanted(
    watch: TrackWatch, *proposals: Proposal, most: int = 100, looked: Mapping[Region, float] = NEVER
) -> tuple[int, ...]:
    """At which of these the watch would look now."""
    return wanted_looks(
        watch.tracks,
        proposals,
        at=moment(watch.now),
        most=most,
        young=YOUNG,
        settings=watch.tracker.settings,
        looked=looked,
        told=watch.state.told,
    )


def moving(x: float, y: float, *, strength: float = 0.5) -> Proposal:
    """Something that moves there."""
    return Proposal(region=at(x, y), origin=Origin.MOTION, strength=strength)


def test_what_is_new_is_looked_at_strongest_first() -> None:
    """Nothing is known yet."""
    assert wanted(TrackWatch(), moving(0.2, 0.2, strength=0.3), moving(0.5, 0.2, strength=0.9)) == (1, 0)


def test_what_is_young_comes_before_what_is_new() -> None:
    """What was seen before is likelier an animal than a flicker; the least sure first."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=4)
    watch.see(sighting(0.5, 0.3, shows=SLUG), sighting(0.2, 0.2), times=2)
    found = (moving(0.8, 0.4, strength=1.0), moving(0.2, 0.2), moving(0.5, 0.3))
    assert wanted(watch, *found, most=2) == (1, 0)


def test_a_known_animal_is_looked_at_less_and_less_often() -> None:
    """First in every other of five frames a second, then after a second, two, four, while it moves every eight."""
    watch, times = TrackWatch(), []
    for _ in range(300):
        looked = bool(wanted(watch, moving(0.5, 0.3)))
        if looked:
            times.append(round(watch.now - 100, 1))
        watch.see(sighting(0.5, 0.3, shows=SLUG if looked else None))
    assert times[:8] == [0.0, 0.4, 0.8, 1.2, 1.6, 2.6, 4.6, 8.6]
    assert all(MOVING <= later - earlier <= MOVING + 0.3 for earlier, later in pairwise(times[8:]))


def test_one_that_rests_is_looked_at_once_a_minute() -> None:
    """It does not change, but it may turn, or be gone without a trace."""
    watch = TrackWatch(every=1.0)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    looks = 0
    for _ in range(3600):
        rests = [Proposal(region=region, origin=Origin.REST, strength=1.0) for region in watched(watch.tracks)]
        chosen = wanted(watch, *rests)
        looks += len(chosen)
        watch.see(sighting(0.5, 0.3, shows=SLUG if chosen else None, origin=Origin.REST))
    assert 3600 / RESTING - 2 <= looks <= 3600 / RESTING + 8


def test_a_leaf_that_sways_does_not_take_all_looks() -> None:
    """What was never given a name is left alone for longer, however it moves."""
    watch, looks = TrackWatch(every=1.0), 0
    for _ in range(600):
        chosen = wanted(watch, moving(0.5, 0.3))
        looks += len(chosen)
        watch.see(sighting(0.5, 0.3, shows=NOTHING if chosen else None))
    assert looks < 25


def test_a_flood_of_flickers_starves_nobody() -> None:
    """With two looks a frame and twenty false boxes in each, a known animal is still looked at when it is due."""
    watch, looks = TrackWatch(), 0
    for number in range(200):
        flood = [moving(0.045 * (1 + (number * 7 + each) % 20), 0.1 + 0.02 * (each % 20)) for each in range(20)]
        found = [*flood, moving(0.5, 0.53)]
        chosen = wanted(watch, *found, most=3)
        looks += 20 in chosen
        watch.see(sighting(0.5, 0.53, shows=SLUG if 20 in chosen else None))
    assert looks >= 8


def test_tiles_come_by_how_long_ago_they_were_looked_at() -> None:
    """What was never looked at goes first, then what was looked at longest ago; before all that was found."""
    tiles = [Proposal(region=at(0.2 * number, 0.3), origin=Origin.TILE, strength=1.0) for number in range(1, 5)]
    looked = {tiles[0].region: 90.0, tiles[1].region: 80.0, tiles[2].region: 99.0}
    assert wanted(TrackWatch(), moving(0.5, 0.1), *tiles, looked=looked) == (4, 2, 1, 3, 0)


def test_a_piece_of_an_animal_and_a_box_around_two_are_not_looked_at() -> None:
    """They would say nothing of whom they belong to."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3), sighting(0.53, 0.3), times=4)
    around = Proposal(region=at(0.515, 0.3, size=0.075), origin=Origin.MOTION, strength=1.0)
    assert wanted(watch, around) == ()
    assert wanted(
        watch,
        moving(0.5, 0.3),
        moving(0.53, 0.3),
        Proposal(region=at(0.505, 0.305, size=0.01), origin=Origin.MOTION, strength=1.0),
    ) == (0, 1)


def test_what_comes_in_is_looked_at_once_it_is_whole() -> None:
    """Half an animal looks like another; no look is spent on it, so that all are left when it is whole."""
    watch = TrackWatch(every=0.5)
    half, whole = at(SIZE / 2 + 0.01, 0.3), at(SIZE / 2 + 0.02, 0.3)
    assert wanted(watch, Proposal(region=half, origin=Origin.MOTION, strength=1.0)) == ()
    watch.see(sighting(SIZE / 2, 0.3), times=4)
    assert wanted(watch, Proposal(region=half, origin=Origin.REST, strength=1.0)) == ()
    assert wanted(watch, Proposal(region=whole, origin=Origin.MOTION, strength=1.0)) == (0,)


def test_what_stays_half_outside_is_looked_at_after_a_while() -> None:
    """Grass that leans in has gone by then; an animal that rests there has not."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(SIZE / 2, 0.3), times=round(CUT / watch.every))
    half = Proposal(region=at(SIZE / 2, 0.3), origin=Origin.REST, strength=1.0)
    assert wanted(watch, half) == (0,)


def test_parts_that_are_looked_at_anyhow_may_touch_the_border() -> None:
    """They are no animals' outlines."""
    tile = Proposal(region=at(SIZE / 2, 0.3), origin=Origin.TILE, strength=1.0)
    assert wanted(TrackWatch(), tile) == (0,)


def looks_at(watch: TrackWatch, places: list[float]) -> int:
    """How often a thing without a name is looked at that is seen at these places, one after the other."""
    looks = 0
    for x in places:
        chosen = wanted(watch, moving(x, 0.3))
        looks += len(chosen)
        watch.see(sighting(x, 0.3, shows=NOTHING if chosen else None))
    return looks


def test_what_has_no_name_and_goes_on_is_looked_at_again() -> None:
    """An animal may have come where a leaf was: one that has left the place is no leaf."""
    swaying, going = TrackWatch(every=0.5), TrackWatch(every=0.5)
    for watch in (swaying, going):
        looks_at(watch, [0.2] * 200)
    sways = looks_at(swaying, [0.2 + 0.5 * SIZE * (number % 2) for number in range(60)])
    goes = looks_at(going, [0.2 + 0.2 * SIZE * number for number in range(60)])
    assert sways <= 2
    assert 6 <= goes <= 10


def test_what_rests_is_not_asked_in_quick_succession() -> None:
    """The same pixels get the same answer: five looks at what is new and rests take four seconds."""
    watch, times = TrackWatch(), []
    watch.see(sighting(0.5, 0.3), times=4)
    for _ in range(40):
        rests = [Proposal(region=region, origin=Origin.REST, strength=1.0) for region in watched(watch.tracks)]
        chosen = wanted(watch, *rests)
        times += [round(watch.now - 100.8, 1)] * len(chosen)
        watch.see(sighting(0.5, 0.3, shows=SLUG if chosen else None, origin=Origin.REST))
    assert times[:5] == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_what_has_a_name_and_no_event_is_looked_at_every_two_seconds() -> None:
    """It may need some looks more to be told; once it is, there is time."""
    told, untold = TrackWatch(every=0.5), TrackWatch(every=0.5, required=5)
    counts = []
    for watch in (told, untold):
        watch.see(sighting(0.5, 0.3, shows=SLUG), times=4)
        watch.see(sighting(0.5, 0.3, shows=NOTHING), times=1)
        looks = 0
        for _ in range(60):
            looks += len(wanted(watch, moving(0.5, 0.3)))
            watch.see(
                sighting(0.5, 0.3, shows=BEES if looks % 2 else SLUG)
                if wanted(watch, moving(0.5, 0.3))
                else sighting(0.5, 0.3)
            )
        counts.append(looks)
    assert counts[0] <= 9
    assert counts[1] >= 13


def test_what_was_parted_without_a_name_is_looked_at_again() -> None:
    """With few looks to a name it has had them all already; an animal may come there."""
    watch = TrackWatch(every=0.4)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    watch.see(times=3)
    while len(watch.ids) < 2:
        watch.see(sighting(0.5 + SIZE, 0.3, shows=NOTHING))
    found = [moving(0.5 + SIZE, 0.3)]
    settings, at = watch.tracker.settings, moment(watch.now)
    assert wanted_looks(watch.tracks, found, at=at, most=9, young=3, settings=settings) == (0,)

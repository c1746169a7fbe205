"""Two boxes of one animal are one event."""

from __future__ import annotations

from dataclasses import replace

import pytest

from insect_edge.domain import Phase
from insect_edge.sightings import Origin, Proposal, Sighting
from insect_edge.tracking.neighbours import HERE, may_show_another
from support.box_world import ASPECT, region_of
from support.policy_watch import SLUG, moment, seen
from support.track_watch import SIZE, TrackWatch, at, sighting


def labels(watch: TrackWatch) -> list[str]:
    """Of the events that were started."""
    return [event.label for event in watch.events if event.phase is Phase.START]


def shown(x: float, *, size: float = SIZE, label: str = "slug") -> Sighting:
    """A box there, of which the model was shown a square with a margin, never a tiny one, and what it said."""
    look = replace(seen({label: 0.9}), region=at(x, 0.3, size=max(1.8 * size, 1.25 * SIZE)))
    return sighting(x, 0.3, size=size, shows=look)


def beside(*, apart: float, size: float = SIZE, label: str = "slug") -> TrackWatch:
    """A slug that is there, and something that is found so many body lengths beside it, called something."""
    watch = TrackWatch(every=0.5)
    watch.see(shown(0.5), times=10)
    watch.see(shown(0.5), shown(0.5 + apart * SIZE, size=size, label=label), times=8)
    assert watch.ids == ["track-1", "track-2"]
    return watch


def test_what_lies_upon_an_animal_is_not_called_by_its_name() -> None:
    """It is as large, and three tenths of it are the animal's."""
    assert labels(beside(apart=0.7)) == ["slug"]
    assert labels(beside(apart=0.8)) == ["slug", "slug"]


def test_a_bit_of_leaf_beside_an_animal_is_not_called_by_its_name() -> None:
    """The square that the model is shown of it shows the animal as well; a little further off it does not."""
    assert labels(beside(apart=0.85, size=0.3 * SIZE)) == ["slug"]
    assert labels(beside(apart=1.2, size=0.3 * SIZE)) == ["slug", "slug"]
    assert labels(beside(apart=0.85, size=0.6 * SIZE)) == ["slug", "slug"]


def test_both_ends_of_an_animal_under_a_blade_are_one() -> None:
    """They do not touch, and together they are no longer than it was; without the first they are two animals."""
    one, other = (shown(0.5 + side * 0.3 * SIZE, size=0.4 * SIZE) for side in (-1, 1))
    told, new = TrackWatch(every=0.5), TrackWatch(every=0.5)
    told.see(shown(0.5), times=10)
    for watch in (told, new):
        watch.see(one, other, times=5)
    assert labels(told) == ["slug"]
    assert labels(new) == ["slug", "slug"]


def test_one_of_another_name_is_another_animal() -> None:
    """However near it is."""
    assert labels(beside(apart=0.7, label="bees")) == ["slug", "bees"]


def test_two_long_ones_side_by_side_are_two() -> None:
    """They are hardly wider together than one is long."""
    watch = TrackWatch(every=0.5)
    boxes = [region_of(0.5 - 0.03, y - 0.009, 0.5 + 0.03, y + 0.009) for y in (0.3, 0.32)]
    looks = [
        Sighting(proposal=Proposal(region=box, origin=Origin.CONTRAST, strength=0.5), classification=SLUG)
        for box in boxes
    ]
    watch.see(*looks, times=8)
    assert labels(watch) == ["slug", "slug"]


def test_a_bit_of_leaf_is_not_where_an_animal_slipped_to() -> None:
    """It comes up beside one at rest, and has its name from it."""
    watch = TrackWatch(every=0.5)
    watch.see(shown(0.5), times=10)
    rests = sighting(0.5, 0.3, origin=Origin.REST)
    watch.see(rests, shown(0.5 + 0.85 * SIZE, size=0.3 * SIZE), times=6)
    assert labels(watch) == ["slug"]
    assert next(track for track in watch.confirmed if track.track_id == "track-1").last == at(0.5, 0.3)


def test_one_frame_without_it_makes_no_leaf_of_an_animal() -> None:
    """A bit of leaf beside it has its name, and no event; it is not taken for it."""
    watch = beside(apart=0.85, size=0.3 * SIZE)
    leaf = shown(0.5 + 0.85 * SIZE, size=0.3 * SIZE)
    for missing in (1, 2):
        watch.see(leaf, times=missing)
        watch.see(shown(0.5), leaf, times=3)
    assert labels(watch) == ["slug"]
    assert {track.track_id: round(track.box.size / SIZE, 1) for track in watch.confirmed} == {
        "track-1": 1.0,
        "track-2": 0.3,
    }


@pytest.mark.parametrize("apart", [1.05, 1.5])
def test_two_of_a_size_side_by_side_are_two(apart: float) -> None:
    """Together they are larger than one."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), sighting(0.5 + apart * SIZE, 0.3, shows=SLUG), times=10)
    assert labels(watch) == ["slug", "slug"]


def test_what_walks_off_by_itself_is_told_then() -> None:
    """One sat upon the other, and was in its square: it is counted once it is seen alone."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    under = sighting(0.5, 0.3, origin=Origin.REST)
    watch.see(under, sighting(0.5 + 0.4 * SIZE, 0.3, shows=SLUG), times=6)
    assert labels(watch) == ["slug"]
    for number in range(1, 12):
        watch.see(under, sighting(0.5 + (0.4 + 0.5 * number) * SIZE, 0.3, shows=SLUG))
        under = sighting(0.5, 0.3, shows=SLUG, origin=Origin.MOTION if number > 3 else Origin.REST)
    assert labels(watch) == ["slug", "slug"]


def test_one_that_is_gone_lends_its_name_to_nobody() -> None:
    """Nor one that is in a crowd elsewhere: what is where it was alone a while ago shows itself."""
    slug, other = beside(apart=0.7, label="bees").confirmed
    assert may_show_another(other, [slug], now=slug.alone + HERE, aspect=ASPECT)
    assert not may_show_another(other, [slug], now=slug.alone + HERE + 0.1, aspect=ASPECT)
    assert not may_show_another(other, [other], now=other.alone, aspect=ASPECT)
    in_a_crowd = replace(slug, last_seen=moment(slug.alone + 10))
    assert not may_show_another(other, [in_a_crowd], now=slug.alone + 10, aspect=ASPECT)

"""Who is lost, and who is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_edge.domain import Phase
from insect_edge.sightings import Origin
from support.policy_watch import BEES, NOTHING, SLUG
from support.track_watch import SIZE, TrackWatch, sighting

if TYPE_CHECKING:
    from insect_edge.domain import Classification


def labels(watch: TrackWatch) -> list[str]:
    """Of the events that were started."""
    return [event.label for event in watch.events if event.phase is Phase.START]


@pytest.mark.parametrize("shows", [SLUG, NOTHING, None])
def test_a_leaf_does_not_become_the_animal_that_comes_next(shows: Classification | None) -> None:
    """What was looked at and has no name is nobody; a newcomer is looked at like any, and told."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=NOTHING), times=10)
    watch.see(times=5)
    watch.see(sighting(0.5 + 6 * SIZE, 0.3, shows=shows), times=5)
    assert sorted(watch.ids) == ["track-1", "track-2"]
    watch.see(sighting(0.5 + 6 * SIZE, 0.3, shows=SLUG), times=5)
    assert [(event.label, event.path.track_id) for event in watch.events if event.path] == [("slug", "track-2")]


def test_an_animal_does_not_become_the_leaf_that_is_found_next() -> None:
    """It is waited for, and is itself where it is called by its name again."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    watch.see(times=3)
    leaf = sighting(0.5 + 5 * SIZE, 0.3, shows=NOTHING)
    watch.see(leaf, times=10)
    watch.see(leaf, sighting(0.5 + SIZE, 0.3, shows=SLUG), times=5)
    assert labels(watch) == ["slug"]
    assert {track.track_id: track.label for track in watch.confirmed} == {"track-1": "slug", "track-2": None}


def test_a_leaf_that_swings_back_is_the_same_leaf() -> None:
    """It is not looked at afresh each time, which would give it a name some day."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=NOTHING), times=10)
    for number in range(6):
        watch.see(times=4)
        watch.see(sighting(0.5 + (number % 2) * 2 * SIZE, 0.3, shows=NOTHING), times=4)
    assert watch.ids == ["track-1"]


@pytest.mark.parametrize(("far", "events"), [(2, 1), (5, 2)])
def test_who_comes_over_the_border_is_the_lost_one_only_if_that_was_near(far: float, events: int) -> None:
    """One that went under a leaf in the middle does not come in from outside; one that was there may come back."""
    watch = TrackWatch(every=0.5)
    inside = 0.9 * SIZE
    watch.see(sighting(inside + far * SIZE, 0.3, shows=SLUG), times=10)
    watch.see(times=4)
    watch.see(sighting(inside, 0.3, shows=SLUG), times=8)
    assert len(labels(watch)) == events


@pytest.mark.parametrize(("off", "events"), [(2.5, 1), (6.0, 2)])
def test_after_long_under_a_leaf_it_comes_out_near_by(off: float, events: int) -> None:
    """A minute unseen it has not gone far; what comes up further away is another."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    watch.see(times=120)
    watch.see(sighting(0.5 + off * SIZE, 0.3, shows=SLUG), times=8)
    assert len(labels(watch)) == events


def passing_on(*, name: Classification = SLUG) -> TrackWatch:
    """An animal that walks over a leaf, called like it once before, whose track has its boxes from then on."""
    watch = TrackWatch(every=0.5, required=4)
    animal, leaf = 0.5, 0.5 + 2 * SIZE
    watch.see(sighting(animal, 0.3, shows=SLUG), times=6)
    watch.see(sighting(animal, 0.3), sighting(leaf, 0.3, shows=name), times=3)
    watch.see(sighting(leaf, 0.3), times=1)
    watch.see(sighting(leaf, 0.3, shows=name), times=6)
    return watch


def test_a_track_that_takes_over_from_one_just_told_is_it() -> None:
    """Before it is told it is found that the other is missed since, and near."""
    watch = passing_on()
    assert labels(watch) == ["slug"]
    assert watch.ids == ["track-1"]


def test_a_track_of_another_name_takes_over_from_nobody() -> None:
    """Both are told."""
    assert labels(passing_on(name=BEES)) == ["slug", "bees"]


def test_at_rest_a_part_is_no_smaller_animal() -> None:
    """What rests is proposed again as it was found, be it a leg; its size is what it had while it moved."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=20)
    watch.see(sighting(0.5, 0.3, size=SIZE / 2, shows=SLUG))
    before = watch.confirmed[0].box.size
    watch.rest(seconds=60)
    assert watch.confirmed[0].seen is not None
    assert watch.confirmed[0].seen.proposal.origin is Origin.REST
    assert watch.confirmed[0].box.size == pytest.approx(before)


def test_at_the_border_less_is_seen_of_it_and_it_is_as_large_as_ever() -> None:
    """One that creeps out slowly is known to be cut off in the end, and not waited for."""
    watch = TrackWatch()
    watch.see(sighting(0.06, 0.3, shows=SLUG), times=20)
    size = watch.confirmed[0].box.size
    for number in range(40):
        shown = SIZE * (1 - number / 60)
        watch.see(sighting(shown / 2, 0.3, size=shown))
    assert watch.confirmed[0].box.size > 0.9 * size
    watch.see(times=20)
    assert watch.ids == []

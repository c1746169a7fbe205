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


def two(*, required: int = 3, before: Classification | None = None, off: float = 2.0) -> TrackWatch:
    """A slug, and another thing that was looked at 50 times, or never, and is called a slug three times then."""
    watch = TrackWatch(every=0.5, required=required)
    first, second = sighting(0.5, 0.3, shows=SLUG), 0.5 + off * SIZE
    watch.see(first, times=4)
    watch.see(first, sighting(second, 0.3, shows=before), times=3 if before is None else 50)
    watch.see(first, sighting(second, 0.3, shows=SLUG), times=3)
    return watch


def test_one_that_was_told_is_no_other_that_was() -> None:
    """Two slugs are two when one of them goes under a leaf."""
    watch = two()
    assert labels(watch) == ["slug", "slug"]
    watch.see(sighting(0.5 + 2 * SIZE, 0.3), times=4)
    assert watch.ids == ["track-1", "track-2"]


def test_one_that_was_never_told_has_nothing_to_hand_over() -> None:
    """Both have a name, and neither an event."""
    watch = TrackWatch(every=0.5, required=5)
    places = (0.5, 0.5 + 2 * SIZE)
    watch.see(*(sighting(x, 0.3) for x in places), times=3)
    watch.see(*(sighting(x, 0.3, shows=SLUG) for x in places), times=3)
    watch.see(sighting(places[1], 0.3), times=4)
    assert watch.ids == ["track-1", "track-2"]


def test_a_leaf_called_like_it_now_and_then_is_not_the_lost_one() -> None:
    """Of fifty looks three gave it the name."""
    watch = two(before=NOTHING)
    assert labels(watch) == ["slug"]
    watch.see(sighting(0.5 + 2 * SIZE, 0.3), times=4)
    assert watch.ids == ["track-1", "track-2"]


@pytest.mark.parametrize(("seconds", "ids"), [(1.0, {"track-1"}), (6.0, {"track-1", "track-2"})])
def test_an_animal_is_left_to_a_track_for_a_moment_only(seconds: float, ids: set[str]) -> None:
    """Who comes by its place some seconds later is another."""
    watch = two(required=4, off=4.0)
    watch.see(sighting(0.5 + 4 * SIZE, 0.3), times=round(seconds / 0.5) - 1)
    for off in (3.5, 3.0, 2.5, 2.0):
        watch.see(sighting(0.5 + off * SIZE, 0.3))
    assert set(watch.ids) == ids


def test_one_missed_frame_hands_nobody_over() -> None:
    """Two slugs, the second not told yet: they are still two after the first was missed once."""
    watch = TrackWatch(every=0.2)
    places = (0.5, 0.5 + 1.5 * SIZE)
    watch.see(sighting(places[0], 0.3, shows=SLUG), times=10)
    watch.see(*(sighting(x, 0.3, shows=SLUG if x == 0.5 else NOTHING) for x in places), times=4)
    watch.see(*(sighting(x, 0.3, shows=SLUG) for x in places), times=2)
    watch.see(sighting(places[1], 0.3))
    watch.see(*(sighting(x, 0.3, shows=SLUG) for x in places), times=8)
    assert labels(watch) == ["slug", "slug"]
    assert [round((track.last.x + track.last.width / 2 - 0.5) / SIZE, 1) for track in watch.confirmed] == [0.0, 1.5]


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


def test_nobody_is_lost_where_three_are_two() -> None:
    """The told one is left to a second, beside which a third is found in the same frame: that one is not dropped."""
    watch = TrackWatch(every=0.2, required=4)
    told, second, third = 0.5, 0.5 + 2 * SIZE, 0.5 + 3.4 * SIZE
    watch.see(sighting(told, 0.3, shows=SLUG), times=4)
    watch.see(sighting(told, 0.3), sighting(second, 0.3, shows=SLUG), times=3)
    rests = sighting(second, 0.3, origin=Origin.REST)
    watch.see(sighting(told, 0.3), rests, sighting(third, 0.3, shows=SLUG))
    watch.see(rests, sighting(third, 0.3, shows=SLUG), times=2)
    assert sorted(round((track.last.x + track.last.width / 2 - 0.5) / SIZE, 1) for track in watch.confirmed) == [
        2.0,
        3.4,
    ]


def test_slow_frames_count_as_moments() -> None:
    """Where frames are five seconds apart three of them are one."""
    watch = TrackWatch(every=5.0, required=4)
    leaf = 0.5 + 2 * SIZE
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=6)
    watch.see(sighting(0.5, 0.3), sighting(leaf, 0.3, shows=SLUG), times=3)
    watch.see(sighting(leaf, 0.3), times=2)
    watch.see(sighting(leaf, 0.3, shows=SLUG), times=3)
    assert labels(watch) == ["slug"]


def test_who_came_along_has_come_along_after_a_gap() -> None:
    """It went behind a leaf on its way, and sits there when it is found again."""
    watch = TrackWatch()
    for number in range(20):
        watch.see(sighting(0.3 + 0.2 * number * SIZE, 0.3, origin=Origin.MOTION))
    watch.see(times=12)
    watch.see(sighting(0.3 + 7 * SIZE, 0.3, origin=Origin.MOTION), times=4)
    assert watch.ids == ["track-1"]
    assert not watch.confirmed[0].came_from_nowhere

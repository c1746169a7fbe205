"""How sure an animal must be to have its event."""

from __future__ import annotations

from dataclasses import replace

import pytest

from insect_edge.domain import Phase
from insect_edge.sightings import Origin
from support.policy_watch import NOTHING, SLUG, phases, seen
from support.track_watch import SIZE, TrackWatch, sighting


def test_before_the_start_the_label_may_waver() -> None:
    """The label that leads among all looks is the event's, whichever came first."""
    perhaps = seen({"bees": 0.6, "slug": 0.38})
    watch = TrackWatch()
    for shows in (perhaps, SLUG, SLUG, perhaps):
        watch.see(sighting(0.5, 0.3, shows=shows))
    assert watch.events == []
    (start,) = watch.see(sighting(0.5, 0.3, shows=SLUG))
    assert (start.label, start.frames, start.hits) == ("slug", 4, 3)


def test_what_was_looked_at_for_long_needs_its_name_more_often() -> None:
    """A leaf is called a slug three times running some day; an animal goes on being called one."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=NOTHING), times=60)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=5)
    assert watch.events == []
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=5)
    assert phases(watch.events) == [Phase.START]


def looks_before_the_start(*, speed: float, origin: Origin) -> int:
    """Of something that goes so many body lengths from look to look."""
    watch = TrackWatch()
    for number in range(10):
        watch.see(sighting(0.3 + number * speed * SIZE, 0.3, shows=SLUG, origin=origin))
        if watch.events:
            return number + 1
    raise AssertionError("no event was started")


def test_what_comes_from_nowhere_needs_every_look() -> None:
    """Leaves move where they are; an animal comes along, or sat there when the first picture was taken."""
    assert looks_before_the_start(speed=0.8, origin=Origin.MOTION) == 3
    assert looks_before_the_start(speed=0.0, origin=Origin.CONTRAST) == 3
    assert looks_before_the_start(speed=0.0, origin=Origin.MOTION) == 5


def test_one_look_in_five_that_sees_no_slug_and_what_stays_there_is_no_slug_yet() -> None:
    """It has the newest five looks to show itself, over and over."""
    watch = TrackWatch()
    for shows in (SLUG, SLUG, NOTHING, SLUG, SLUG, SLUG, SLUG):
        watch.see(sighting(0.5, 0.3, shows=shows, origin=Origin.MOTION))
    assert watch.events == []
    watch.see(sighting(0.5, 0.3, shows=SLUG, origin=Origin.MOTION))
    assert phases(watch.events) == [Phase.START]


def test_a_name_that_is_never_clear_is_not_told() -> None:
    """A leaf is called a slug with 0.86 again and again; an animal shows itself clearly now and then."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=seen({"slug": 0.86})), times=20)
    assert watch.events == []
    watch.see(sighting(0.5, 0.3, shows=SLUG))
    assert phases(watch.events) == [Phase.START]


def test_three_looks_of_which_one_is_clear_are_not_clear_together() -> None:
    """Two of them hardly pass the threshold."""
    watch = TrackWatch()
    for score in (0.61, 0.61, 0.91):
        watch.see(sighting(0.5, 0.3, shows=seen({"slug": score})))
    assert watch.events == []
    watch.see(sighting(0.5, 0.3, shows=SLUG))
    assert phases(watch.events) == [Phase.START]


def test_a_leap_without_a_name_is_no_way_gone() -> None:
    """From leaf to leaf nothing comes along: where it is now it is as if it had just been found."""
    leaping, hiding, walking = TrackWatch(), TrackWatch(), TrackWatch()
    for number in range(40):
        leaping.see(sighting(0.3 + 0.85 * (number // 8) * SIZE, 0.3, origin=Origin.MOTION))
        walking.see(sighting(0.3 + 0.1 * number * SIZE, 0.3, origin=Origin.MOTION))
    for number in range(5):
        hiding.see(sighting(0.3 + 0.5 * number * SIZE, 0.3, origin=Origin.MOTION), times=4)
        hiding.see(times=6)
    (leapt,), (hidden,), (walked,) = leaping.confirmed, hiding.confirmed, walking.confirmed
    assert leapt.sightings == 40
    assert leapt.came_from_nowhere
    assert hidden.came_from_nowhere
    assert not walked.came_from_nowhere


@pytest.mark.parametrize(("size", "gone", "is_leaf"), [(0.01, 0.03, True), (0.01, 0.06, False), (0.04, 0.05, True)])
def test_a_leaf_sways_by_its_size_and_by_the_wind(size: float, gone: float, is_leaf: bool) -> None:  # noqa: FBT001 - a table
    """Small ones by many times their size."""
    watch = TrackWatch()
    for number in range(20):
        watch.see(sighting(0.3 + gone * min(number / 15, 1.0), 0.3, size=size, origin=Origin.MOTION))
    (track,) = watch.confirmed
    assert track.came_from_nowhere == is_leaf


@pytest.mark.parametrize("threshold", [0.99, 0.995, 1.0])
def test_a_threshold_near_one_can_be_passed(threshold: float) -> None:
    """Looks taken together are never quite sure; those that are, one by one, are told."""
    sure = seen({"slug": 1.0})
    assert sure.verdict is not None
    sure = replace(sure, verdict=replace(sure.verdict, threshold=threshold))
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=sure), times=3)
    assert phases(watch.events) == [Phase.START]

"""Two boxes of one animal are one event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_edge.domain import Phase
from insect_edge.sightings import Origin
from insect_edge.tracking.neighbours import HERE, may_show_another
from support.box_world import ASPECT
from support.policy_watch import BEES, SLUG
from support.track_watch import SIZE, TrackWatch, sighting

if TYPE_CHECKING:
    from insect_edge.domain import Classification


def labels(watch: TrackWatch) -> list[str]:
    """Of the events that were started."""
    return [event.label for event in watch.events if event.phase is Phase.START]


def beside(*, apart: float, size: float = SIZE, shows: Classification = SLUG, rests: bool = True) -> TrackWatch:
    """A slug that rests, and something that is found so many body lengths beside it, called the same."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    origin = Origin.REST if rests else Origin.MOTION
    for _ in range(6):
        watch.see(sighting(0.5, 0.3, origin=origin), sighting(0.5 + apart * SIZE, 0.3, size=size, shows=shows))
    return watch


def test_a_second_box_upon_an_animal_is_no_second_animal() -> None:
    """Half of it is found by itself: the model names it like the whole."""
    assert labels(beside(apart=0.3, size=SIZE / 2)) == ["slug"]


def test_both_ends_of_an_animal_under_a_blade_are_one() -> None:
    """They do not touch, and together they are no longer than it was."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    one = sighting(0.5 - 0.3 * SIZE, 0.3, size=0.4 * SIZE, shows=SLUG)
    other = sighting(0.5 + 0.3 * SIZE, 0.3, size=0.4 * SIZE, shows=SLUG)
    watch.see(one, other, times=8)
    assert labels(watch) == ["slug"]


def test_a_bit_of_leaf_beside_an_animal_is_not_called_by_its_name() -> None:
    """The square that the model is shown of it shows the animal as well."""
    assert labels(beside(apart=1.2, size=0.3 * SIZE)) == ["slug"]


def test_a_leaf_that_half_covers_an_animal_is_not_called_by_its_name() -> None:
    """It is as large as the animal, and shows a third of it."""
    assert labels(beside(apart=0.7)) == ["slug"]


def test_one_that_is_gone_lends_its_name_to_nobody() -> None:
    """What is where it was a while ago shows itself."""
    slug, other = beside(apart=0.7, shows=BEES).confirmed
    assert may_show_another(other, [slug], now=slug.last_seen.monotonic + HERE, aspect=ASPECT)
    assert not may_show_another(other, [slug], now=slug.last_seen.monotonic + HERE + 0.1, aspect=ASPECT)
    assert not may_show_another(other, [other], now=other.last_seen.monotonic, aspect=ASPECT)


def test_one_of_another_name_is_another_animal() -> None:
    """However near it is."""
    assert labels(beside(apart=0.8, size=0.6 * SIZE, shows=BEES)) == ["slug", "bees"]


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

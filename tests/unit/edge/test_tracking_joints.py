"""One animal that comes where another was."""

from __future__ import annotations

import pytest

from insect_edge.domain import Phase
from insect_edge.sightings import Origin
from insect_edge.tracking.joints import LOOKS, NAMELESS, OTHERWISE, WAVERING
from insect_edge.tracking.state import watched
from support.policy_watch import BEES, NOTHING, SLUG, phases, seen
from support.track_watch import SIZE, TrackWatch, at, sighting


def labels(watch: TrackWatch) -> list[str]:
    """Of the events that were started."""
    return [event.label for event in watch.events if event.phase is Phase.START]


def test_one_called_otherwise_after_a_gap_is_another() -> None:
    """A slug goes behind a leaf, and bees come out: two events, each with its own track."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    watch.see(times=3)
    watch.see(sighting(0.5 + SIZE / 2, 0.3, shows=BEES), times=8)
    assert labels(watch) == ["slug", "bees"]
    assert sorted(watch.ids) == ["track-1", "track-2"]


def test_a_single_odd_look_after_a_gap_is_no_other() -> None:
    """As soon as one look gives the old name, it is the old animal."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    watch.see(times=3)
    for shows in (BEES, SLUG, BEES, BEES, SLUG):
        watch.see(sighting(0.5, 0.3, shows=shows))
    assert watch.ids == ["track-1"]
    assert labels(watch) == ["slug"]


def test_what_gets_up_after_a_rest_may_be_another() -> None:
    """A wasp lands on a resting snail and walks off: the snail stays behind."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=20)
    for number in range(1, OTHERWISE + 4):
        watch.see(sighting(0.5 + number * SIZE / 2, 0.3, shows=BEES))
    assert labels(watch) == ["slug", "bees"]


def test_a_model_that_wavers_divides_nobody() -> None:
    """Where nothing was in doubt some looks otherwise are the model's mistakes; many in a row are not."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    watch.see(sighting(0.5, 0.3, shows=BEES), times=WAVERING - 1)
    watch.see(sighting(0.5, 0.3, shows=SLUG))
    assert watch.ids == ["track-1"]
    watch.see(sighting(0.5, 0.3, shows=BEES), times=WAVERING)
    assert len(watch.ids) == 2


def test_where_the_model_cannot_tell_the_place_decides() -> None:
    """So many looks that say only that something is there, and it is what was there before."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    watch.see(times=3)
    watch.see(sighting(0.5, 0.3, shows=seen({"bees": 0.3}, verdict="unknown")), times=LOOKS)
    watch.see(sighting(0.5, 0.3, shows=BEES), times=OTHERWISE)
    assert watch.ids == ["track-1"]


def test_the_one_that_was_taken_for_another_is_waited_for_where_it_was() -> None:
    """When it is seen again it keeps its identity and its event."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    watch.see(times=3)
    watch.see(sighting(0.5 + SIZE, 0.3, shows=BEES), times=5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), sighting(0.7, 0.3, shows=BEES), times=10)
    assert labels(watch).count("slug") == 1
    assert phases(watch.events).count(Phase.END) == 0
    assert "track-1" in watch.ids


def test_what_rests_is_divided_by_no_look() -> None:
    """The same pixels get the same answer each time: five looks at them are one."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    watch.rest(seconds=20, shows=BEES)
    assert watch.ids == ["track-1"]
    assert labels(watch) == ["slug"]


@pytest.mark.parametrize("every", [1 / 30, 0.2, 5.0])
def test_odd_looks_within_a_moment_are_one(every: float) -> None:
    """However many frames there are a second, three looks after a short miss divide nobody."""
    watch = TrackWatch(every=every)
    for _ in range(6):
        watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
        watch.see(times=2 if every < 1 else 0)
        watch.see(sighting(0.5, 0.3, shows=BEES), times=3)
    assert labels(watch) == ["slug"]
    assert watch.ids == ["track-1"]


def test_one_that_turns_out_to_be_the_missed_one_is_it() -> None:
    """Called bees after a gap, then slug again: the slug that was missed meanwhile, and not a second one."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=20)
    watch.see(times=4)
    watch.see(sighting(0.5, 0.3, shows=BEES), times=5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=20)
    assert labels(watch).count("slug") == 1
    assert "track-1" in watch.ids


def test_one_that_is_found_again_keeps_its_identity_at_rest() -> None:
    """Its newest sighting is taken back as chance: it is still itself, and not what it was called while it was lost."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=20)
    watch.see(times=6)
    watch.see(sighting(0.5 + 5 * SIZE, 0.3, shows=SLUG), times=3)
    watch.rest(seconds=5, shows=SLUG)
    assert watch.ids == ["track-1"]
    assert labels(watch) == ["slug"]


def test_two_at_rest_side_by_side_do_not_take_turns() -> None:
    """A second one lands beside the first: one jump of the identity, then each keeps its own."""
    watch = TrackWatch()
    places = (0.5, 0.5 + 1.5 * SIZE)
    watch.see(sighting(places[0], 0.3, shows=SLUG), times=30)
    for _ in range(100):
        known = {region.x for region in watched(watch.tracks)}
        watch.see(
            *[
                sighting(x, 0.3, shows=SLUG, origin=Origin.REST if at(x, 0.3).x in known else Origin.MOTION)
                for x in places
            ]
        )
    assert labels(watch) == ["slug", "slug"]
    assert len(watch.ids) == 2
    assert max(track.path.length for track in watch.confirmed) < 3 * SIZE


def test_one_that_slips_away_from_where_it_seems_to_rest_is_the_same() -> None:
    """The ground it sat on looks otherwise than before it came; the animal is where it is seen anew."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=30)
    rests = sighting(0.5, 0.3, origin=Origin.REST)
    for number in range(6):
        watch.see(rests, sighting(0.5 + (1.4 + 0.1 * number) * SIZE, 0.3, shows=SLUG))
    assert labels(watch) == ["slug"]
    assert watch.confirmed[0].track_id == "track-1"
    assert watch.confirmed[0].last.x > 0.5


def test_two_side_by_side_are_two_when_both_are_seen() -> None:
    """Where something of that name does rest beside the one that came, it is told as well."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=30)
    rests, comes = sighting(0.5, 0.3, origin=Origin.REST), sighting(0.5 + 1.5 * SIZE, 0.3, shows=SLUG)
    watch.see(rests, comes, times=3)
    watch.see(sighting(0.5, 0.3, shows=SLUG), comes, times=5)
    assert labels(watch) == ["slug", "slug"]
    assert len(watch.ids) == 2


def test_what_came_over_the_border_is_another() -> None:
    """Two of a kind meet at the edge of the frame: the second was not there before."""
    watch = TrackWatch()
    watch.see(sighting(3 * SIZE, 0.3, shows=SLUG), times=30)
    rests = sighting(3 * SIZE, 0.3, origin=Origin.REST)
    watch.see(rests, sighting(SIZE + 0.005, 0.3, shows=SLUG), times=8)
    assert labels(watch) == ["slug", "slug"]
    assert len(watch.ids) == 2


def test_nothing_is_told_while_it_may_be_of_another() -> None:
    """What comes where a slug was is told once, by its own track, and not by that of the slug before."""
    watch = TrackWatch(every=0.3)
    watch.see(sighting(0.5, 0.3, shows=seen({"slug": 0.65, "bees": 0.3})), times=2)
    watch.see(sighting(0.5, 0.3))
    watch.see(times=4)
    watch.see(sighting(0.5, 0.3, shows=BEES), times=14)
    assert labels(watch) == ["bees"]


def test_one_that_slips_on_and_on_is_the_same() -> None:
    """Each time it leaves behind what looks like an animal at rest."""
    watch = TrackWatch(every=0.2)
    watch.see(sighting(0.3, 0.3, shows=SLUG), times=30)
    for number in range(4):
        rests = sighting(0.3 + 1.2 * number * SIZE, 0.3, origin=Origin.REST)
        moves = sighting(0.3 + 1.2 * (number + 1) * SIZE, 0.3, shows=SLUG)
        watch.see(rests, moves, times=3)
        watch.see(sighting(0.3 + 1.2 * (number + 1) * SIZE, 0.3, origin=Origin.REST), times=3)
    assert labels(watch) == ["slug"]
    assert "track-1" in watch.ids


def test_what_shows_nothing_after_a_gap_is_a_leaf() -> None:
    """So many looks without any name: the slug is missed, and waited for where it was."""
    watch = TrackWatch(every=0.4)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    watch.see(times=3)
    watch.see(sighting(0.5 + SIZE, 0.3, shows=NOTHING), times=NAMELESS - 1)
    assert watch.ids == ["track-1"]
    watch.see(sighting(0.5 + SIZE, 0.3, shows=NOTHING))
    assert {track.track_id: track.missed > 0 for track in watch.confirmed} == {"track-1": True, "track-2": False}
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=3)
    assert labels(watch) == ["slug"]
    assert watch.confirmed[0].track_id == "track-1"
    assert watch.confirmed[0].missed == 0


def test_one_that_came_where_another_was_has_not_come_its_way() -> None:
    """The slug had walked there; what is there now moved there for the first time."""
    watch = TrackWatch(every=0.5)
    for number in range(12):
        watch.see(sighting(0.3 + 0.5 * number * SIZE, 0.3, shows=SLUG))
    place = 0.3 + 5.5 * SIZE
    watch.see(sighting(place, 0.3, shows=SLUG), times=4)
    assert watch.confirmed[0].roamed > 4 * SIZE
    watch.see(times=3)
    watch.see(sighting(place, 0.3, shows=BEES, origin=Origin.MOTION), times=2)
    assert watch.confirmed[0].joint is not None
    watch.see(sighting(place, 0.3, shows=BEES, origin=Origin.MOTION))
    slug, bees = watch.confirmed
    assert (slug.label, bees.label) == ("slug", "bees")
    assert bees.came_from_nowhere

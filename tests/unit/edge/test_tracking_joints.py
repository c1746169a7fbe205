"""One animal that comes where another was."""

from __future__ import annotations

from insect_edge.domain import Phase
from insect_edge.tracking.joints import LOOKS, OTHERWISE, WAVERING
from support.policy_watch import BEES, SLUG, phases, seen
from support.track_watch import SIZE, TrackWatch, sighting


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
    watch = TrackWatch()
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

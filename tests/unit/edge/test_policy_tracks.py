"""One event an animal, from its first sure looks to its leaving."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from insect_edge.domain import Phase
from insect_edge.policy import memory
from insect_edge.policy.alerting import AlertRule
from insect_edge.policy.restart import resumed
from insect_edge.sightings import Origin
from insect_edge.tracking.settings import TrackerSettings
from insect_edge.tracking.state import TrackerState, seeded
from support.box_world import ASPECT
from support.policy_watch import BEES, NOTHING, SLUG, moment, phases, seen
from support.track_watch import TrackWatch, at, sighting

PATIENCE, SITTING = TrackerSettings().patience, TrackerSettings().sitting


def test_three_looks_at_an_animal_start_its_event() -> None:
    """It carries the animal's path, the score of all looks together and the tight box of the best view."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=2)
    assert watch.events == []
    (start,) = watch.see(sighting(0.5, 0.3, shows=SLUG))
    assert (start.phase, start.label, start.event_id, start.frames, start.hits) == (
        Phase.START,
        "slug",
        "event-1",
        3,
        3,
    )
    assert start.path is not None
    assert (start.path.track_id, start.path.first, start.path.last) == ("track-1", at(0.5, 0.3), at(0.5, 0.3))
    assert start.region == at(0.5, 0.3)
    assert 0.9 < start.score < 1
    assert (start.started.monotonic, start.at.monotonic) == (100.0, 100.4)


def test_three_animals_are_three_events() -> None:
    """Of the same label, at the same time, without a cooldown between them."""
    watch = TrackWatch()
    watch.see(*[sighting(0.2 * number, 0.3, shows=SLUG) for number in (1, 2, 3)], times=10)
    starts = [event for event in watch.events if event.phase is Phase.START]
    assert (
        len({event.event_id for event in starts}) == len({event.path.track_id for event in starts if event.path}) == 3
    )


def test_a_beetle_that_walks_for_an_hour_is_one_detection() -> None:
    """However far it goes, rests and is missed, there is one start and, when it has left, one end."""
    watch = TrackWatch(every=1.0)
    x, step = 0.1, 0.02
    for number in range(3600):
        x += step
        if not 0.1 < x < 0.9:
            step = -step
        if number % 10 != 7:  # every tenth time it is missed
            watch.see(sighting(x, 0.3, shows=SLUG if number % 5 == 0 else None))
        else:
            watch.see()
    assert phases(watch.events).count(Phase.START) == 1
    watch.see(times=round(SITTING) - 1)
    assert Phase.END not in phases(watch.events)
    watch.see(times=2)
    assert phases(watch.events)[-1] is Phase.END
    assert phases(watch.events).count(Phase.END) == 1
    assert watch.events[-1].path is not None
    assert watch.events[-1].path.length == pytest.approx(3600 * 0.02, rel=0.1)


def test_a_rest_that_nobody_looks_at_is_one_event() -> None:
    """Sightings without a look keep it open; it is told once a minute, and its last sight goes on."""
    watch = TrackWatch(every=1.0)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=5)
    watch.rest(seconds=3600)
    assert phases(watch.events) == [Phase.START, *[Phase.UPDATE] * (len(watch.events) - 1)]
    assert 59 <= len(watch.events) - 1 <= 61
    (event,) = watch.state.open_events
    assert event.last_seen.monotonic == watch.now - 1
    assert event.frames == 5


def test_an_event_ends_with_its_track() -> None:
    """One that goes out at the border ends as soon as it is given up, with where it was last."""
    watch = TrackWatch()
    for number in range(20):
        watch.see(sighting(0.82 + number * 0.008, 0.3, shows=SLUG))
    ends = watch.see(times=round(TrackerSettings().left_after / watch.every) + 1)
    assert phases(ends) == [Phase.END]
    assert ends[0].path is not None
    assert ends[0].path.last == at(0.82 + 19 * 0.008, 0.3)
    assert watch.state.open_events == ()


def test_without_frames_events_end_too() -> None:
    """A camera that is lost keeps none open."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=3)
    deadline = watch.policy.deadline(watch.state)
    assert deadline == pytest.approx(100.4 + PATIENCE)
    watch.state, early = watch.policy.tick(watch.state, now=moment(deadline - 0.1))
    watch.state, events = watch.policy.tick(watch.state, now=moment(deadline))
    assert (early, phases(list(events))) == ((), [Phase.END])


def test_after_the_start_the_label_stays() -> None:
    """Looks that turn to another label start no second event for the same animal, and change nothing told."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=3)
    watch.see(sighting(0.5, 0.3, shows=BEES), times=100)
    assert {event.label for event in watch.events} == {"slug"}
    assert phases(watch.events).count(Phase.START) == 1
    assert watch.state.open_events[0].hits == 3


def test_no_alert_is_raised_once_the_looks_have_turned() -> None:
    """An alert that needed more looks is not raised while another label leads."""
    rule = AlertRule(minimum_frames=5)
    turned, steady = TrackWatch(alerts=rule), TrackWatch(alerts=rule)
    for watch, between in ((turned, 40), (steady, 0)):
        watch.see(sighting(0.5, 0.3, shows=SLUG), times=3)
        watch.see(sighting(0.5, 0.3, shows=BEES), times=between)
        watch.see(sighting(0.5, 0.3, shows=SLUG), times=3)
    assert [event.alert for event in steady.events].count(True) == 1
    assert not any(event.alert for event in turned.events)


def test_the_alert_rule_holds_off_a_flood() -> None:
    """Of many slugs at once one raises the alert; each is an event."""
    watch = TrackWatch(alerts=AlertRule(cooldown=300))
    watch.see(*[sighting(0.1 * number, 0.3, shows=SLUG) for number in range(1, 10)], times=10)
    assert [event.alert for event in watch.events if event.phase is Phase.START] == [True, *[False] * 8]
    assert not any(event.alert for event in watch.events if event.phase is Phase.UPDATE)


def test_unsure_looks_start_nothing() -> None:
    """Where the looks taken together stay below the threshold, three that pass it are not enough."""
    watch = TrackWatch()
    weak, against = seen({"slug": 0.61, "bees": 0.3}), seen({"bees": 0.5, "slug": 0.01})
    for shows in (weak, against, weak, against, weak):
        watch.see(sighting(0.5, 0.3, shows=shows))
    assert watch.events == []


def test_looks_at_nothing_do_not_count_against_a_name() -> None:
    """An animal that half the looks miss is judged by the others."""
    watch = TrackWatch()
    for shows in (SLUG, NOTHING, SLUG, NOTHING, SLUG):
        watch.see(sighting(0.5, 0.3, shows=shows))
    (start,) = watch.events
    assert (start.label, start.frames, start.hits) == ("slug", 5, 3)


def test_unknown_and_background_start_nothing() -> None:
    """An animal without a name is followed, and is no event."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=seen({"slug": 0.9}, verdict="unknown")), times=10)
    watch.see(sighting(0.5, 0.3, shows=NOTHING), times=10)
    assert watch.events == []


def test_what_is_not_confirmed_starts_nothing() -> None:
    """A flicker the model gives a name is no event, even where one look is enough."""
    watch = TrackWatch(required=1, window=1)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=2)
    assert watch.events == []


def test_the_best_view_is_kept() -> None:
    """Categories and region are those of the look that was surest of the label."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=3)
    best = seen({"slug": 0.97, "bees": 0.02})
    watch.see(sighting(0.51, 0.3, shows=best))
    watch.see(sighting(0.52, 0.3, shows=SLUG), times=5)
    (event,) = watch.state.open_events
    assert (event.region, event.categories) == (at(0.51, 0.3), best.categories)


def restarted(before: TrackWatch, *, away: float, boot_id: str = "boot") -> TrackWatch:
    """A new process, that many seconds later."""
    stored = memory.encode(before.state, saved=moment(before.now), boot_id="boot")
    after = TrackWatch(alerts=AlertRule(cooldown=300))
    numbers = count(100)
    after.new_id = lambda: f"track-{next(numbers)}"
    after.policy = type(after.policy)(after.policy.settings, new_event_id=lambda: f"event-{next(numbers)}")
    after.now = before.now + away
    after.state, events = resumed(
        memory.decode(stored), now=moment(after.now), boot_id=boot_id, settings=after.policy.settings
    )
    after.events += events
    after.tracks = seeded(after.state.open_events, settings=after.tracker.settings, aspect=ASPECT)
    return after


@pytest.mark.parametrize("boot_id", ["boot", "another"])
def test_an_animal_that_rests_through_a_restart_is_the_same(boot_id: str) -> None:
    """It keeps its track and its event, and raises no second alert, also over a reboot with a clock that is set."""
    before = TrackWatch(alerts=AlertRule(cooldown=300))
    before.see(sighting(0.5, 0.3, shows=SLUG), times=5)
    after = restarted(before, away=20, boot_id=boot_id)
    after.rest(seconds=5)
    after.see(sighting(0.5, 0.3, shows=SLUG), times=5)
    assert [event for event in after.events if event.phase is not Phase.UPDATE or event.alert] == []
    (event,) = after.state.open_events
    assert event.event_id == "event-1"
    assert event.path is not None
    assert (event.path.track_id, event.path.first) == ("track-1", at(0.5, 0.3))
    assert event.path.seconds == pytest.approx(after.now - 100 - 0.2)


def test_an_animal_that_was_gone_by_then_gets_its_end() -> None:
    """Its event waits for the first frame, and for the patience from then on."""
    before = TrackWatch()
    before.see(sighting(0.5, 0.3, shows=SLUG), times=5)
    after = restarted(before, away=20)
    after.see(times=round(SITTING / after.every))
    assert [event for event in after.events if event.phase is not Phase.UPDATE] == []
    (end,) = after.see(times=2)
    assert (end.phase, end.event_id) == (Phase.END, "event-1")
    assert end.last_seen.monotonic == pytest.approx(100.8)
    assert end.path is not None


def test_an_event_of_no_single_animal_ends_as_it_would_have() -> None:
    """One opened before single animals were followed is not held open by them."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=3)
    (event,) = watch.state.open_events
    watch.state = replace(watch.state, open_events=(replace(event, path=None),), animals={})
    watch.tracks = TrackerState()
    assert phases(watch.see(times=round(PATIENCE / watch.every) + 2)) == [Phase.END]


def test_animals_that_are_gone_are_forgotten() -> None:
    """What is known of looks does not grow with the animals that were ever there."""
    watch = TrackWatch()
    for number in range(50):
        watch.see(sighting(0.1 + 0.016 * number, 0.1 if number % 2 else 0.4, shows=SLUG, origin=Origin.CONTRAST))
    watch.see(times=round(SITTING / watch.every) + 1)
    assert watch.state.animals == {}

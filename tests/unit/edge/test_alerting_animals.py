"""Thresholds where single animals are followed: each counts once, and what was there before does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from insect_edge.domain import Event, Phase
from insect_edge.policy import memory
from insect_edge.policy.alerting import AlertRule
from insect_edge.policy.arrivals import DAY
from insect_edge.policy.restart import resumed
from insect_edge.policy.thresholds import CountThreshold, Per
from insect_edge.tally.day import Day
from support.policy_watch import NOON, SLUG, moment
from support.track_watch import TrackWatch, sighting

RULE = AlertRule(thresholds=(CountThreshold(label="slug", more_than=2, per=Per.HOUR),))


def slugs(*places: float) -> list[object]:
    """A slug at each of these places."""
    return [sighting(place, 0.3, shows=SLUG) for place in places]


def alerted(events: list[Event]) -> list[Event]:
    """Those that raised an alert."""
    return [event for event in events if event.alert]


def counted(events: list[Event]) -> dict[str, int]:
    """What the counts of the day make of them."""
    day = Day()
    for event in events:
        day = day.plus(event, today=NOON.date(), started=None)
    return dict(day.events)


def test_three_animals_in_one_frame_are_three_arrivals() -> None:
    """They start in the same frame; the third passes the limit and is the one that alerts."""
    watch = TrackWatch(alerts=RULE)
    watch.see(times=60)
    events = watch.see(*slugs(0.2, 0.4, 0.6, 0.8), times=5)
    starts = [event for event in events if event.phase is Phase.START]
    assert len(starts) == 4
    (alert,) = alerted(events)
    assert alert.event_id == starts[2].event_id
    assert watch.state.arrivals.count("slug", since=0.0) == 4


def test_an_animal_that_stays_is_one_arrival() -> None:
    """However long it rests."""
    watch = TrackWatch(alerts=RULE, every=1.0)
    watch.see(times=15)
    watch.see(*slugs(0.5), times=300)
    assert watch.state.arrivals.count("slug", since=0.0) == 1


def test_what_is_there_when_a_trap_looks_for_the_first_time_counts() -> None:
    """A full sheet passes the threshold where nobody has counted it before."""
    watch = TrackWatch(alerts=RULE)
    watch.see(*slugs(0.1, 0.2, 0.3, 0.4, 0.5), times=60)
    assert watch.state.arrivals.count("slug", since=0.0) == 5
    assert len(alerted(watch.events)) == 1


def test_what_is_there_when_looking_begins_again_has_not_arrived() -> None:
    """A full sheet is not counted anew at a restart; those that come to it are."""
    watch = TrackWatch(alerts=RULE)
    watch.see(times=60)
    again = restarted(watch, away=30.0)
    full = (0.1, 0.2, 0.3, 0.4, 0.5)
    again.see(*slugs(*full), times=60)
    assert len([event for event in again.events if event.phase is Phase.START]) == len(full)
    assert again.state.arrivals.count("slug", since=0.0) == 0
    assert counted(again.events) == {}
    events = again.see(*slugs(*full, 0.6, 0.7, 0.8), times=5)
    assert len(alerted(events)) == 1
    assert counted(events) == {"slug": 3}
    assert again.state.arrivals.count("slug", since=0.0) == 3


def test_after_a_time_without_frames_it_begins_anew() -> None:
    """A camera that was away for longer than animals are waited for shows the same ones again."""
    watch = TrackWatch(alerts=RULE)
    watch.see(times=60)
    watch.see(*slugs(0.2), times=5)
    watch.now += 10 * watch.policy.settings.end_after
    watch.see(*slugs(0.2, 0.4, 0.6), times=60)
    assert watch.state.arrivals.count("slug", since=0.0) == 1
    assert alerted(watch.events) == []


def restarted(watch: TrackWatch, *, away: float, boot: str = "boot", synced: bool = True) -> TrackWatch:
    """A new process after a clean stop, which knows what was stored; in another boot or the same."""
    now = moment(watch.now)
    state, ends = watch.policy.shutdown(watch.state, now=now)
    again = TrackWatch(alerts=watch.policy.settings.alerts)
    again.now = watch.now + away if boot == "boot" else 20.0
    stored = memory.decode(memory.encode(state, saved=now, boot_id="boot"))
    begun = replace(moment(again.now, utc=moment(watch.now + away).utc), clock_synced=synced)
    again.state, _ = resumed(stored, now=begun, boot_id=boot, settings=again.policy.settings)
    assert len(ends) == len(watch.state.open_events)
    return again


def test_a_clean_restart_repeats_no_alert_of_an_animal_that_rests() -> None:
    """Its event ended with the process, and it has one more; whoever comes later alerts."""
    watch = TrackWatch(alerts=AlertRule())
    assert len(alerted(watch.see(*slugs(0.2, 0.4), times=60))) == 2
    again = restarted(watch, away=30.0)
    events = again.see(*slugs(0.2, 0.4), times=60)
    assert len([event for event in events if event.phase is Phase.START]) == 2
    assert alerted(events) == []
    events = again.see(*slugs(0.2, 0.4, 0.6), times=10)
    assert len(alerted(events)) == 1


@pytest.mark.parametrize("synced", [True, False])
def test_a_reboot_repeats_no_alert_of_an_animal_that_rests(synced: bool) -> None:  # noqa: FBT001 # a parameter
    """Clock or not, and however long ago the cooldown of its alert was over."""
    watch = TrackWatch(alerts=AlertRule(cooldown=60.0), every=1.0)
    assert len(alerted(watch.see(*slugs(0.2), times=100))) == 1
    again = restarted(watch, away=30.0, boot="next", synced=synced)
    assert again.state.alerted["slug"] <= 20.0 - 60.0
    assert alerted(again.see(*slugs(0.2), times=60)) == []
    # Nothing holds off whoever comes later.
    assert len(alerted(again.see(*slugs(0.2, 0.6), times=10))) == 1


def test_boots_without_a_clock_remember_no_alert_for_ever() -> None:
    """After a day of looking, however many boots it was, the same alert is news again."""
    watch = TrackWatch(alerts=AlertRule(cooldown=60.0), every=1.0)
    watch.see(*slugs(0.2), times=100)
    for number in range(4):
        assert "slug" in watch.state.alerted
        watch.now += DAY / 4
        watch = restarted(watch, away=30.0, boot=f"boot {number}", synced=False)
    assert watch.state.alerted == {}


def test_an_animal_that_is_there_at_the_first_start_of_all_alerts() -> None:
    """Nobody was told of its kind on the day before."""
    watch = TrackWatch(alerts=AlertRule())
    assert len(alerted(watch.see(*slugs(0.2), times=60))) == 1
    late = restarted(watch, away=1.5 * DAY)
    assert len(alerted(late.see(*slugs(0.2), times=60))) == 1

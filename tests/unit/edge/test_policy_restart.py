"""A restart neither repeats an alert nor swallows one, whatever is known of the time between."""

from __future__ import annotations

from datetime import timedelta

import pytest

from insect_edge.domain import Phase, Role
from insect_edge.policy.alerting import AlertRule
from insect_edge.policy.restart import FIRST_LOOK_SECONDS, LONGEST_AWAY_SECONDS
from support.device_life import Device, alerts, told_of
from support.policy_watch import BEES, NOON, NOTHING, SLUG, phases

UPDATE_EVERY = 60.0


def seen_once(**settings: object) -> Device:
    """A device that has told the start and the alert of one slug."""
    device = Device(**settings)
    device.see(SLUG, SLUG, SLUG)
    assert phases(device.events) == [Phase.START]
    assert alerts(device.events) == ["event-1"]
    return device


@pytest.mark.parametrize("away", [0.0, 5.0, UPDATE_EVERY + LONGEST_AWAY_SECONDS - 10])
def test_an_event_goes_on_after_a_kill(away: float) -> None:
    """An insect that is still there after a short absence is the same event, with no other alert and one end."""
    device = seen_once()
    assert device.start(away=away) == []
    device.see(*[SLUG] * 5)
    device.see(*[NOTHING] * 11)
    assert {event.event_id for event in device.events} == {"event-1"}
    assert phases(device.events).count(Phase.START) == phases(device.events).count(Phase.END) == 1
    assert device.events[-1].phase is Phase.END
    assert alerts(device.events) == ["event-1"]
    # The five frames after the restart count on from what was stored with the start.
    assert device.events[-1].hits == 8


def test_an_insect_that_left_meanwhile_gets_its_end() -> None:
    """Not seen again within `end_after` of the first look, the event ends with the `last_seen` it had."""
    device = seen_once()
    last_seen = device.clock.moment()
    device.start(away=5)
    device.wait(20)  # the camera opens
    assert device.tick() == []
    assert device.see(*[NOTHING] * 10) == []
    (end,) = device.see(NOTHING)
    assert (end.event_id, end.phase, end.last_seen) == ("event-1", Phase.END, last_seen)


def test_a_camera_that_never_looks_holds_no_event_open() -> None:
    """The first look is waited for a minute, not for ever."""
    device = seen_once()
    device.start(away=5)
    device.wait(FIRST_LOOK_SECONDS + 9)
    assert device.tick() == []
    device.wait(1)
    assert phases(device.tick()) == [Phase.END]


def test_after_a_long_absence_it_is_another_insect() -> None:
    """Down for an hour, the old event ends at once, and the slug that is there now is a new event with its alert."""
    device = seen_once()
    assert told_of(device.start(away=3600)) == [("event-1", Phase.END)]
    assert device.see(SLUG, SLUG) == []
    (start,) = device.see(SLUG)
    assert told_of([start]) == [("event-2", Phase.START)]
    assert alerts([start]) == ["event-2"]
    # What was told is stored: the next process tells it no second time.
    assert device.start() == []


def test_an_absence_is_long_whatever_the_number_of_restarts() -> None:
    """Processes that die before they see anything do not stretch the event."""
    device = seen_once()
    for _ in range(3):
        assert device.start(away=50) == []
    assert told_of(device.start(away=50)) == [("event-1", Phase.END)]


@pytest.mark.parametrize("kind", ["kill", "stop", "reboot", "reboot unsynced"])
def test_the_cooldown_of_an_event_goes_on(kind: str) -> None:
    """An insect that returns within the cooldown starts nothing, restart or not."""
    device = Device(cooldown=300, synced=kind != "reboot unsynced")
    device.see(*[SLUG] * 3, *[NOTHING] * 11)
    assert phases(device.events) == [Phase.START, Phase.END]
    if kind == "stop":
        assert device.stop() == []
    if kind.startswith("reboot"):
        assert device.boot(synced=kind == "reboot", away=50) == []
    else:
        device.start(away=50)
    # Begun again at a boot without a clock, else begun before the 50 s.
    left = 300 if kind == "reboot unsynced" else 250
    assert device.see(*[SLUG] * (left - 2)) == []
    assert told_of(device.see(*[SLUG] * 4)) == [("event-2", Phase.START)]


@pytest.mark.parametrize("kind", ["same boot", "reboot", "reboot unsynced"])
def test_a_clean_stop_ends_events_and_keeps_alert_cooldowns(kind: str) -> None:
    """The next process may start an event of the same label, but raises no second alert within its cooldown."""
    device = seen_once(cooldown=0, alerts=AlertRule(cooldown=600))
    assert phases(device.stop()) == [Phase.END]
    if kind == "same boot":
        device.start(away=100)
    else:
        device.boot(synced=kind == "reboot", away=100)
    device.see(*[SLUG] * 3)
    assert told_of(device.events[2:]) == [("event-2", Phase.START)]
    device.see(*[SLUG] * (595 if kind == "reboot unsynced" else 495))
    assert alerts(device.events) == ["event-1"]
    device.see(*[SLUG] * 5)
    assert alerts(device.events) == ["event-1", "event-2"]


def test_a_cooldown_begins_again_with_a_boot_and_not_with_each_process() -> None:
    """Processes that die in a boot without a clock do not put an alert off for ever."""
    device = seen_once(cooldown=300)
    device.stop()
    device.boot(synced=False, away=60)
    for _ in range(2):
        assert device.see(*[SLUG] * 140) == []
        device.start(away=5)
    device.see(*[SLUG] * 12)
    assert alerts(device.events) == ["event-1", "event-2"]


def test_an_alert_that_was_not_due_yet_is_not_swallowed() -> None:
    """An event killed before its alert rule held raises the alert after the restart, once."""
    device = Device(alerts=AlertRule(minimum_frames=6))
    device.see(*[SLUG] * 3)
    device.start(away=5)
    device.see(*[SLUG] * 10)
    assert told_of(device.events) == [("event-1", Phase.START), ("event-1", Phase.UPDATE)]
    assert alerts(device.events) == ["event-1"]


def test_a_window_fills_anew() -> None:
    """Frames before the restart do not count: an event that had not started needs its frames again."""
    device = Device()
    device.see(SLUG, SLUG)
    device.start(away=1)
    assert device.see(SLUG, SLUG) == []
    assert phases(device.see(SLUG)) == [Phase.START]


def test_a_reboot_with_a_set_clock_is_like_a_restart() -> None:
    """Where the clock was set then and is now, the event goes on, in monotonic seconds of this boot."""
    device = seen_once()
    started = device.events[0].started
    assert device.boot(synced=True, away=45) == []
    device.see(*[SLUG] * 3, *[NOTHING] * 11)
    end = device.events[-1]
    assert (end.event_id, end.phase, end.boot_id) == ("event-1", Phase.END, None)
    assert end.started.utc == started.utc
    assert (end.at.utc - end.started.utc).total_seconds() == pytest.approx(end.at.monotonic - end.started.monotonic)
    assert alerts(device.events) == ["event-1"]


def test_a_reboot_with_a_set_clock_knows_a_long_absence() -> None:
    """Off for a night, the event ends and the cooldown is over."""
    device = seen_once(cooldown=300)
    (end,) = device.boot(synced=True, away=36_000)
    assert (end.phase, end.at, end.boot_id) == (Phase.END, device.clock.moment(), None)
    device.see(*[SLUG] * 3)
    assert alerts(device.events) == ["event-1", "event-2"]


def test_a_reboot_without_a_clock_ends_what_was_open() -> None:
    """Nobody knows how long it was off: the event ends in its own boot's terms, and its cooldown begins again."""
    device = seen_once(cooldown=300)
    stored = device.clock.moment()
    (end,) = device.boot(synced=False, away=10)
    assert (end.event_id, end.phase, end.boot_id) == ("event-1", Phase.END, "boot-1")
    assert (end.at, end.last_seen) == (stored, stored)
    assert device.see(*[SLUG] * 299) == []
    device.see(*[SLUG] * 5)
    assert alerts(device.events) == ["event-1", "event-2"]
    assert device.state.never_dated == 0


def test_the_clock_gives_a_cooldown_its_true_length() -> None:
    """A cooldown begun again at a boot without a clock is over at once when the clock says how long ago it began."""
    device = seen_once(cooldown=300, alerts=AlertRule(cooldown=3600))
    device.boot(synced=False, away=7200)
    assert device.see(*[SLUG] * 30) == []
    # Killed before the clock is set: what is known of the cooldown is on the disk.
    device.start(away=1)
    assert device.see(*[SLUG] * 30) == []
    device.boot(synced=False, away=10)
    assert device.see(*[SLUG] * 30) == []
    assert device.set_clock() == []
    device.see(*[SLUG] * 3)
    assert alerts(device.events) == ["event-1", "event-2"]


def test_the_clock_makes_no_cooldown_longer() -> None:
    """What began in this boot stays as it is, and a wall clock that was wrong then delays nothing."""
    device = seen_once(cooldown=100)
    device.boot(synced=False, away=5)
    device.see(*[SLUG] * 101)
    assert alerts(device.events) == ["event-1", "event-2"]
    device.see(*[NOTHING] * 12)
    ended = device.state.ended["slug"]
    device.set_clock()
    assert device.state.ended["slug"] == ended


def test_a_cooldown_of_this_boot_is_not_taken_for_an_older_one() -> None:
    """Two boots without a clock after one with: only what began in the first can be dated by it."""
    device = seen_once(cooldown=100)
    device.boot(synced=False, away=1000)
    device.see(*[SLUG] * 101, *[NOTHING] * 11)
    assert phases(device.events[-1:]) == [Phase.END]
    device.boot(synced=False, away=1)
    device.set_clock()
    assert device.see(*[SLUG] * 99) == []
    assert phases(device.see(SLUG, SLUG)) == [Phase.START]


def test_a_clock_that_goes_back_makes_no_cooldown_longer() -> None:
    """Set to a time before the end it should date, it leaves the cooldown as it was taken to be."""
    device = seen_once(cooldown=100)
    device.boot(synced=False, away=5)
    device.clock.jump_utc(NOON - timedelta(days=400))
    device.see(*[SLUG] * 101)
    assert alerts(device.events) == ["event-1", "event-2"]


def test_an_alert_cooldown_that_was_over_is_not_begun_by_a_clock() -> None:
    """Remembered for those that rest, it holds nothing off, not even where the clock is set back behind it."""
    device = seen_once(cooldown=0, alerts=AlertRule(cooldown=100))
    device.see(*[NOTHING] * 200, BEES, BEES, BEES)
    device.boot(synced=False, away=5)
    device.clock.jump_utc(NOON - timedelta(days=400))
    device.see(*[SLUG] * 3)
    assert alerts(device.events) == ["event-1", "event-3"]


def test_what_was_over_before_a_reboot_does_not_begin_again() -> None:
    """A cooldown that had passed when the state was stored is forgotten, clock or not."""
    device = seen_once(cooldown=30, synced=False)
    device.see(*[NOTHING] * 60, BEES, BEES, BEES)
    device.boot(synced=False)
    device.see(SLUG, SLUG, SLUG)
    assert alerts(device.events) == ["event-1", "event-3"]
    assert device.events[-1].role is Role.PEST


def test_another_machines_monotonic_time_is_another_boots() -> None:
    """A state from this boot's future is a copy from elsewhere, whatever boot it names."""
    device = seen_once()
    device.stored = device.stored.replace(b'"boot_id":"boot-1"', b'"boot_id":"boot-2"')
    (end,) = device.boot(synced=False)
    assert (end.phase, end.at.monotonic) == (Phase.END, 23.0)
    assert device.clock.monotonic() == 20.0

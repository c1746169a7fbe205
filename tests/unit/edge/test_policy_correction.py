"""Times that were null are told once the clock is set: once, of the right boot, and without another alert."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from insect_edge.domain import Phase
from insect_edge.mqtt import messages
from insect_edge.mqtt.fields import rfc3339
from insect_edge.outbox.entry import Ticket
from insect_edge.policy.correction import MOST_UNDATED
from support.device_life import Device, alerts, told_of
from support.payloads import decoded, origin, validator
from support.policy_watch import BEES, NOON, NOTHING, SLUG, phases, seen


def payload(event: object) -> dict[str, object]:
    """A change as published."""
    found = decoded(messages.detection(event, ticket=Ticket(seq=1, kind_seq=1), origin=origin()).payload)
    validator("detection").validate(found)
    return found


def stamp(seconds: float) -> str:
    """How the true time so many seconds after noon is written."""
    return rfc3339(NOON + timedelta(seconds=seconds))


def test_an_ended_event_is_dated_afterwards() -> None:
    """The end once more as an update, with the times of the end, and the alert is raised no second time."""
    device = Device(synced=False)
    device.see(*[SLUG] * 3, *[NOTHING] * 12)
    start, end = device.events
    assert [payload(event)["at"] for event in (start, end)] == [None, None]
    device.wait(100)
    (correction,) = device.set_clock()
    said, before = payload(correction), payload(end)
    changed = {"phase", "corrects", "started", "last_seen", "at", "clock_synced"}
    assert {name: value for name, value in said.items() if name not in changed} == {
        name: value for name, value in before.items() if name not in changed
    }
    assert {name: said[name] for name in sorted(changed)} == {
        "at": stamp(13),
        "clock_synced": True,
        "corrects": "end",
        "last_seen": stamp(3),
        "phase": "update",
        "started": stamp(1),
    }
    assert alerts(device.events) == ["event-1"]
    assert device.see(*[NOTHING] * 5) == []


def test_an_open_event_is_dated_at_once() -> None:
    """While it lasts the update says how it is now; its end then needs no correction."""
    device = Device(synced=False)
    device.see(*[SLUG] * 5)
    (correction,) = device.set_clock()
    said = payload(correction)
    assert (said["phase"], said["corrects"], said["hits"]) == ("update", "start", 5)
    assert (said["started"], said["last_seen"], said["at"]) == (stamp(1), stamp(5), stamp(5))
    (end,) = device.see(*[NOTHING] * 10)
    assert (end.phase, end.corrects, payload(end)["started"]) == (Phase.END, None, stamp(1))
    assert alerts(device.events) == ["event-1"]


def test_an_event_that_ends_with_the_clock_set_needs_no_correction() -> None:
    """Its end has all the times, so nothing is told twice."""
    device = Device(synced=False)
    device.see(*[SLUG] * 3, *[NOTHING] * 9)
    device.clock.jump_utc(NOON + timedelta(seconds=12))
    assert phases(device.see(NOTHING)) == [Phase.END]
    assert payload(device.events[-1])["started"] == stamp(1)
    assert device.see(NOTHING) == []


def test_corrections_come_oldest_first_and_only_once() -> None:
    """Ended events in their order, then open ones; a second look at the clock tells nothing."""
    device = Device(synced=False, cooldown=0)
    device.see(*[SLUG] * 3, *[NOTHING] * 11, *[BEES] * 3, *[NOTHING] * 11, *[SLUG] * 3)
    corrections = device.set_clock()
    assert told_of(corrections) == [(f"event-{number}", Phase.UPDATE) for number in (1, 2, 3)]
    assert [event.corrects for event in corrections] == [Phase.END, Phase.END, Phase.START]
    assert device.set_clock() == []


def test_corrections_survive_a_kill() -> None:
    """A process of the same boot corrects what an earlier one told, and what it told it does not tell again."""
    device = Device(synced=False)
    device.see(*[SLUG] * 3, *[NOTHING] * 12)
    device.start(away=30)
    assert told_of(device.set_clock()) == [("event-1", Phase.UPDATE)]
    device.start(away=30)
    assert device.set_clock() == []


def test_events_ended_by_a_stop_are_corrected_too() -> None:
    """A clean stop before the clock is set leaves the correction to the next process."""
    device = Device(synced=False)
    device.see(*[SLUG] * 3)
    device.stop()
    device.start(away=5)
    assert [event.corrects for event in device.set_clock()] == [Phase.END]


def test_events_of_an_earlier_boot_stay_without_a_time() -> None:
    """Nothing relates two boots without a clock: their events keep null, boot id and monotonic seconds, and count."""
    device = Device(synced=False, cooldown=0)
    device.see(*[SLUG] * 3, *[NOTHING] * 11, *[BEES] * 3)
    (end,) = device.boot(synced=False, away=60)
    said = payload(end)
    assert (said["boot_id"], said["clock_synced"], said["at"], said["started"]) == ("boot-1", False, None, None)
    assert said["monotonic"] == {"started": 35.0, "last_seen": 37.0, "at": 37.0}
    assert device.set_clock() == []
    assert device.state.never_dated == 2


def test_too_many_events_are_counted() -> None:
    """Those remembered are bounded; the oldest are given up, and the count says how many."""
    device = Device(synced=False, cooldown=0, window=1, required=1)
    device.see(*[SLUG, *[NOTHING] * 11] * (MOST_UNDATED + 3))
    corrections = device.set_clock()
    assert [event.event_id for event in corrections] == [f"event-{n + 4}" for n in range(MOST_UNDATED)]
    assert device.state.never_dated == 3
    assert device.stored is not None
    assert json.loads(device.stored)["undated"] == []


def test_the_stored_state_stays_small() -> None:
    """A full list of events to be dated is some tens of kilobytes."""
    device = Device(synced=False, cooldown=0, window=1, required=1)
    device.see(*[SLUG, *[NOTHING] * 11] * MOST_UNDATED)
    assert device.stored is not None
    assert 20_000 < len(device.stored) < 60_000


@pytest.mark.parametrize("wrong", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2054, 1, 1, tzinfo=UTC)])
def test_no_wrong_time_is_ever_told(wrong: datetime) -> None:
    """Whatever an unset clock shows, and however it jumps, nothing of it is in any payload."""
    device = Device(synced=False, update_every=5.0)
    for year in range(3):
        device.clock.jump_utc(wrong + timedelta(days=400 * year), clock_synced=False)
        device.see(*[SLUG] * 12)
    device.set_clock()
    device.see(*[NOTHING] * 12)
    times = [payload(event)[name] for event in device.events for name in ("started", "last_seen", "at")]
    assert None in times
    assert {str(time)[:10] for time in times if time is not None} == {"2026-06-01"}


def test_a_clock_that_is_lost_and_found() -> None:
    """What is told while the clock is not known to be set any more is corrected when it is again."""
    device = Device(cooldown=0)
    device.see(*[SLUG] * 3)
    device.clock.clock_synced = False
    device.see(*[NOTHING] * 11)
    assert payload(device.events[-1])["at"] is None
    device.clock.clock_synced = True
    (correction,) = device.tick()
    assert (correction.corrects, payload(correction)["at"]) == (Phase.END, stamp(13))


def test_what_was_told_with_its_times_is_not_corrected() -> None:
    """Of an event told before the clock was lost and one told after, only the second is told again."""
    device = Device()
    device.see(*[SLUG] * 3)
    device.clock.clock_synced = False
    both = seen({"bees": 0.9, "slug": 0.6})
    device.see(*[both] * 3, *[SLUG] * 11)
    device.clock.clock_synced = True
    assert [(event.label, event.corrects) for event in device.tick()] == [("bees", Phase.END)]


def test_an_update_without_times_is_corrected() -> None:
    """An event that started with a time and was then told without one is told again."""
    device = Device(update_every=5.0)
    device.see(*[SLUG] * 3)
    device.clock.clock_synced = False
    assert phases(device.see(*[SLUG] * 5)) == [Phase.UPDATE]
    device.clock.clock_synced = True
    assert [(event.label, event.corrects) for event in device.tick()] == [("slug", Phase.START)]

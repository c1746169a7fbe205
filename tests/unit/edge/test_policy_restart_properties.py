"""Whole lives of a device, with kills, reboots and clocks wherever hypothesis puts them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from insect_edge.domain import Phase
from insect_edge.policy.alerting import AlertRule
from insect_edge.timekeeping import dated
from support.device_life import Device
from support.policy_watch import BEES, NOTHING, SLUG, phases

END_AFTER, COOLDOWN, ALERT_COOLDOWN = 4.0, 20.0, 60.0
AWAY = st.sampled_from([0.0, 1.0, 5.0, 15.0, 30.0, 100.0, 1000.0])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("see"), st.sampled_from([SLUG, SLUG, BEES, NOTHING]), st.integers(1, 12)),
        st.tuples(st.just("wait"), AWAY),
        st.tuples(st.just("kill"), AWAY),
        st.tuples(st.just("stop"), AWAY),
        st.tuples(st.just("reboot"), AWAY, st.booleans()),
        st.tuples(st.just("clock")),
    ),
    max_size=25,
)


def lived(steps: list[tuple[object, ...]], *, synced: bool) -> Device:
    """A device after all that, stopped in the end."""
    rule = AlertRule(cooldown=ALERT_COOLDOWN)
    device = Device(synced=synced, end_after=END_AFTER, cooldown=COOLDOWN, update_every=10.0, alerts=rule)
    for step in steps:
        match step:
            case ("see", frame, times):
                device.see(*[frame] * times)
            case ("wait", seconds):
                device.wait(seconds)
                device.tick()
            case ("kill", seconds):
                device.start(away=seconds)
            case ("stop", seconds):
                device.stop()
                device.start(away=seconds)
            case ("reboot", seconds, again):
                device.boot(synced=again, away=seconds)
            case ("clock",):
                device.set_clock()
    return device


@given(STEPS, st.booleans())
def test_every_event_lives_once(steps: list[tuple[object, ...]], synced: bool) -> None:  # noqa: FBT001 # drawn
    """One start, one end and nothing but a correction after it, however many processes it took."""
    device = lived(steps, synced=synced)
    device.stop()
    for event_id in {event.event_id for event in device.events}:
        changes = [event for event in device.events if event.event_id == event_id]
        life = phases([event for event in changes if event.corrects is None])
        assert life == [Phase.START, *[Phase.UPDATE] * (len(life) - 2), Phase.END]
        assert [event.corrects for event in changes if event.corrects is Phase.END] in ([], [Phase.END])
    assert device.state.open_events == ()


@given(STEPS, st.booleans())
def test_no_alert_is_repeated(steps: list[tuple[object, ...]], synced: bool) -> None:  # noqa: FBT001 # drawn
    """At most one an event, and none within the cooldown of the one before, in true time."""
    device = lived(steps, synced=synced)
    alerts = [(at, event.event_id) for at, event in device.told if event.alert]
    assert len({event_id for _, event_id in alerts}) == len(alerts)
    assert all(later - earlier >= ALERT_COOLDOWN - 1e-3 for (earlier, _), (later, _) in pairwise(alerts))


@given(STEPS, st.booleans())
def test_no_event_starts_within_a_cooldown(steps: list[tuple[object, ...]], synced: bool) -> None:  # noqa: FBT001 # drawn
    """Between the last that was seen of a label and its next event lies at least the cooldown, in true time."""
    device = lived(steps, synced=synced)
    for label in ("slug", "bees"):
        told = [(at, event) for at, event in device.told if event.label == label and event.corrects is None]
        for (before, earlier), (after, later) in pairwise(told):
            assert (later.phase is Phase.START) == (earlier.phase is Phase.END)
            if later.phase is Phase.START:
                seen = before - (earlier.at.monotonic - earlier.last_seen.monotonic)
                assert after - seen >= COOLDOWN - 1e-3


@given(STEPS, st.booleans())
def test_no_insect_is_swallowed(steps: list[tuple[object, ...]], synced: bool) -> None:  # noqa: FBT001 # drawn
    """A slug that stays for the cooldowns after all that is an open event, and it has had its alert."""
    device = lived(steps, synced=synced)
    device.see(*[SLUG] * int(ALERT_COOLDOWN + COOLDOWN))
    (event,) = (event for event in device.state.open_events if event.label == "slug")
    assert event.alerted


@given(STEPS, st.booleans())
def test_what_is_stored_is_what_was_told(steps: list[tuple[object, ...]], synced: bool) -> None:  # noqa: FBT001 # drawn
    """A process that is killed at any moment leaves no open event that was not told, and none it told is missing."""
    device = lived(steps, synced=synced)
    started = {event.event_id for event in device.events if event.phase is Phase.START}
    ended = {event.event_id for event in device.events if event.phase is Phase.END}
    device.start()
    assert {event.event_id for event in device.state.open_events} <= started - ended
    device.stop()
    assert {event.event_id for event in device.events if event.phase is Phase.END} == started


@settings(max_examples=300)
@given(STEPS, st.booleans())
def test_every_time_told_is_true(steps: list[tuple[object, ...]], synced: bool) -> None:  # noqa: FBT001 # drawn
    """A time is the right one, to the millisecond, or null; never one of a clock that was not set."""
    device = lived(steps, synced=synced)
    for event, boot_id in zip(device.events, device.boots, strict=True):
        for moment in (event.started, event.last_seen, event.at):
            told = dated(moment, by=event.at)
            if told.clock_synced:
                off = told.utc - device.truth(told, boot_id=event.boot_id or boot_id)
                assert abs(off.total_seconds()) < 1e-3


@given(STEPS, st.booleans())
def test_every_event_is_dated_or_counted(steps: list[tuple[object, ...]], synced: bool) -> None:  # noqa: FBT001 # drawn
    """Once the clock is set, events whose last word has no time are as many as are said to be never dated."""
    device = lived(steps, synced=synced)
    device.stop()
    device.set_clock()
    last_words = {event.event_id: event for event in device.events}
    assert sum(not event.at.clock_synced for event in last_words.values()) == device.state.never_dated

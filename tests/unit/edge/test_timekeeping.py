"""One clock in terms of the other, and a policy that does not care for the wall clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from insect_edge.domain import Classification, Event, Moment
from insect_edge.timekeeping import carried_over, dated, monotonic_at, utc_at
from support.device_life import Device
from support.policy_watch import BEES, NOON, NOTHING, SLUG

LATER = Moment(monotonic=100.0, utc=NOON, clock_synced=True)
UNSET = Moment(monotonic=40.0, utc=datetime(1970, 1, 1, tzinfo=UTC), clock_synced=False)


def test_a_time_is_known_from_a_later_instant() -> None:
    """Sixty monotonic seconds before noon it was a minute to noon."""
    assert dated(UNSET, by=LATER) == Moment(monotonic=40.0, utc=NOON - timedelta(seconds=60), clock_synced=True)


def test_a_time_that_is_known_stays() -> None:
    """The wall clock may have been corrected since; what it said then was right then."""
    known = Moment(monotonic=40.0, utc=NOON, clock_synced=True)
    assert dated(known, by=LATER) == known


def test_nothing_is_made_of_nothing() -> None:
    """Neither an instant without a time nor one that was earlier says anything."""
    assert dated(UNSET, by=replace(LATER, clock_synced=False)) == UNSET
    assert dated(UNSET, by=replace(LATER, monotonic=39.0)) == UNSET


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_the_two_clocks_are_each_others_inverse(monotonic: float, other: float) -> None:
    """There and back again, to the microsecond."""
    by = Moment(monotonic=other, utc=NOON, clock_synced=True)
    assert abs(monotonic_at(utc_at(monotonic, by=by), by=by) - monotonic) < 1e-5


def test_a_moment_of_another_boot_comes_before_this_one() -> None:
    """Carried over by the wall clock, what was an hour ago lies an hour back, before the boot or not."""
    moved = carried_over(Moment(monotonic=9e5, utc=NOON - timedelta(hours=1), clock_synced=True), by=LATER)
    assert moved == Moment(monotonic=-3500.0, utc=NOON - timedelta(hours=1), clock_synced=True)


Jump = tuple[int, int, bool, bool]
"""Before which frame, to how many days from noon, whether the clock is set then, and whether the process is killed."""
JUMPS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(-50 * 365, 50 * 365), st.booleans(), st.booleans()), max_size=6
)
FRAMES = st.lists(st.sampled_from([SLUG, SLUG, SLUG, BEES, NOTHING, NOTHING]), min_size=20, max_size=60)


def lived(frames: list[Classification], jumps: list[Jump]) -> list[Event]:
    """What a device tells that sees these frames while that happens to it."""
    device = Device(cooldown=8, end_after=5.0, update_every=10.0)
    for number, frame in enumerate(frames):
        for _, days, synced, killed in (jump for jump in jumps if jump[0] == number):
            device.clock.jump_utc(NOON + timedelta(days=days), clock_synced=synced)
            if killed:
                device.start()
        device.see(frame)
    device.stop()
    return device.events


def facts(events: list[Event]) -> list[tuple[object, ...]]:
    """What the wall clock has no part in."""
    changes = (event for event in events if event.corrects is None)
    return [(event.event_id, event.label, event.phase, event.alert, event.at.monotonic) for event in changes]


@given(FRAMES, JUMPS)
def test_jumps_of_the_wall_clock_change_no_event(frames: list[Classification], jumps: list[Jump]) -> None:
    """Years forth or back, set or not: the same starts, updates, ends and alerts at the same monotonic seconds."""
    still = [(number, 0, True, killed) for number, _, _, killed in jumps]
    assert facts(lived(frames, jumps)) == facts(lived(frames, still))

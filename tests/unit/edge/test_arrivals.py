"""Counts over time against counting by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insect_edge.domain import Moment
from insect_edge.policy.arrivals import (
    DAY,
    HOUR,
    KEPT_SECONDS,
    LONGEST_GAP_SECONDS,
    MOST_GROUPS,
    MOST_SPANS,
    Arrivals,
    Misplaced,
    Spent,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
GAPS = st.sampled_from([0.0, 0.5, 1.0, 30.0, 299.0, 301.0, 4000.0, 50_000.0])


def moment(seconds: float, *, utc: float = 0.0, synced: bool = True) -> Moment:
    """An instant of a boot; `utc` seconds after noon by the wall clock."""
    return Moment(monotonic=seconds, utc=NOON + timedelta(seconds=utc), clock_synced=synced)


def came(*times: float, label: str = "slug", before: Arrivals | None = None) -> Arrivals:
    """Animals that came at these seconds."""
    arrivals = before or Arrivals()
    for at in times:
        arrivals = arrivals.plus(label, at=at)
    return arrivals


def looked(*times: float, before: Arrivals | None = None) -> Arrivals:
    """Looks at these seconds."""
    arrivals = before or Arrivals()
    for at in times:
        arrivals = arrivals.looked(at=at)
    return arrivals


@settings(max_examples=50)
@given(st.lists(GAPS, max_size=MOST_GROUPS), st.floats(0, 9 * DAY), st.floats(0, 9 * DAY))
def test_a_window_counts_what_came_in_it(gaps: list[float], since: float, length: float) -> None:
    """To the millisecond, as counting the times themselves does, for eight days."""
    at, times = 0.0, []
    for gap in gaps:
        at += gap
        times.append(at)
    arrivals = came(*times)
    kept = [time for time in times if not times or times[-1] - time <= KEPT_SECONDS]
    assert arrivals.count("slug", since=since) == sum(time >= since for time in kept)
    assert arrivals.count("slug", since=since, until=since + length) == sum(
        since <= time < since + length for time in kept
    )
    assert arrivals.count("moth", since=0.0) == 0


@settings(max_examples=15)
@given(st.lists(st.floats(0, 200.0), min_size=300, max_size=500), st.floats(0, DAY))
def test_a_flood_is_counted_in_bounded_memory(gaps: list[float], age: float) -> None:
    """However many come, few groups are kept, no animal is lost, and none is forgotten more than an hour early."""
    at, times = 0.0, []
    for gap in gaps:
        at += gap
        times.append(at)
    arrivals = came(*times)
    assert len(arrivals.groups["slug"]) <= MOST_GROUPS
    assert arrivals.count("slug", since=0.0) == len(times)
    since = at - age
    assert sum(time >= since + HOUR for time in times) <= arrivals.count("slug", since=since)
    assert arrivals.count("slug", since=since) <= sum(round(time, 3) >= since for time in times)


def test_a_busy_night_is_counted_exactly_by_the_hour() -> None:
    """The older ones are counted together first: no rule of the last hour sees its count fall meanwhile."""
    every = 90.0
    arrivals = Arrivals()
    for number in range(8 * 100):
        arrivals = came(number * every, before=arrivals)
        last_hour = min(number + 1, int(HOUR / every) + 1)
        assert arrivals.count("slug", since=number * every - HOUR) == last_hour
    assert len(arrivals.groups["slug"]) <= MOST_GROUPS


def test_eight_days_with_animals_in_every_hour_fit() -> None:
    """The oldest are forgotten with time, those of other labels too."""
    arrivals = came(0.0, label="moth")
    for hour in range(300):
        arrivals = came(hour * HOUR + 5, hour * HOUR + 1000, before=arrivals)
    assert len(arrivals.groups["slug"]) <= MOST_GROUPS
    assert set(arrivals.groups) == {"slug"}
    assert arrivals.count("slug", since=300 * HOUR - 7 * DAY) == 2 * 7 * 24


@given(st.lists(GAPS, max_size=150), st.floats(0, 3 * DAY), st.floats(0, 3 * DAY))
def test_exposure_is_the_time_between_looks_that_are_near(gaps: list[float], since: float, length: float) -> None:
    """As adding up the pieces by hand: a longer gap is one in which nobody looked."""
    at, times = 0.0, []
    for gap in gaps:
        at += gap
        times.append(at)
    until = since + length
    by_hand = sum(
        max(0.0, min(later, until) - max(earlier, since))
        for earlier, later in pairwise(times)
        if later - earlier <= LONGEST_GAP_SECONDS
    )
    assert looked(*times).exposure(since=since, until=until) == pytest.approx(by_hand, abs=0.1)


def test_a_trap_that_comes_and_goes_all_the_time_is_kept_in_bounded_memory() -> None:
    """A thousand short spans become one an hour; their seconds are all still there."""
    arrivals = Arrivals()
    for number in range(1000):
        arrivals = looked(number * 600.0, number * 600.0 + 100, before=arrivals)
    assert len(arrivals.spans) <= MOST_SPANS
    now = 1000 * 600.0
    assert arrivals.exposure(since=now - DAY, until=now) == pytest.approx(100 * 144, abs=200)


def test_a_look_that_is_told_twice_counts_once() -> None:
    """Nothing is added for a time that was counted."""
    assert looked(0.0, 10.0, 10.0, 5.0).exposure(since=0.0, until=100.0) == 10.0


@given(st.lists(GAPS, max_size=30), st.floats(-1e6, 1e6))
def test_what_is_moved_is_moved_whole(gaps: list[float], by: float) -> None:
    """Another boot's seconds give the same counts and the same exposure."""
    at, arrivals = 0.0, Arrivals(spent={"rule": Spent(at=1.0, armed=False)})
    for gap in gaps:
        at += gap
        arrivals = looked(at, before=came(at, before=arrivals))
    moved = arrivals.moved(by)
    for since in (at - HOUR - 0.5, at - DAY - 0.5):
        assert moved.count("slug", since=since + by - 0.01) == arrivals.count("slug", since=since - 0.01)
        assert moved.exposure(since=since + by, until=at + by) == pytest.approx(
            arrivals.exposure(since=since, until=at), abs=0.1
        )
    assert moved.spent["rule"].at == pytest.approx(1.0 + by, abs=0.001)


def test_a_boot_without_a_clock_goes_on_as_if_no_time_had_passed() -> None:
    """Until the clock is set: then what came before is where it belongs."""
    before = looked(0.0, 100.0, before=came(10.0, 90.0))
    after = before.cut_off(saved=moment(100.0, utc=0.0), now=moment(20.0, synced=False))
    after = looked(30.0, 50.0, before=came(40.0, before=after))
    assert after.count("slug", since=-70.0) == 3
    assert after.count("slug", since=-69.0) == 2
    assert after.placed(now=moment(60.0, synced=False)) == after
    # The old boot's second 100 was two hours before what is now known to be the time.
    placed = after.placed(now=moment(60.0, utc=2 * HOUR))
    assert placed.misplaced is None
    assert placed.count("slug", since=60.0 - HOUR) == 1
    assert placed.count("slug", since=60.0 - 2 * HOUR - 11) == 2
    assert placed.count("slug", since=60.0 - 2 * HOUR - 91) == 3
    assert placed.exposure(since=60.0 - HOUR, until=60.0) == 20.0
    assert placed.exposure(since=60.0 - 3 * HOUR, until=60.0) == pytest.approx(120.0)


FRACTION = st.floats(0, 0.999_999)


@given(FRACTION, FRACTION, FRACTION)
def test_everything_counted_before_a_boot_without_a_clock_finds_its_place(
    came_at: float, saved_at: float, booted_at: float
) -> None:
    """Whatever the fractions of a second: what came with the very change that was stored was 30 hours ago, too."""
    saved = moment(5000 + max(came_at, saved_at), utc=0.0)
    before = looked(4900.0, saved.monotonic, before=came(5000 + came_at, saved.monotonic))
    before = replace(before, spent={"rule": Spent(at=saved.monotonic, armed=False)})
    after = before.cut_off(saved=saved, now=moment(20 + booted_at, synced=False))
    after = looked(25.0, 50.0, before=came(40.0, before=after))
    placed = after.placed(now=moment(60.0, utc=30 * HOUR))
    assert placed.count("slug", since=60.0 - DAY) == 1
    assert placed.count("slug", since=60.0 - 31 * HOUR) == 3
    assert placed.exposure(since=60.0 - DAY, until=60.0) == 25.0
    assert placed.spent["rule"].at == pytest.approx(60.0 - 30 * HOUR, abs=0.002)


def test_several_boots_without_a_clock_keep_what_is_known() -> None:
    """Only the last time that was known can be used; between the boots since nobody knows how long it was."""
    first = came(10.0).cut_off(saved=moment(100.0, utc=0.0), now=moment(20.0, synced=False))
    second = came(30.0, before=first).cut_off(saved=moment(50.0, synced=False), now=moment(20.0, synced=False))
    assert second.misplaced == Misplaced(until=-10.0, utc=NOON)
    placed = second.placed(now=moment(60.0, utc=HOUR))
    assert placed.count("slug", since=0.0) == 1
    assert placed.count("slug", since=60.0 - HOUR - 91) == 2


def test_a_clock_that_was_ahead_moves_nothing_into_the_future() -> None:
    """Set back by the next boot, it leaves what was counted where it is."""
    before = came(10.0).cut_off(saved=moment(100.0, utc=10 * DAY), now=moment(20.0, synced=False))
    placed = before.placed(now=moment(60.0, utc=0.0))
    assert placed.groups == before.groups

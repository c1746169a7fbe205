"""The fake clock moves only when told, and remembers how long it was waited on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.adapters.fake_clock import DEFAULT_START, FakeClock
from insect_edge.protocols import Notice, Signalled


def test_it_stands_still() -> None:
    """Two looks show the same moment."""
    clock = FakeClock()
    assert clock.moment() == clock.moment()
    assert clock.moment().utc == DEFAULT_START
    assert clock.boot_id()


def test_waiting_passes_the_time_at_once() -> None:
    """A wait without a notice moves both clocks by its seconds and is remembered."""
    clock, inbox = FakeClock(monotonic=10.0), SimpleQueue[Notice]()
    assert clock.wait(inbox, seconds=86_400) is None
    assert clock.wait(inbox, seconds=0) is None
    assert clock.monotonic() == 86_410
    assert clock.moment().utc == DEFAULT_START + timedelta(days=1)
    assert clock.waits == [86_400, 0]


def test_a_notice_costs_no_time() -> None:
    """A notice that is there is taken without any time passing."""
    clock, inbox = FakeClock(), SimpleQueue[Notice]()
    inbox.put(Signalled(number=15))
    assert clock.wait(inbox, seconds=60) == Signalled(number=15)
    assert clock.moment().utc == DEFAULT_START
    assert clock.waits == []


def test_a_time_server_moves_the_wall_clock_only() -> None:
    """Jumping sets the wall clock, back or forth, and says that it is set."""
    clock = FakeClock(clock_synced=False)
    before = clock.monotonic()
    assert not clock.moment().clock_synced
    clock.jump_utc(datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=2))))
    assert clock.moment().utc == datetime(2019, 12, 31, 22, tzinfo=UTC)
    assert clock.moment().utc.tzinfo is UTC
    assert clock.moment().clock_synced
    assert clock.monotonic() == before


def test_naive_times_and_negative_steps_are_refused() -> None:
    """Times without a zone and steps into the past are mistakes."""
    with pytest.raises(ValueError, match="no time zone"):
        FakeClock(utc=datetime(2026, 1, 1))  # noqa: DTZ001 # the mistake under test
    with pytest.raises(ValueError, match="no time zone"):
        FakeClock().jump_utc(datetime(2026, 1, 1))  # noqa: DTZ001 # the mistake under test
    with pytest.raises(ValueError, match="never goes back"):
        FakeClock().advance(-1)


@given(st.lists(st.floats(0, 1e6), max_size=20))
def test_time_adds_up(steps: list[float]) -> None:
    """However time is passed, both clocks agree on how much."""
    clock, inbox = FakeClock(monotonic=0.0), SimpleQueue[Notice]()
    for number, seconds in enumerate(steps):
        if number % 2:
            clock.advance(seconds)
        else:
            clock.wait(inbox, seconds=seconds)
    assert clock.monotonic() == pytest.approx(sum(steps))
    assert (clock.moment().utc - DEFAULT_START).total_seconds() == pytest.approx(sum(steps), abs=1e-3)

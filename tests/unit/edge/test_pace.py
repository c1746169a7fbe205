"""How often to look: seldom in the dark, less often on a hot board, never so seldom that the watchdog bites."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.health.pace import Pace, PaceSettings
from insect_edge.health.report import Board, Throttling

HOT, WARM, COOL = (Board(temperature_celsius=celsius) for celsius in (82.0, 77.0, 60.0))


def intervals(pace: Pace, *boards: Board, every: float = 60.0) -> list[float]:
    """What is in force after each look at the board."""
    found = []
    for number, board in enumerate(boards):
        pace.board(board, now=number * every)
        found.append(pace.seconds)
    return found


def test_the_configured_rate_is_the_rule() -> None:
    """By day, on a cool board, frames come as configured."""
    pace = Pace(PaceSettings(interval=0.5))
    pace.frame(dark=False, now=0)
    assert intervals(pace, COOL, Board()) == [0.5, 0.5]
    assert not pace.saves


def test_the_dark_slows_after_half_a_minute_and_light_wakes_at_once() -> None:
    """A hand before the lens changes nothing; a night does, until the first light frame."""
    pace = Pace(PaceSettings())
    seen = []
    for now, dark in ((0, True), (29, True), (30, True), (40, True), (50, False), (51, True)):
        pace.frame(dark=dark, now=now)
        seen.append(pace.seconds)
    assert seen == [1, 1, 10, 10, 1, 1]


def test_a_hot_board_slows_in_steps_and_recovers_in_steps() -> None:
    """Each minute of heat doubles the interval, up to half the time after which an event ends; cooling halves it."""
    pace = Pace(PaceSettings(longest_hot=5.0))
    assert intervals(pace, HOT, HOT, HOT, HOT, WARM, COOL, COOL, COOL, COOL, COOL) == [2, 4, 5, 5, 5, 5, 4, 2, 1, 1]


def test_steps_take_their_time() -> None:
    """A second look within the same minute changes nothing."""
    assert intervals(Pace(PaceSettings()), HOT, HOT, HOT, HOT, every=20.0) == [2, 2, 2, 4]


@pytest.mark.parametrize("bit", ["throttled", "frequency_capped", "soft_limit"])
def test_the_firmware_is_believed(bit: str) -> None:
    """A board that slows itself down is slowed down by us, whatever its thermometer says."""
    board = Board(temperature_celsius=40.0, throttling=Throttling(**{bit: True}))
    assert intervals(Pace(PaceSettings()), board) == [2]


def test_what_happened_long_ago_slows_nothing() -> None:
    """The firmware's memory of earlier trouble is told, not obeyed."""
    board = Board(throttling=Throttling(throttled_occurred=True, under_voltage_occurred=True))
    assert intervals(Pace(PaceSettings()), board) == [1]


def test_new_settings_take_effect_at_once() -> None:
    """A reloaded rate counts from the next frame on."""
    pace = Pace(PaceSettings())
    pace.configure(PaceSettings(interval=0.25))
    assert pace.seconds == 0.25


@given(
    st.builds(
        PaceSettings,
        interval=st.floats(0.02, 100),
        dark_interval=st.floats(0.02, 100),
        longest_hot=st.floats(0.05, 1000),
        watchdog_seconds=st.none() | st.floats(0.1, 600),
    ),
    st.lists(st.tuples(st.booleans(), st.sampled_from([HOT, WARM, COOL, Board()])), max_size=30),
)
def test_the_watchdog_has_time_for_three_frames(settings: PaceSettings, story: list[tuple[bool, Board]]) -> None:
    """Saving never makes an interval that three frames of do not fit into the watchdog's time, nor a rate too fast."""
    pace = Pace(settings)
    for number, (dark, board) in enumerate(story):
        pace.frame(dark=dark, now=60.0 * number)
        pace.board(board, now=60.0 * number)
        assert settings.interval <= pace.seconds <= settings.slowest
        if pace.seconds > settings.interval and settings.watchdog_seconds is not None:
            assert 3 * pace.seconds <= settings.watchdog_seconds * (1 + 1e-9)

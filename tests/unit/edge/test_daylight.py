"""Night and day against almanacs, and against local hours."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.policy.daylight import Daylight, Half

if TYPE_CHECKING:
    from collections.abc import Iterator

ZURICH, LONDON, SYDNEY, TROMSO = (47.3769, 8.5417), (51.5074, -0.1278), (-33.8688, 151.2093), (69.6492, 18.9553)
ALMANAC = [
    # where, when, and since when it is night or day, from published tables
    (ZURICH, "2026-06-21T12:00", Half.DAY, "2026-06-21T03:29"),
    (ZURICH, "2026-06-21T23:00", Half.NIGHT, "2026-06-21T19:26"),
    (LONDON, "2026-12-21T12:00", Half.DAY, "2026-12-21T08:04"),
    (LONDON, "2026-12-22T06:00", Half.NIGHT, "2026-12-21T15:53"),
    (SYDNEY, "2026-12-21T02:00", Half.DAY, "2026-12-20T18:41"),
    (SYDNEY, "2026-12-21T12:00", Half.NIGHT, "2026-12-21T09:05"),
]


def utc(text: str) -> dt.datetime:
    """A time in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(("position", "when", "half", "since"), ALMANAC)
def test_the_sun_rises_and_sets_as_in_the_tables(
    position: tuple[float, float], when: str, half: Half, since: str
) -> None:
    """Within three minutes, on both sides of the equator and of Greenwich."""
    period = Daylight(position=position).at(utc(when))
    assert period.half is half
    assert abs(period.since - utc(since)) < dt.timedelta(minutes=3)


@pytest.mark.parametrize(
    ("when", "half"),
    [("2026-06-21T02:00", Half.DAY), ("2026-06-21T23:30", Half.DAY), ("2026-12-21T08:00", Half.NIGHT)],
)
def test_beyond_the_polar_circle_a_day_or_a_night_lasts_24_hours(when: str, half: Half) -> None:
    """Where the sun does not set or not rise a period still ends, so that its counts do."""
    period = Daylight(position=TROMSO).at(utc(when))
    assert period.half is half
    assert utc(when) - period.since < dt.timedelta(hours=24, minutes=1)


@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.datetimes(min_value=dt.datetime(1970, 1, 2), max_value=dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001 # hypothesis wants naive bounds
)
def test_anywhere_at_any_time_it_is_night_or_day_for_24_hours_at_most(
    latitude: float, longitude: float, when: dt.datetime
) -> None:
    """The newest change lies before the moment, and not long before; just before it the other half held or the same."""
    daylight = Daylight(position=(latitude, longitude))
    period = daylight.at(when)
    assert dt.timedelta() <= when - period.since < dt.timedelta(hours=48)
    assert daylight.at(period.since + dt.timedelta(seconds=1)).half is period.half


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock hangs in Berlin."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("when", "half", "since"),
    [
        ("2026-01-15T12:00", Half.DAY, "2026-01-15T05:00"),
        ("2026-01-15T23:00", Half.NIGHT, "2026-01-15T19:30"),
        ("2026-01-16T04:59", Half.NIGHT, "2026-01-15T19:30"),
        ("2026-07-15T23:00", Half.NIGHT, "2026-07-15T18:30"),
        # The clock goes forward in this night, and back in that one.
        ("2026-03-29T03:30", Half.NIGHT, "2026-03-28T19:30"),
        ("2026-03-29T04:30", Half.DAY, "2026-03-29T04:00"),
        ("2026-10-25T04:30", Half.NIGHT, "2026-10-24T18:30"),
        ("2026-10-25T05:30", Half.DAY, "2026-10-25T05:00"),
    ],
)
@pytest.mark.usefixtures("berlin")
def test_without_a_position_the_hours_are_local(when: str, half: Half, since: str) -> None:
    """Summer time comes and goes with the machine's own time zone."""
    period = Daylight(night=(20.5, 6.0)).at(utc(when))
    assert (period.half, period.since) == (half, utc(since))


@pytest.mark.usefixtures("berlin")
def test_a_night_may_lie_within_a_day() -> None:
    """Hours that do not cross midnight are fine too."""
    daylight = Daylight(night=(1.0, 5.0))
    assert daylight.at(utc("2026-01-15T02:00")).half is Half.NIGHT
    assert daylight.at(utc("2026-01-15T22:00")).half is Half.DAY

"""Night and day where the trap stands: by the sun where its position is known, else by fixed hours of local time.

The sun's rising and setting follow the sunrise equation (en.wikipedia.org/wiki/Sunrise_equation, after Meeus,
"Astronomical Algorithms", chapters 15 and 25): the upper rim on a flat horizon with 0.833 degrees for refraction and
the sun's radius, right to a few minutes between the polar circles. Where the sun does not set a day begins at each
solar midnight, and where it does not rise a night at each solar noon, so that none lasts longer than 24 hours.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_EPOCH = dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)
"""J2000, from which the equation counts days."""
_HORIZON = math.sin(math.radians(-0.833))
_TILT = math.sin(math.radians(23.4397))
_PERIHELION = 102.9372
_DAYS_AROUND = 3
"""The newest change before any moment lies within two days of it; at the poles of the calendar one more."""


class Half(enum.StrEnum):
    """Of the 24 hours."""

    NIGHT = "night"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A night or a day.

    Attributes:
        half: which of the two.
        since: aware UTC time of its beginning.
    """

    half: Half
    since: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Daylight:
    """What decides between night and day.

    Attributes:
        position: latitude and longitude in degrees, north and east positive; None for fixed hours.
        night: local hours, from 0 to 24, at which a night begins and ends where there is no position.
    """

    position: tuple[float, float] | None = None
    night: tuple[float, float] = (20.0, 6.0)

    def at(self, utc: dt.datetime) -> Period:
        """The night or day of an aware time."""
        changes = self._by_hours(utc) if self.position is None else self._by_sun(utc)
        since, half = max((change for change in changes if change[0] <= utc), key=lambda change: change[0])
        return Period(half=half, since=since)

    def _by_hours(self, utc: dt.datetime) -> Iterator[tuple[dt.datetime, Half]]:
        today = utc.astimezone().date()
        for days in (-2, -1, 0):
            # Without a zone: of the machine's own, which `astimezone` asks.
            midnight = dt.datetime.combine(today + dt.timedelta(days=days), dt.time())
            for hours, half in zip(self.night, (Half.NIGHT, Half.DAY), strict=True):
                yield (midnight + dt.timedelta(hours=hours)).astimezone(dt.UTC), half

    def _by_sun(self, utc: dt.datetime) -> Iterator[tuple[dt.datetime, Half]]:
        latitude, longitude = self.position or (0.0, 0.0)
        today = round((utc - _EPOCH) / dt.timedelta(days=1))
        for day in range(today - _DAYS_AROUND, today + _DAYS_AROUND):
            noon, half_day = _sun(day - longitude / 360, latitude=latitude)
            if half_day > 0:
                yield _EPOCH + dt.timedelta(days=noon - half_day), Half.DAY
            if half_day < 0.5:  # noqa: PLR2004 # else the sun is up all day
                yield _EPOCH + dt.timedelta(days=noon + half_day), Half.NIGHT


def _sun(days: float, *, latitude: float) -> tuple[float, float]:
    """Solar noon next to `days` after the epoch, and how long before and after it the sun is up, both in days."""
    anomaly = math.radians(357.5291 + 0.98560028 * days)
    centre = 1.9148 * math.sin(anomaly) + 0.0200 * math.sin(2 * anomaly) + 0.0003 * math.sin(3 * anomaly)
    along = anomaly + math.radians(centre + 180 + _PERIHELION)
    noon = days + 0.0053 * math.sin(anomaly) - 0.0069 * math.sin(2 * along)
    declination = math.asin(math.sin(along) * _TILT)
    north = math.radians(latitude)
    # At a pole itself the cosine is nothing but rounding.
    reach = max(math.cos(north) * math.cos(declination), 1e-9)
    cosine = (_HORIZON - math.sin(north) * math.sin(declination)) / reach
    return noon, math.acos(min(max(cosine, -1.0), 1.0)) / math.tau

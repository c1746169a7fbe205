"""Single values of a stored state, held to type and range; anything else raises TypeError or ValueError."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from insect_edge.domain import Moment, Region

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_MOST_SECONDS = 1e10
_YEARS = range(1900, 9000)
"""Three hundred years of monotonic seconds, and years from which those can be counted: computing stays in range."""

_Value = TypeVar("_Value")


def moment_of(value: Iterable[object]) -> Moment:
    """An instant: monotonic seconds, UTC, whether the clock was set."""
    monotonic, utc, clock_synced = value
    return Moment(monotonic=seconds(monotonic), utc=utc_of(utc), clock_synced=truth(clock_synced))


def region_of(value: Iterable[object]) -> Region:
    """A part of a frame: x, y, width, height."""
    x, y, width, height = (score(side) for side in value)
    return Region(x=x, y=y, width=width, height=height)


def mapping(value: Mapping[str, object], read: Callable[[object], _Value]) -> dict[str, _Value]:
    """By label."""
    return {label: read(item) for label, item in value.items()}


def listed(value: object) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value


def number(value: object) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return value


def seconds(value: object) -> float:
    """Monotonic seconds, or how many passed."""
    if abs(found := number(value)) > _MOST_SECONDS:
        raise ValueError(f"{value!r} s are more than {_MOST_SECONDS:g}")
    return found


def not_negative(value: object) -> float:
    """A number from 0 on, no larger than any time."""
    if (found := seconds(value)) < 0:
        raise ValueError(f"{value!r} is less than 0")
    return found


def score(value: object) -> float:
    """From 0 to 1."""
    if not 0 <= (found := number(value)) <= 1:
        raise ValueError(f"{value!r} is not from 0 to 1")
    return found


def count(value: object) -> int:
    """A whole number from 0 on."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


def text(value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def text_or_none(value: object) -> str | None:
    """A text, or nothing."""
    return None if value is None else text(value)


def truth(value: object) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def utc_of(value: object) -> datetime:
    """A time with a zone."""
    utc = datetime.fromisoformat(text(value))
    if utc.tzinfo is None or utc.year not in _YEARS:
        raise ValueError(f"{value!r} is no time with a zone")
    return utc

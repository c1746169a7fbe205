"""How long the stages of a frame's way take, and what rate that allows."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

_PERCENT = 95


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """One stage.

    Attributes:
        count: how often it was measured.
        median_ms: milliseconds.
        p95_ms: 95 of 100 take at most so long.
    """

    count: int
    median_ms: float
    p95_ms: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Self:
        """From at least one measurement; the percentile is the nearest rank, one of the measurements themselves."""
        ordered = sorted(milliseconds)
        rank = max(1, math.ceil(_PERCENT / 100 * len(ordered)))
        return cls(count=len(ordered), median_ms=statistics.median(ordered), p95_ms=ordered[rank - 1])


def rate_of(milliseconds: float) -> float:
    """Frames a second that can be held where one takes so long, rounded down to two digits."""
    if milliseconds <= 0:
        return math.inf
    rate = 1e3 / milliseconds
    step = 10.0 ** (math.floor(math.log10(rate)) - 1)
    # A rounding error must not cost a whole step.
    return math.floor(rate / step + 1e-9) * step

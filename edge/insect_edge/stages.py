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


@dataclass(frozen=True, slots=True, kw_only=True)
class LookTimes:
    """One look of the model at one part of a frame; all in milliseconds.

    Attributes:
        preprocess: until the interpreter is asked.
        inference: inside it.
        postprocess: until its answer is a classification.
    """

    preprocess: float
    inference: float
    postprocess: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.preprocess + self.inference + self.postprocess


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimes:
    """One frame from its capture to the events it caused.

    Attributes:
        finding: milliseconds in which animals were searched; 0 where the frame is one picture.
        looks: of the model, in their order.
        judging: milliseconds of all the rest: where to look, who is who, what of it is an event.
        skipped: proposals that the model was not shown for want of time.
        settled: whether the finder knew the scene.
    """

    finding: float
    looks: tuple[LookTimes, ...]
    judging: float
    skipped: int = 0
    settled: bool = True

    @property
    def total(self) -> float:
        """Milliseconds altogether."""
        return self.finding + sum(look.total for look in self.looks) + self.judging


def rate_of(milliseconds: float) -> float:
    """Frames a second that can be held where one takes so long, rounded down to two digits."""
    if milliseconds <= 0:
        return math.inf
    rate = 1e3 / milliseconds
    step = 10.0 ** (math.floor(math.log10(rate)) - 1)
    # A rounding error must not cost a whole step.
    return math.floor(rate / step + 1e-9) * step


def looks_within(milliseconds: float, steps: Sequence[StepTimes]) -> int:
    """Looks that fit into a frame's time beside all else, where 95 of 100 frames and looks take no longer.

    Args:
        milliseconds: from one frame to the next.
        steps: as measured, with at least one look among them.
    """
    look = Timings.of([look.total for step in steps for look in step.looks]).p95_ms
    rest = Timings.of([step.finding + step.judging for step in steps]).p95_ms
    return max(0, math.floor((milliseconds - rest) / look))

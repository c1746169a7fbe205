"""What came of measuring the way of a frame."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge.stages import Timings, looks_within, rate_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.config.sections import Config
    from insect_edge.stages import StepTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowded:
    """Frames in which more appears than may be looked at.

    Attributes:
        looks: that a frame had.
        step: everything that such a frame costs, capture excluded.
        holds: frames a second that allows.
    """

    looks: int
    step: Timings
    holds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What came of frames in which animals are searched.

    Attributes:
        mode: how.
        max_crops: most looks that a frame may have.
        budget_ms: milliseconds of inference after which it gets no further one.
        looks: a frame, in the mean.
        most_looks: of one frame.
        skipped: proposals a frame that were not looked at for want of either, in the mean.
        settled: whether the finder knew the scene in most of them.
        crowded: the most that a frame may cost; None in modes where all cost the same.
        fitting_looks: that the configured rate leaves time for; None where nobody knows what a look costs.
    """

    mode: str
    max_crops: int
    budget_ms: float
    looks: float
    most_looks: int
    skipped: float
    settled: bool
    crowded: Crowded | None
    fitting_looks: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of it.

    Attributes:
        camera: what was looked through.
        width: of its frames, in pixels.
        height: the same.
        model_id: of the model.
        runtime: it ran on, with its delegate.
        stages: by name, in order; those that could not be measured are missing.
        step: everything that every frame costs, capture excluded.
        broker: which one, or why nothing was published.
        search: how animals were searched; None where each frame is one picture.
    """

    camera: str
    width: int
    height: int
    model_id: str
    runtime: str
    stages: dict[str, Timings]
    step: Timings
    broker: str
    search: Search | None


def searched(config: Config, steps: Sequence[StepTimes], *, crowded: Sequence[StepTimes]) -> Search:
    """What the frames amount to in which animals were searched.

    Args:
        config: how they were looked at.
        steps: at least one.
        crowded: those in which more appeared than may be looked at; none in modes where all frames cost the same.
    """
    regions, looks = config.regions, [len(step.looks) for step in steps]
    full, fitting = None, None
    if crowded:
        step = Timings.of([step.total for step in crowded])
        full = Crowded(
            looks=statistics.median_high([len(step.looks) for step in crowded]), step=step, holds=rate_of(step.p95_ms)
        )
    if any(step.looks for step in (*steps, *crowded)):
        fitting = looks_within(1e3 / config.camera.rate, crowded or steps)
    return Search(
        mode=regions.mode,
        max_crops=regions.max_crops,
        budget_ms=regions.budget_ms,
        looks=statistics.mean(looks),
        most_looks=max(looks),
        skipped=statistics.mean(step.skipped for step in steps),
        settled=sum(step.settled for step in steps) > len(steps) / 2,
        crowded=full,
        fitting_looks=fitting,
    )

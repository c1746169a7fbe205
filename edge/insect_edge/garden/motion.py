"""Who comes when, which way, and where it is at any moment: a pure function of the seed and the time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from insect_edge.garden.animals import ANIMALS

_WALK_SHARE = 0.18
"""Share of a visit spent coming in, and again going out."""
_REACH = 0.75
"""How far from its middle an animal and its shadow reach at most, in sides of its drawing (half a diagonal: 0.71)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where an animal is.

    Attributes:
        x: of its middle, in frame heights right of the frame's centre.
        y: the same, downwards.
        size: side of its drawing, in frame heights.
        heading: degrees clockwise from the right.
        mirrored: drawn heading left (animals seen from the side).
        stride: -1 … 1, where its legs are.
        lift: 0 on the ground, 1 in full flight, where its shadow lies further off.
    """

    x: float
    y: float
    size: float
    heading: float
    mirrored: bool
    stride: float
    lift: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When animals come.

    Attributes:
        animals: labels in turn; empty for none ever.
        first: seconds before the first comes.
        visit: seconds from coming in to being gone.
        gap: seconds of nobody between two visits.
    """

    animals: tuple[str, ...]
    first: float = 4.0
    visit: float = 14.0
    gap: float = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One animal's stay.

    Attributes:
        number: from 0.
        label: who.
        elapsed: 0 … 1, how much of the visit has passed.
    """

    number: int
    label: str
    elapsed: float


def visit_at(timetable: Timetable, *, seconds: float, seed: int) -> Visit | None:
    """Who is there, or about to step in or just gone, `seconds` after the beginning."""
    if not timetable.animals or seconds < timetable.first:
        return None
    number, within = divmod(seconds - timetable.first, timetable.visit + timetable.gap)
    if within >= timetable.visit:
        return None
    label = timetable.animals[(int(number) + seed) % len(timetable.animals)]
    return Visit(number=int(number), label=label, elapsed=within / timetable.visit)


def pose_at(visit: Visit, *, seed: int, aspect: float) -> Pose:
    """Where the visitor is: it walks in, rests a while about the middle of the frame, and walks out.

    Args:
        visit: whose.
        seed: of the scene.
        aspect: width of the frame over its height.
    """
    generator = np.random.default_rng([seed, visit.number])
    size = float(generator.uniform(0.64, 0.78))
    rest = generator.uniform(-0.05, 0.05, 2)
    shift = generator.uniform(-0.05, 0.05, 2)
    towards = float(generator.choice((-1.0, 1.0)))
    from_above = ANIMALS[visit.label].from_above
    slope, turn = (generator.uniform(-40, 40, 2)) if from_above else (generator.uniform(-7, 7), 0.0)
    inbound = float(slope)
    outbound = inbound + float(turn)
    start = rest - _way_out(inbound, aspect=aspect, reach=_REACH * size + 0.1) * (towards, 1)
    end = rest + shift + _way_out(outbound, aspect=aspect, reach=_REACH * size + 0.1) * (towards, 1)
    place, walked, progress = _along(visit.elapsed, (start, rest, rest + shift, end))
    heading = inbound + (outbound - inbound) * progress + 1.2 * math.sin(visit.elapsed * 90)
    if from_above and towards < 0:
        heading = 180 - heading
    return Pose(
        x=float(place[0]),
        y=float(place[1]),
        size=size,
        heading=heading if from_above or towards > 0 else -heading,
        mirrored=not from_above and towards < 0,
        stride=math.sin(walked / size * ANIMALS[visit.label].steps * 2 * math.pi),
    )


def _way_out(degrees: float, *, aspect: float, reach: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """From the centre in that direction until what reaches that far is out of the frame."""
    direction = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    edges = (np.array([aspect / 2, 0.5]) + reach) / np.maximum(np.abs(direction), 1e-9)
    return direction * float(edges.min())


def _along(
    elapsed: float, stops: tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], float, float]:
    """Place, distance walked so far, and how far the turn at rest has come (0 … 1)."""
    start, rest, moved, end = stops
    if elapsed < _WALK_SHARE:
        share = _slowing(elapsed / _WALK_SHARE)
        return start + (rest - start) * share, float(np.hypot(*(rest - start))) * share, 0.0
    if elapsed <= 1 - _WALK_SHARE:
        share = _eased((elapsed - _WALK_SHARE) / (1 - 2 * _WALK_SHARE))
        return rest + (moved - rest) * share, float(np.hypot(*(moved - rest))) * share, share
    share = 1 - _slowing((1 - elapsed) / _WALK_SHARE)
    return moved + (end - moved) * share, float(np.hypot(*(end - moved))) * share, 1.0


def _slowing(share: float) -> float:
    """From 0 to 1, quick at first and coming to a stop."""
    return 1 - (1 - share) ** 2


def _eased(share: float) -> float:
    """From 0 to 1 with a gentle start and end (Hermite smoothstep)."""
    return share * share * (3 - 2 * share)

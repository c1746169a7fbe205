"""Which sighting is which animal.

The cost of a pair is the negative logarithm of how likely that animal would be seen there and like that:

* its distance from where it is expected, by the normal distribution of the Kalman filter;
* how far its box is from covering the one expected, and from being of its size;
* another name than the model gave it before, or none (`names`).

A pair dearer than both being chance is none: the animal was missed, and the sighting is another animal or nothing. The
longer an animal was missed, the surer a single box that might be it is chance: then it has to be seen several times
before it is taken for the same (`reunion`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.sightings import Origin
from insect_edge.tracking.assignment import assign
from insect_edge.tracking.box import Box, Boxes
from insect_edge.tracking.state import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from insect_edge.domain import Region
    from insect_edge.sightings import Sighting
    from insect_edge.tracking.motion import Motion
    from insect_edge.tracking.settings import TrackerSettings
    from insect_edge.tracking.state import Track, TrackerState

LIMIT = 9.0
"""Half a false or a new box a frame on a frame of some 400 squared body lengths, and every tenth sighting missed:
-ln(0.5 / 400) - ln(0.1)."""
MISSED = 1.0
"""How much less a pair may cost for each frame the animal was missed in."""
TENTATIVE = 6.0
"""How much less a pair may cost for what is not confirmed, which mostly is chance, where frames are up to a second
apart; where more time passes animals come further and there are fewer chances, so it is the logarithm of that less.
Less than this, and at one frame a second animals get a second identity more often; more, and fast ones get none."""
APART = 1.0
"""Cost of boxes that do not overlap at all, where it is well known where the animal should be."""
SIZE_SPREAD = 0.5
"""Standard deviation of the logarithm of a box's size from frame to frame."""
PIECES = 1.3
"""How much further than its own box an animal's pieces may reach."""
INSIDE = 0.6
"""Part of an animal's expected box that a box around several covers at least."""
LARGER = 1.4
"""How much larger than the largest of them such a box is at least."""
LEAF_SECONDS = 3.0
LEAF = 4.0
"""The same of a box that lies around one alone, for so long: a leaf that sways over it, or a shadow."""
STONE = 3.0
"""Cost of a move of what rested, and was looked at often without getting a name: it is none, another walks there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An animal and where it should be now.

    Attributes:
        track: the animal.
        motion: now.
        box: now.
        unseen: seconds since it was seen.
        together: seconds since it had a sighting of its own.
    """

    track: Track
    motion: Motion
    box: Box
    unseen: float
    together: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """Numbers of tracks and sightings that belong together.

    Attributes:
        pairs: track to its own sighting.
        crowds: track to a sighting that is a box around several animals, of which it is one, or around it and a leaf.
        news: sightings of nobody known.
    """

    pairs: Mapping[int, int]
    crowds: Mapping[int, int]
    news: tuple[int, ...]


def expected_at(state: TrackerState, *, now: float, settings: TrackerSettings) -> list[Expected]:
    """Where animals should be at `now` (monotonic seconds); those unseen for too long are none any more."""
    near = waited_for(state, now=now, settings=settings)
    return [expected_of(track, now=now, settings=settings) for track in near if not track.vanished]


def waited_for(state: TrackerState, *, now: float, settings: TrackerSettings) -> list[Track]:
    """The animals that were not unseen for too long at `now`."""
    return [track for track in state.tracks if now - track.absent_from < _patience(track, settings=settings)]


def _patience(track: Track, *, settings: TrackerSettings) -> float:
    stays = track.confirmed and (track.sits or track.names.sure is not None)
    return max(settings.patience, settings.sitting) if stays else settings.patience


def expected_of(track: Track, *, now: float, settings: TrackerSettings) -> Expected:
    """Where one animal should be."""
    seconds = max(now - track.last_seen.monotonic, 0.0)
    speed = settings.speed * track.box.size
    motion = track.motion.predicted(seconds, speed=speed, persistence=settings.persistence)
    box = Box(motion.x.place, motion.y.place, track.box.width, track.box.height)
    return Expected(track=track, motion=motion, box=box, unseen=seconds, together=now - track.alone)


def associated(
    expected: Sequence[Expected], sightings: Sequence[Sighting], *, settings: TrackerSettings, aspect: float
) -> Association:
    """Who is who in one frame whose width is `aspect` times its height."""
    boxes = [Box.of(sighting.proposal.region, aspect=aspect) for sighting in sightings]
    resting = _resting(expected, sightings)
    moving = [number for number, sighting in enumerate(sightings) if sighting.proposal.origin is not Origin.REST]
    crowds = _crowds(expected, boxes, moving=moving, taken=resting, patience=settings.patience)
    free = [number for number in range(len(expected)) if number not in resting and number not in crowds]
    around = set(crowds.values())
    single = [column for column in moving if column not in around]
    costs = {
        (row, column): cost
        for row, column in _near(expected, boxes, rows=free, columns=single, farthest=settings.farthest)
        if (cost := _cost(expected[row], boxes[column], sightings[column], settings=settings)) is not None
    }
    pairs = {**resting, **assign(costs, limit=LIMIT)}
    pairs |= _rested(expected, sightings, pairs={**pairs, **crowds})
    taken = set(pairs.values())
    left = [column for column in single if column not in taken]
    if not left:
        return Association(pairs=pairs, crowds=crowds, news=())
    known = [
        _largest(one.box, boxes[pairs[row]]) if row in pairs else one.box
        for row, one in enumerate(expected)
        if one.track.confirmed and (row in pairs or row in crowds or not one.track.missed)
    ]
    return Association(pairs=pairs, crowds=crowds, news=_strange(left, boxes, known=known))


def _near(
    expected: Sequence[Expected], boxes: Sequence[Box], *, rows: Sequence[int], columns: Sequence[int], farthest: float
) -> list[tuple[int, int]]:
    """Which of these animals and boxes are no further apart than that, in body lengths."""
    places = Boxes([expected[row].box for row in rows])
    reach = np.array([farthest * expected[row].track.box.size for row in rows]).reshape(-1, 1)
    near = np.argwhere(places.apart(Boxes([boxes[column] for column in columns])) <= reach)
    return [(rows[row], columns[column]) for row, column in near.tolist()]


def _largest(expected: Box, seen: Box) -> Box:
    """An animal where it is seen, as large as it was before if that was more."""
    return Box(seen.x, seen.y, max(expected.width, seen.width), max(expected.height, seen.height))


def _strange(columns: Sequence[int], boxes: Sequence[Box], *, known: Sequence[Box]) -> tuple[int, ...]:
    """Boxes that are no piece of a known animal, cut off by a blade of grass or found twice, nor lie around one."""
    if not columns or not known:
        return tuple(columns)
    these, animals = Boxes([boxes[column] for column in columns]), Boxes(known)
    wholes = Boxes([Box(one.x, one.y, PIECES * one.width, PIECES * one.height) for one in known])
    piece = these.shared(wholes) >= these.areas.reshape(-1, 1) / 2
    around = these.shared(animals) >= animals.areas / 2
    return tuple(column for column, of_one in zip(columns, (piece | around).any(axis=1), strict=True) if not of_one)


def _resting(expected: Sequence[Expected], sightings: Sequence[Sighting]) -> dict[int, int]:
    """Who is still where it was: its own region came back."""
    where: dict[Region, int] = {}
    for column, sighting in enumerate(sightings):
        if sighting.proposal.origin is Origin.REST:
            where.setdefault(sighting.proposal.region, column)
    pairs = {}
    for row in sorted(range(len(expected)), key=lambda number: expected[number].track.missed):
        track = expected[row].track
        if track.confirmed and track.last in where:
            pairs[row] = where.pop(track.last)
    return pairs


def _rested(expected: Sequence[Expected], sightings: Sequence[Sighting], *, pairs: Mapping[int, int]) -> dict[int, int]:
    """Who is still where it was before its newest sighting, which was chance, and is seen nowhere else."""
    taken = set(pairs.values())
    where = {
        sighting.proposal.region: column
        for column, sighting in enumerate(sightings)
        if sighting.proposal.origin is Origin.REST and column not in taken
    }
    found = {}
    for row, one in enumerate(expected):
        doubt = one.track.doubt
        if one.track.confirmed and doubt is not None and row not in pairs and doubt.last in where:
            found[row] = where.pop(doubt.last)
    return found


def _crowds(
    expected: Sequence[Expected],
    boxes: Sequence[Box],
    *,
    moving: Sequence[int],
    taken: Mapping[int, int],
    patience: float,
) -> dict[int, int]:
    """Who is within a box around several, or around one and much larger, which suits none alone, and has no better."""
    crowds: dict[int, int] = {}
    # One that left unnoticed while it was one box with another is not in that box for ever.
    rows = [row for row, one in enumerate(expected) if one.track.confirmed and one.together < patience]
    if not rows or not moving:
        return {}
    animals = Boxes([expected[row].box for row in rows])
    inside = animals.shared(Boxes([boxes[column] for column in moving])) >= INSIDE * animals.areas.reshape(-1, 1)
    for place in np.flatnonzero(inside.any(axis=0)).tolist():
        column = moving[place]
        box, within = boxes[column], [rows[number] for number in np.flatnonzero(inside[:, place]).tolist()]
        within = [
            row
            for row in within
            if not any(_fits_better(expected[row].box, boxes[other], than=box) for other in moving if other != column)
        ]
        if len(within) == 1 and expected[within[0]].together > LEAF_SECONDS:
            continue
        if within and box.area >= (LARGER if len(within) > 1 else LEAF) * max(expected[row].box.area for row in within):
            crowds |= {row: column for row in within if row not in taken and row not in crowds}
    return crowds


def _fits_better(expected: Box, box: Box, *, than: Box) -> bool:
    return expected.overlap(box) > expected.overlap(than)


def _cost(one: Expected, box: Box, sighting: Sighting, *, settings: TrackerSettings) -> float | None:
    """What it costs to take the sighting for that animal; None where it cannot be."""
    size = one.track.box.size
    across, down = box.x - one.box.x, box.y - one.box.y
    if math.hypot(across, down) > settings.farthest * size:
        return None
    noise = (settings.jitter * size) ** 2
    x_variance, y_variance = one.motion.x.place_variance + noise, one.motion.y.place_variance + noise
    distance = across * across / x_variance + down * down / y_variance
    spread = math.sqrt(x_variance * y_variance) / (size * size)
    name = 0.0 if sighting.classification is None else one.track.names.cost(named(sighting.classification))
    return (
        math.log(2 * math.pi)
        + min(math.log(spread), 0.0)
        + distance / 2
        + APART * (1 - one.box.overlap(box)) / (1 + spread)
        + name
        + likeness(one.track, box)
        + MISSED * one.track.missed
        + (STONE if one.track.is_known_and_rests and one.track.label is None else 0.0)
        + (0.0 if one.track.confirmed else TENTATIVE - math.log(max(one.unseen, 1.0)))
    )


def likeness(track: Track, box: Box) -> float:
    """What it costs to take a box of that size for the animal; 0 for one just like it."""
    return (math.log(box.size / track.box.size) / SIZE_SPREAD) ** 2 / 2

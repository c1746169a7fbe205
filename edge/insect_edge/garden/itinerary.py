"""The way of one small animal through a wide frame: in over an edge, from rest to rest, and out again."""

from __future__ import annotations

import bisect
import enum
import itertools
import math
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from insect_edge.garden.animals import ANIMALS

_TURN_SECONDS = 1.0
"""What an animal takes to turn to where it goes next, before it goes."""
_LEAST_REST_SECONDS = 4.0
_MOST_UNDER_WAY = 0.7
"""Share of a visit in which an animal walks or flies, at most: who cannot make its way in that time hurries."""
_REACH = 0.75
"""How far from its middle an animal and its shadow reach at most, in sides of its drawing (half a diagonal: 0.71)."""
_INSIDE = 0.08
"""How far from the edge the middle of a resting animal is at least, in frame heights, besides half its length."""
_LONGEST_WALK_SECONDS = 40.0
"""Between two stops, for those that choose where to rest."""
_ASKANCE = 0.12
"""Radians that an animal which is seen from the side heads up or down at most."""
_MOST_BEND = 0.5
"""Radians by which a way bends to either side of its chord, at most."""
_RISE = 3.0
"""Steepness of taking off and landing: full height after a third of the way."""

Point: TypeAlias = tuple[float, float]
Reach: TypeAlias = NDArray[np.float64]
"""(2,) half a width and half a height, in frame heights."""


class Gait(enum.Enum):
    """How an animal gets on."""

    REST = "rest"
    WALK = "walk"
    FLY = "fly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How one kind of animal gets on.

    Attributes:
        pace: lengths of its own body that it walks in a second.
        flight: lengths of its own body that it flies in a second; 0 where it only walks.
    """

    pace: float
    flight: float = 0.0


HABITS: dict[str, Habit] = {
    "ants": Habit(pace=1.6),
    "bees": Habit(pace=0.6, flight=7.0),
    "beetle": Habit(pace=1.0),
    "caterpillar": Habit(pace=0.35),
    "earthworms": Habit(pace=0.25),
    "earwig": Habit(pace=1.0),
    "grasshopper": Habit(pace=0.7),
    "moth": Habit(pace=0.4, flight=5.0),
    "slug": Habit(pace=0.25),
    "snail": Habit(pace=0.2),
    "wasp": Habit(pace=0.8, flight=7.0),
    "weevil": Habit(pace=0.6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an animal is on its way.

    Attributes:
        x: of its middle, in frame heights right of the frame's centre.
        y: the same, downwards.
        heading: radians clockwise from the right.
        walked: frame heights since it set out.
        lift: 0 on the ground to 1 in full flight.
    """

    x: float
    y: float
    heading: float
    walked: float
    lift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One part of a way: an arc of a circle, or a rest.

    Attributes:
        gait: how.
        seconds: how long it takes.
        start: where it begins, in frame heights from the frame's centre.
        chord: straight distance to its end, in frame heights; 0 of a rest.
        first: heading where it begins, in radians.
        last: heading where it ends, reached evenly (of a rest: in its last second).
    """

    gait: Gait
    seconds: float
    start: Point
    chord: float
    first: float
    last: float

    @property
    def length(self) -> float:
        """Of the arc, in frame heights."""
        bend = (self.last - self.first) / 2
        return self.chord if self.gait is Gait.REST or abs(bend) < 1e-6 else self.chord * bend / math.sin(bend)  # noqa: PLR2004 # straight

    def at(self, since: float) -> Place:
        """Where the animal is `since` seconds after the beginning of this leg; `walked` counts from there."""
        share = min(max(since / self.seconds, 0.0), 1.0)
        if self.gait is Gait.REST:
            turned = min(max(1 - (self.seconds - since) / _TURN_SECONDS, 0.0), 1.0)
            heading = self.first + (self.last - self.first) * turned
            return Place(x=self.start[0], y=self.start[1], heading=heading, walked=0.0, lift=0.0)
        heading = self.first + (self.last - self.first) * share
        # The mean heading so far is that of the chord so far.
        halfway = (heading - self.first) / 2
        straight = self.length * share * (math.sin(halfway) / halfway if halfway else 1.0)
        return Place(
            x=self.start[0] + straight * math.cos(self.first + halfway),
            y=self.start[1] + straight * math.sin(self.first + halfway),
            heading=heading,
            walked=self.length * share,
            lift=1.0 if self.gait is Gait.FLY else 0.0,
        )


class Itinerary:
    """Where an animal is at any time of its visit.

    Args:
        legs: one after the other; the first and the last lead over the edge of the frame.
    """

    def __init__(self, legs: tuple[Leg, ...]) -> None:
        self._legs = legs
        self._begins = [0.0, *itertools.accumulate(leg.seconds for leg in legs)]
        self._walked = [0.0, *itertools.accumulate(leg.length for leg in legs)]

    @property
    def seconds(self) -> float:
        """From coming in to being gone."""
        return self._begins[-1]

    def at(self, elapsed: float) -> Place:
        """Where it is `elapsed` seconds after it set out, in [0, `seconds`]."""
        number = min(bisect.bisect_right(self._begins, elapsed), len(self._legs)) - 1
        place = self._legs[number].at(elapsed - self._begins[number])
        # Who flies comes from aloft, lands, and goes up again.
        landing = self._begins[1] - elapsed
        leaving = elapsed - self._begins[-2]
        rise = max(landing / self._legs[0].seconds, leaving / self._legs[-1].seconds) * _RISE
        return Place(
            x=place.x,
            y=place.y,
            heading=place.heading,
            walked=self._walked[number] + place.walked,
            lift=place.lift * min(max(rise, 0.0), 1.0),
        )


def itinerary(
    label: str, *, side: float, length: float, aspect: float, most_seconds: float, generator: np.random.Generator
) -> Itinerary:
    """A way for an animal, with one to three rests.

    Args:
        label: who.
        side: of its drawing, in frame heights.
        length: of its body, in frame heights.
        aspect: width of the frame over its height.
        most_seconds: how long the visit may take, at least a minute.
        generator: where the randomness comes from.
    """
    stops = _stops(label, side=side, length=length, aspect=aspect, generator=generator)
    ways = [_way(*ends, label=label, generator=generator) for ends in itertools.pairwise(stops)]
    habit = HABITS[label]
    flights = (0, len(ways) - 1) if habit.flight else ()
    gaits = [Gait.FLY if number in flights else Gait.WALK for number in range(len(ways))]
    legs = [
        Leg(gait=gait, seconds=1.0, start=stop, chord=chord, first=first, last=last)
        for gait, stop, (chord, first, last) in zip(gaits, stops, ways, strict=False)
    ]
    paces = [length * (habit.flight if gait is Gait.FLY else habit.pace) for gait in gaits]
    seconds = np.array([leg.length / pace for leg, pace in zip(legs, paces, strict=True)])
    seconds /= max(1.0, seconds.sum() / (_MOST_UNDER_WAY * most_seconds))
    spare = (most_seconds - seconds.sum()) * generator.uniform(0.5, 1.0) - _LEAST_REST_SECONDS * (len(ways) - 1)
    rests = _LEAST_REST_SECONDS + max(spare, 0.0) * generator.dirichlet(np.ones(len(ways) - 1))
    return Itinerary(tuple(_with_rests(legs, seconds=seconds.tolist(), rests=rests.tolist())))


def _with_rests(legs: list[Leg], *, seconds: list[float], rests: list[float]) -> list[Leg]:
    """The legs, taking so long each, with a rest between any two, at whose end the animal turns to the next."""
    timed = [replace(leg, seconds=took) for leg, took in zip(legs, seconds, strict=True)]
    result = timed[:1]
    for rest, (before, after) in zip(rests, itertools.pairwise(timed), strict=True):
        turn = (after.first - before.last + math.pi) % (2 * math.pi) - math.pi
        heading = {"first": before.last, "last": before.last + turn}
        result += [Leg(gait=Gait.REST, seconds=rest, start=after.start, chord=0.0, **heading), after]
    return result


def _way(start: Point, end: Point, *, label: str, generator: np.random.Generator) -> tuple[float, float, float]:
    """Chord, first heading and last heading from one place to the next."""
    across, down = end[0] - start[0], end[1] - start[1]
    direction = math.atan2(down, across)
    bend = float(generator.uniform(-_MOST_BEND, _MOST_BEND)) if ANIMALS[label].from_above else 0.0
    return math.hypot(across, down), direction - bend, direction + bend


def _stops(label: str, *, side: float, length: float, aspect: float, generator: np.random.Generator) -> list[Point]:
    """Where it comes in, rests (one to three times) and goes out, in frame heights from the frame's centre."""
    outside = np.array([aspect / 2, 0.5]) + _REACH * side + 0.02
    inside = np.maximum(np.array([aspect / 2, 0.5]) - _INSIDE - length / 2, _INSIDE / 2)
    rests = int(generator.integers(1, 4))
    if not ANIMALS[label].from_above:
        return _askance(rests, outside=outside, inside=inside, generator=generator)
    far = HABITS[label].pace * length * _LONGEST_WALK_SECONDS
    first = math.inf if HABITS[label].flight else far
    stops = [_border(outside, generator=generator)]
    for number in range(rests):
        wish = generator.uniform(-inside, inside)
        stops.append(_towards(wish, stops[-1], most=first if number == 0 else far, inside=inside))
    exits = [_border(outside, generator=generator) for _ in range(4)]
    stops.append(min(exits, key=lambda way_out: math.dist(way_out, stops[-1])))
    return stops


def _border(outside: Reach, *, generator: np.random.Generator) -> Point:
    """A place beyond one of the edges; long edges are as much more likely as they are longer."""
    width, height = outside
    sign = float(generator.choice((-1.0, 1.0)))
    along = float(generator.uniform(-0.9, 0.9))
    if generator.uniform() * (width + height) < width:
        return along * float(width), sign * float(height)
    return sign * float(width), along * float(height)


def _towards(
    wish: NDArray[np.float64],
    start: Point,
    *,
    most: float,
    inside: Reach,
) -> Point:
    """As near to the wish as `most` allows, but inside the frame in any case."""
    way = wish - start
    share = min(1.0, most / max(float(np.hypot(*way)), 1e-9))
    x, y = np.clip(start + way * share, -inside, inside)
    return float(x), float(y)


def _askance(
    rests: int,
    *,
    outside: Reach,
    inside: Reach,
    generator: np.random.Generator,
) -> list[Point]:
    """From one side to the other, always forwards, hardly up or down: an animal seen from the side stays upright."""
    towards = float(generator.choice((-1.0, 1.0)))
    across = np.concatenate([[-outside[0]], np.sort(generator.uniform(-inside[0], inside[0], rests)), [outside[0]]])
    steps = np.diff(across) * np.tan(generator.uniform(-_ASKANCE, _ASKANCE, rests + 1))
    start = float(generator.uniform(-inside[1], inside[1]))
    down = np.clip(start + np.concatenate([[0.0], np.cumsum(steps)]), -inside[1], inside[1])
    return [(towards * float(x), float(y)) for x, y in zip(across, down, strict=True)]

"""Which animals are in a wide scene at any moment: a pure function of the seed and the time, however long it lasts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator


_ALL_COME_WITHIN = 0.4
"""Share of a cycle in which the first turns of all places begin, in a scene that begins with nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comings:
    """How animals come and go.

    Attributes:
        labels: whom there may be.
        places: how many there are at once at most; each is taken by one animal after another. 0 for nobody ever.
        cycle: seconds that each place has for one visit and the time without anyone around it.
        sizes: smallest and largest length of a body, as a share of the frame's width.
        settled: whether the scene begins in the middle of the visits; else with nobody.
        first: seconds before the first animal comes, where it begins with nobody.
    """

    labels: tuple[str, ...]
    places: int = 8
    cycle: float = 180.0
    sizes: tuple[float, float] = (0.02, 0.06)
    settled: bool = False
    first: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One place's turn to be visited.

    Attributes:
        identity: of the animal, from 0; never used again.
        begins: seconds after the scene's beginning; below 0 where it had begun before.
        cycle: seconds there are for the visit.
    """

    identity: int
    begins: float
    cycle: float


def turns_at(comings: Comings, *, seconds: float, seed: int) -> Iterator[Turn]:
    """The turn of every place, whether its visitor is there already or not.

    Places take turns out of step, so that animals come one by one.
    """
    for place in range(comings.places):
        offset = _offset(comings, place=place, seed=seed)
        number = math.floor((seconds - offset) / comings.cycle)
        if number < 0 and not comings.settled:
            continue
        identity = (number + comings.settled) * comings.places + place
        yield Turn(identity=identity, begins=offset + number * comings.cycle, cycle=comings.cycle)


def _offset(comings: Comings, *, place: int, seed: int) -> float:
    """Seconds at which the turns of one place begin."""
    if place == 0 and not comings.settled:
        return comings.first
    spread = comings.cycle * (1.0 if comings.settled else _ALL_COME_WITHIN)
    generator = np.random.default_rng([seed, place, 11])
    return (0.0 if comings.settled else comings.first) + float(generator.uniform(0, spread))

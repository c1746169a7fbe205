"""Animals as boxes, and what an imperfect finder says of them: walks, flights, rests, crossings, drops, false boxes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.domain import Region
from insect_edge.sightings import Origin, Proposal

if TYPE_CHECKING:
    from collections.abc import Sequence

ASPECT = 16 / 9
BOTTOM = 1 / ASPECT
ABSORBED = 2.0
"""Seconds until a background model takes an animal that has stopped for background."""


@dataclass(slots=True)
class Beast:
    """One animal; lengths in frame widths.

    Attributes:
        identity: its number, from 0.
        size: of its box.
        pace: body lengths a second when it walks.
        x: of its middle.
        y: of its middle.
        heading: radians.
        mood: `walks`, `rests`, `flies` or `leaves`.
        until: seconds at which the mood changes.
        stopped: seconds since which it rests.
        gone: whether it has left the frame.
        shown: in how many frames it was moving, or resting and known.
    """

    identity: int
    size: float
    pace: float
    x: float
    y: float
    heading: float
    mood: str
    until: float
    stopped: float = 0.0
    gone: bool = False
    shown: int = 0

    @property
    def inside(self) -> bool:
        """Whether its middle is in the frame."""
        return 0 < self.x < 1 and 0 < self.y < BOTTOM


@dataclass(slots=True)
class Frame:
    """What the finder says of one frame, and the truth beside it.

    Attributes:
        seconds: when.
        proposals: what was found.
        owners: of each proposal the animals it shows, none for a false one.
        present: identities of those in the frame.
    """

    seconds: float
    proposals: list[Proposal]
    owners: list[tuple[int, ...]]
    present: list[int]


@dataclass(kw_only=True)
class BoxWorld:
    """A frame with a few animals at once.

    Attributes:
        seed: of everything.
        rate: frames a second.
        arrivals: animals a minute.
        most: at once.
        dropped: share of the boxes that are missing in each frame.
        false: boxes a frame that show nothing.
        jitter: of a box, in body lengths.
        flights: whether animals fly too.
    """

    seed: int
    rate: float = 5.0
    arrivals: float = 1.0
    most: int = 8
    dropped: float = 0.1
    false: float = 0.5
    jitter: float = 0.1
    flights: bool = True
    animals: list[Beast] = field(default_factory=list)
    number: int = 0
    _life: np.random.Generator = field(init=False, repr=False)
    _noise: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._life = np.random.default_rng([self.seed, 0])

    def frame(self, watched: Sequence[Region]) -> Frame:
        """The next frame, as seen by a finder that was told where animals were last."""
        seconds = self.number / self.rate
        self.number += 1
        self._arrive(seconds)
        for animal in self.animals:
            if not animal.gone:
                self._live(animal, seconds)
        here = [animal for animal in self.animals if not animal.gone]
        # What is drawn does not depend on who watches: every tracker sees the same lives.
        self._noise = np.random.default_rng([self.seed, 1, self.number])
        moving = [one for one in here if one.inside and (one.mood != "rests" or seconds < one.stopped + ABSORBED)]
        resting = [one for one in here if one.inside and one not in moving]
        found = [*self._moving(moving), *self._resting(resting, watched), *self._nothing()]
        self._noise.shuffle(found)  # type: ignore[arg-type]  # a list will do
        return Frame(seconds, [one for one, _ in found], [owner for _, owner in found], [one.identity for one in here])

    def _arrive(self, seconds: float) -> None:
        here = sum(not animal.gone for animal in self.animals)
        if here >= self.most or self._life.random() >= self.arrivals / 60 / self.rate:
            return
        side, along = self._life.integers(4), self._life.random()
        x, y = [(0.0, along), (1.0, along), (along, 0.0), (along, 1.0)][side]
        size, pace = self._life.uniform(0.02, 0.06), self._life.uniform(0.3, 2.0)
        heading = math.atan2(0.5 - y, 0.5 - x) + self._life.normal(0, 0.5)
        until = seconds + self._life.exponential(20) + 3
        self.animals.append(Beast(len(self.animals), size, pace, x, y * BOTTOM, heading, "walks", until))

    def _live(self, animal: Beast, seconds: float) -> None:
        if seconds >= animal.until and animal.mood != "leaves":
            moods, odds = ["walks", "rests", "flies", "leaves"], np.array([0.35, 0.4, 0.1 * self.flights, 0.15])
            animal.mood = str(self._life.choice(moods, p=odds / odds.sum()))
            lasts = {"walks": 15.0, "rests": 60.0, "flies": 0.7, "leaves": 0.0}[animal.mood]
            animal.until = seconds + self._life.exponential(lasts) + 0.5
            animal.stopped = seconds
            if animal.mood == "flies":
                animal.heading = self._life.uniform(-math.pi, math.pi)
        speed = {"rests": 0.0, "flies": 6.0}.get(animal.mood, animal.pace) * animal.size
        turn = 0.0 if animal.mood == "flies" else 0.8
        animal.heading += self._life.normal(0, turn / math.sqrt(self.rate))
        animal.x += math.cos(animal.heading) * speed / self.rate
        animal.y += math.sin(animal.heading) * speed / self.rate
        if not animal.inside and speed:
            self._at_the_border(animal)

    def _at_the_border(self, animal: Beast) -> None:
        """One that leaves or flies is gone; one that walks turns round."""
        if animal.mood in {"leaves", "flies"}:
            animal.gone = True
        else:
            animal.heading = math.atan2(BOTTOM / 2 - animal.y, 0.5 - animal.x)
            animal.x, animal.y = min(max(animal.x, 0.001), 0.999), min(max(animal.y, 0.001), BOTTOM - 0.001)

    def _moving(self, here: list[Beast]) -> list[tuple[Proposal, tuple[int, ...]]]:
        """Boxes of those that move; where two touch, mostly one box around both."""
        boxes = [(self._sides(animal), (animal.identity,)) for animal in here]
        for animal in here:
            animal.shown += 1
        merged: list[tuple[tuple[float, float, float, float], tuple[int, ...]]] = []
        for sides, owners in boxes:
            for place, (other, others) in enumerate(merged):
                if _touch(sides, other) and self._noise.random() < 0.7:
                    merged[place] = (_around(sides, other), (*others, *owners))
                    break
            else:
                merged.append((sides, owners))
        return [
            (Proposal(region=region_of(*sides), origin=Origin.MOTION, strength=0.5), owners)
            for sides, owners in merged
            if self._noise.random() >= self.dropped
        ]

    def _resting(self, here: list[Beast], watched: Sequence[Region]) -> list[tuple[Proposal, tuple[int, ...]]]:
        """Watched places at which an animal rests, each animal at the nearest of them."""
        pairs = sorted(
            (
                math.hypot(place.x + place.width / 2 - one.x, (place.y + place.height / 2) * BOTTOM - one.y),
                number,
                which,
            )
            for number, one in enumerate(here)
            for which, place in enumerate(watched)
        )
        owners: dict[int, int] = {}
        for distance, number, which in pairs:
            if distance < 0.5 * here[number].size and which not in owners and number not in owners.values():
                owners[which] = number
        return [
            (Proposal(region=watched[which], origin=Origin.REST, strength=0.5), (here[number].identity,))
            for which, number in owners.items()
            if self._noise.random() >= self.dropped
        ]

    def _nothing(self) -> list[tuple[Proposal, tuple[int, ...]]]:
        boxes = []
        for _ in range(self._noise.poisson(self.false)):
            x, y = self._noise.random(), self._noise.random() * BOTTOM
            size = self._noise.uniform(0.01, 0.06)
            region = region_of(x - size / 2, y - size / 2, x + size / 2, y + size / 2)
            boxes.append((Proposal(region=region, origin=Origin.MOTION, strength=0.3), ()))
        return boxes

    def _sides(self, animal: Beast) -> tuple[float, float, float, float]:
        x, y = np.array((animal.x, animal.y)) + self._noise.normal(0, self.jitter * animal.size, 2)
        width, height = animal.size * np.exp(self._noise.normal(0, self.jitter, 2))
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def region_of(left: float, top: float, right: float, bottom: float) -> Region:
    """The part of the frame between these sides, given in frame widths; at least a thousandth of it."""
    left, right = min(max(left, 0.0), 0.998), max(min(right, 1.0), 0.002)
    top, bottom = min(max(top / BOTTOM, 0.0), 0.998), max(min(bottom / BOTTOM, 1.0), 0.002)
    return Region(x=left, y=top, width=max(right - left, 0.001), height=max(bottom - top, 0.001))


def _touch(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _around(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, float, float, float]:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])

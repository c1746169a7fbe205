"""The peer: each animal takes the nearest box, whatever it was doing; what most small trackers are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from insect_edge.tracking.box import Box
from support.box_world import ASPECT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Region
    from insect_edge.sightings import Proposal

REACH = 6.0
"""Body lengths; of 1, 1.5, 2, 3, 4 and 6 the one that counts best over the seeds of the benchmark."""
CONFIRM = 3


@dataclass(slots=True)
class Followed:
    """One of its animals."""

    number: int
    box: Box
    region: Region
    seen: float
    sightings: int = 1
    newest: int | None = None


@dataclass(slots=True)
class NearestNeighbour:
    """As patient as the tracker it is compared with, and told of rests in the same way."""

    patience: float = 30.0
    flicker: float = 1.0
    reach: float = REACH
    animals: list[Followed] = field(default_factory=list)
    made: int = 0

    def watched(self) -> list[Region]:
        """Where its animals were last."""
        return [animal.region for animal in self.animals if animal.sightings >= CONFIRM]

    def step(self, proposals: Sequence[Proposal], *, now: float) -> None:
        """Nearest pairs first; what is left over is new."""
        boxes = [Box.of(proposal.region, aspect=ASPECT) for proposal in proposals]
        self.animals = [
            animal
            for animal in self.animals
            if now - animal.seen < (self.patience if animal.sightings >= CONFIRM else self.flicker)
        ]
        pairs = sorted(
            (math.hypot(animal.box.x - box.x, animal.box.y - box.y), row, column)
            for row, animal in enumerate(self.animals)
            for column, box in enumerate(boxes)
        )
        for animal in self.animals:
            animal.newest = None
        taken: set[int] = set()
        for distance, row, column in pairs:
            animal = self.animals[row]
            if animal.newest is None and column not in taken and distance <= self.reach * animal.box.size:
                taken.add(column)
                animal.newest, animal.box, animal.seen = column, boxes[column], now
                animal.region, animal.sightings = proposals[column].region, animal.sightings + 1
        for column, box in enumerate(boxes):
            if column not in taken:
                self.animals.append(Followed(self.made, box, proposals[column].region, now, newest=column))
                self.made += 1

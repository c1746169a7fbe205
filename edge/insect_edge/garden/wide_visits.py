"""The visitors of a wide scene: who is there, and how it is drawn at any moment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.garden.animals import ANIMALS
from insect_edge.garden.arrivals import Comings, Turn, turns_at
from insect_edge.garden.itinerary import Itinerary, Place, itinerary
from insect_edge.garden.motion import Pose
from insect_edge.garden.sight import MOVED
from insect_edge.garden.sprite import STRIDES, Sprite, small_sprite

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SPRITE_STEP = 8
"""Drawings are made in sides of whole multiples of this, a little larger than they are shown."""
_ALOFT = 0.25
"""How much larger an animal in full flight looks."""
_VISITS_KEPT = 64
_MEASURED_SIDE = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visit:
    """One animal's stay.

    Attributes:
        identity: of the animal.
        label: who.
        begins: seconds after the scene's beginning.
        length: of its body, in frame heights.
        side: of its drawing, in frame heights.
        way: where it goes.
    """

    identity: int
    label: str
    begins: float
    length: float
    side: float
    way: Itinerary


class Visitors:
    """Who is in a wide scene, and where.

    Args:
        comings: who comes when.
        seed: of everything random.
        width: of the frames, in pixels.
        height: of the frames, in pixels.
    """

    def __init__(self, comings: Comings, *, seed: int, width: int, height: int) -> None:
        self._comings = comings
        self._seed = seed
        self._height = height
        self._aspect = width / height
        self._visit = lru_cache(maxsize=_VISITS_KEPT)(self._planned)

    def at(self, seconds: float) -> list[Visit]:
        """Whose visit it is that many seconds after the beginning; some are still, or again, beyond the edge."""
        visits = [self._visit(turn) for turn in turns_at(self._comings, seconds=seconds, seed=self._seed)]
        return [visit for visit in visits if 0 <= seconds - visit.begins < visit.way.seconds]

    def drawn(self, visit: Visit, *, seconds: float) -> tuple[Sprite, Pose]:
        """The drawing that shows the visitor at that moment, and how it lies in the frame."""
        place = visit.way.at(seconds - visit.begins)
        stride = math.sin(place.walked / visit.side * ANIMALS[visit.label].steps * 2 * math.pi)
        step = round((stride + 1) / 2 * (len(STRIDES) - 1))
        size = visit.side * (1 + _ALOFT * place.lift)
        side = _SPRITE_STEP * math.ceil(visit.side * self._height / _SPRITE_STEP + 0.5)
        drawing = small_sprite(visit.label, step=step, side=side, seed=self._seed)
        from_above = ANIMALS[visit.label].from_above
        mirrored = not from_above and math.cos(place.heading) < 0
        heading = math.degrees(place.heading)
        return drawing, Pose(
            x=place.x,
            y=place.y,
            size=size,
            heading=heading - 180 if mirrored else heading,
            mirrored=mirrored,
            stride=stride,
            lift=place.lift,
        )

    def moving(self, visit: Visit, *, seconds: float) -> bool:
        """Whether it has moved over the ground within the last second."""
        elapsed = seconds - visit.begins
        now, before = (_ends(visit.way.at(moment), length=visit.length) for moment in (elapsed, max(elapsed - 1, 0.0)))
        return bool(np.hypot(*(now - before).T).max() > MOVED * self._aspect)

    def _planned(self, turn: Turn) -> Visit:
        """Who takes that turn, and how."""
        generator = np.random.default_rng([self._seed, turn.identity, 13])
        label = str(generator.choice(self._comings.labels))
        length = float(generator.uniform(*self._comings.sizes)) * self._aspect
        side = length / _body_share(label)
        way = itinerary(
            label, side=side, length=length, aspect=self._aspect, most_seconds=turn.cycle, generator=generator
        )
        # The very first comes at once, so that there is something to see.
        late = float(generator.uniform(0, max(turn.cycle - way.seconds, 0.0))) if turn.identity else 0.0
        begins = turn.begins + late
        return Visit(identity=turn.identity, label=label, begins=begins, length=length, side=side, way=way)


@lru_cache(maxsize=len(ANIMALS))
def _body_share(label: str) -> float:
    """The longer side of an animal's outline, in sides of its drawing."""
    drawing = small_sprite(label, step=len(STRIDES) // 2, side=_MEASURED_SIDE, seed=0)
    return float(np.ptp(drawing.hull, axis=0).max()) / _MEASURED_SIDE


def _ends(place: Place, *, length: float) -> NDArray[np.float64]:
    """(2, 2) head and tail, in frame heights."""
    reach = np.array([math.cos(place.heading), math.sin(place.heading)]) * length / 2
    middle = np.array([place.x, place.y])
    return np.stack([middle + reach, middle - reach])

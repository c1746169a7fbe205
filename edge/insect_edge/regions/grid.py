"""Overlapping square tiles that cover the frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from insect_edge.domain import Region
from insect_edge.regions.areas import always
from insect_edge.regions.merge import bounded
from insect_edge.sightings import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Frame
    from insect_edge.regions.areas import Area
    from insect_edge.sightings import Found


class GridFinder:
    """Proposes every tile, always.

    Args:
        tiles: their sides, a scale each, in fractions of the frame's shorter side, above 0 and at most 1.
        overlap: least part of a tile that its neighbour shows again, in [0, 0.8].
        areas: tiles that touch none of them are left out; none for the whole frame.
        most: tiles past so many are left out and counted; None for all of them, where they may take turns.
    """

    def __init__(
        self, *, tiles: Sequence[float], overlap: float, areas: Sequence[Area] = (), most: int | None = None
    ) -> None:
        self._sides = tuple(tiles)
        self._overlap = overlap
        self._areas = tuple(areas)
        self._most = most
        self._known: tuple[tuple[int, int], Found] = ((0, 0), always((), origin=Origin.TILE))

    def find(self, frame: Frame, *, watched: Sequence[Region] = ()) -> Found:
        """Every tile."""
        del watched
        size = (frame.width, frame.height)
        if self._known[0] != size:
            every = always(self.places(*size), origin=Origin.TILE)
            self._known = (size, every if self._most is None else bounded(every.proposals, most=self._most))
        return self._known[1]

    def places(self, width: int, height: int) -> list[Region]:
        """What is looked at in frames of so many pixels."""
        return [tile for tile in self._tiles(width, height) if self._wanted(tile)]

    def _tiles(self, width: int, height: int) -> list[Region]:
        """All of them, scale by scale, row by row."""
        found = []
        for part in self._sides:
            side = max(1, round(part * min(width, height)))
            across, down = (_starts(room, side=side, overlap=self._overlap) for room in (width, height))
            found += [
                Region(x=left / width, y=top / height, width=side / width, height=side / height)
                for top in down
                for left in across
            ]
        return found

    def _wanted(self, tile: Region) -> bool:
        return not self._areas or any(area.touches(tile) for area in self._areas)


def _starts(room: int, *, side: int, overlap: float) -> list[int]:
    """Where tiles begin: as few as cover the room with the overlap asked for, evenly spread.

    Args:
        room: pixels to cover.
        side: of a tile, at most `room`.
        overlap: least part of a tile that the next one shows again.
    """
    count = 1 + math.ceil((room - side) / max(side * (1 - overlap), 1))
    if count == 1:
        return [0]
    return [round(number * (room - side) / (count - 1)) for number in range(count)]

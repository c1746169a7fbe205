"""Fixed parts of a frame: the sheet, the bait, the card."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.domain import Region
from insect_edge.regions.merge import bounded
from insect_edge.sightings import Found, Origin, Proposal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Frame
    from insect_edge.regions.finder import Finder

_SAMPLES = 9
"""Points each way in which a region is probed for whether it touches an area."""
_STRAIGHT = 1e-9
"""Of the frame: what is no larger than this is a line, but for rounding."""


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a frame with straight edges.

    Attributes:
        corners: (x, y) of at least three, in fractions of the frame's width and height, in order around it.
    """

    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Refuse what is no area.

        Raises:
            ValueError: when it has fewer than three corners, one outside the frame, or all of them in a line.
        """
        if len(self.corners) < 3 or not all(0 <= part <= 1 for corner in self.corners for part in corner):  # noqa: PLR2004 - a triangle
            raise ValueError("an area needs three corners or more, each [x, y] in fractions of the frame from 0 to 1")
        if self._bounds() is None or self._is_line():
            raise ValueError("an area needs some width and height")

    @classmethod
    def of(cls, region: Region) -> Area:
        """A rectangle."""
        right, bottom = min(region.x + region.width, 1.0), min(region.y + region.height, 1.0)
        return cls(((region.x, region.y), (right, region.y), (right, bottom), (region.x, bottom)))

    @property
    def bounds(self) -> Region:
        """The smallest region that holds it."""
        bounds = self._bounds()
        if bounds is None:
            raise AssertionError("an area without width or height is refused when it is made")
        return bounds

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies within, by the number of edges a ray from it crosses."""
        crossings = 0
        for (from_x, from_y), (to_x, to_y) in zip(self.corners, self.corners[1:] + self.corners[:1], strict=True):
            if (from_y > y) != (to_y > y) and x < from_x + (y - from_y) / (to_y - from_y) * (to_x - from_x):
                crossings += 1
        return crossings % 2 == 1

    def touches(self, region: Region) -> bool:
        """Whether some of a region lies within, as far as a lattice of points and the corners can tell."""
        right, bottom = region.x + region.width, region.y + region.height
        if any(region.x <= x <= right and region.y <= y <= bottom for x, y in self.corners):
            return True
        across, down = np.linspace(region.x, right, _SAMPLES), np.linspace(region.y, bottom, _SAMPLES)
        return any(self.holds(float(x), float(y)) for x in across for y in down)

    def _is_line(self) -> bool:
        """Whether all corners lie on one line, which may be a slanted one."""
        x, y = self.corners[0]
        ways = [(there_x - x, there_y - y) for there_x, there_y in self.corners]
        far_x, far_y = max(ways, key=lambda way: math.hypot(*way))
        return all(abs(way_x * far_y - way_y * far_x) <= _STRAIGHT for way_x, way_y in ways)

    def _bounds(self) -> Region | None:
        across, down = zip(*self.corners, strict=True)
        width, height = max(across) - min(across), max(down) - min(down)
        return Region(x=min(across), y=min(down), width=width, height=height) if width > 0 and height > 0 else None


class AreaFinder:
    """Proposes each area, always.

    Args:
        areas: at least one.
    """

    def __init__(self, areas: Sequence[Area]) -> None:
        self._areas = tuple(areas)

    def find(self, frame: Frame, *, watched: Sequence[Region] = ()) -> Found:
        """Every area."""
        del watched
        return always(self.places(frame.width, frame.height), origin=Origin.AREA)

    def places(self, width: int, height: int) -> list[Region]:
        """What is looked at in frames of so many pixels."""
        return [piece for area in self._areas for piece in _pieces(area.bounds, width, height)]


def always(places: Sequence[Region], *, origin: Origin) -> Found:
    """Places that are proposed whether or not anything is there."""
    # An area may be named twice, and the box around two may be the same; a look at it says the same.
    regions = dict.fromkeys(places)
    return Found(proposals=tuple(Proposal(region=region, origin=origin, strength=1.0) for region in regions))


class Limited:
    """Another finder, of whose proposals only those count that have their middle in one of some areas.

    Args:
        finder: searches the whole frame: what moves all over it tells of wind and light. It leaves nothing out because
            there is too much, since nobody knows where that would be.
        areas: at least one.
        most: proposals of one frame.
    """

    def __init__(self, finder: Finder, areas: Sequence[Area], *, most: int) -> None:
        self._finder = finder
        self._areas = tuple(areas)
        self._most = most

    def find(self, frame: Frame, *, watched: Sequence[Region] = ()) -> Found:
        """The strongest of what the other finder found there."""
        found = self._finder.find(frame, watched=watched)
        inside = [proposal for proposal in found.proposals if self._within(proposal.region)]
        return bounded(inside, most=self._most, settled=found.settled)

    def _within(self, region: Region) -> bool:
        x, y = region.x + region.width / 2, region.y + region.height / 2
        return any(area.holds(x, y) for area in self._areas)


def _pieces(region: Region, frame_width: int, frame_height: int) -> list[Region]:
    """A region that no square within the frame can hold, in as few overlapping parts as there must be; else itself."""
    room = min(frame_width, frame_height)
    across, down = -(-region.width * frame_width // room), -(-region.height * frame_height // room)
    if max(across, down) <= 1:
        return [region]
    width, height = min(region.width, room / frame_width), min(region.height, room / frame_height)
    return [
        Region(x=float(x), y=float(y), width=width, height=height)
        for y in np.linspace(region.y, region.y + region.height - height, int(down))
        for x in np.linspace(region.x, region.x + region.width - width, int(across))
    ]

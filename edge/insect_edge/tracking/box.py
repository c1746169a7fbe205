"""Boxes in frame widths, so that a distance is the same across and down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_edge.domain import Region


BORDER = 0.012
"""Frame widths and heights within which a box is at the border: grass that leans in is not seen down to it."""


def is_at_border(region: Region) -> bool:
    """Whether the border of the frame may cut off what is in this box."""
    nearest = min(region.x, region.y, 1 - region.x - region.width, 1 - region.y - region.height)
    return nearest < BORDER


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle; all four in frame widths.

    Attributes:
        x: of its middle, from the left.
        y: of its middle, from the top.
        width: across.
        height: down.
    """

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of(cls, region: Region, *, aspect: float) -> Box:
        """A region of a frame whose width is `aspect` times its height."""
        width, height = region.width, region.height / aspect
        return cls(region.x + width / 2, region.y / aspect + height / 2, width, height)

    @property
    def size(self) -> float:
        """Mean of the two sides: it changes least when an animal turns."""
        return (self.width + self.height) / 2

    @property
    def area(self) -> float:
        """Of the rectangle."""
        return self.width * self.height

    def shared(self, other: Box) -> float:
        """Area of what both cover."""
        across = min(self.width, other.width, (self.width + other.width) / 2 - abs(self.x - other.x))
        down = min(self.height, other.height, (self.height + other.height) / 2 - abs(self.y - other.y))
        return across * down if across > 0 and down > 0 else 0.0

    def around(self, other: Box) -> Box:
        """The smallest that holds both."""
        left, right = (
            min(one.x - one.width / 2 for one in (self, other)),
            max(one.x + one.width / 2 for one in (self, other)),
        )
        top, bottom = (
            min(one.y - one.height / 2 for one in (self, other)),
            max(one.y + one.height / 2 for one in (self, other)),
        )
        return Box((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)

    def overlap(self, other: Box) -> float:
        """Intersection over union, in [0, 1]."""
        shared = self.shared(other)
        return shared / (self.area + other.area - shared)

    def covered(self, *, by: Box) -> float:
        """Which part of this box another covers, in [0, 1]."""
        return self.shared(by) / self.area


class Boxes:
    """Many boxes, of which one may be far from most.

    Attributes:
        areas: (boxes,) float64.
    """

    def __init__(self, boxes: Sequence[Box]) -> None:
        rows = np.array([(box.x, box.y, box.width, box.height) for box in boxes], float).reshape(-1, 4)
        self._x, self._y, self._width, self._height = rows.T
        self.areas = self._width * self._height

    def shared(self, others: Boxes) -> NDArray[np.float64]:
        """(boxes, others) areas that each has in common with each other."""
        across = np.add.outer(self._width, others._width) / 2 - abs(np.subtract.outer(self._x, others._x))
        down = np.add.outer(self._height, others._height) / 2 - abs(np.subtract.outer(self._y, others._y))
        across = np.minimum(across, np.minimum.outer(self._width, others._width))
        down = np.minimum(down, np.minimum.outer(self._height, others._height))
        shared: NDArray[np.float64] = np.maximum(across, 0.0) * np.maximum(down, 0.0)
        return shared

    def apart(self, others: Boxes) -> NDArray[np.float64]:
        """(boxes, others) distances between their middles."""
        apart: NDArray[np.float64] = np.hypot(
            np.subtract.outer(self._x, others._x), np.subtract.outer(self._y, others._y)
        )
        return apart

"""From how unusual each pixel is to things with an outline."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HOLE = np.ones((3, 3), np.uint8)
"""Holes smaller than this are none: a striped back is the ground's colour here and there."""
_BRUSH = np.ones((1, 3), np.uint8)
"""What is nowhere as wide as this is a drop of rain, which falls and therefore is upright, or noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """Pixels that belong together.

    Attributes:
        left: first column.
        top: first row.
        right: the column behind the last.
        bottom: the row behind the last.
        excess: mean of how far its pixels are beyond what is usual there, above 1.
        pixels: how many there are.
    """

    left: int
    top: int
    right: int
    bottom: int
    excess: float
    pixels: int

    @property
    def weight(self) -> float:
        """How much it is beyond what is usual: more for what differs more and is larger."""
        return (self.excess - 1) * math.sqrt(self.pixels)

    @property
    def longer(self) -> int:
        """Width or height, in pixels."""
        return max(self.right - self.left, self.bottom - self.top)

    @property
    def shorter(self) -> int:
        """Width or height, in pixels."""
        return min(self.right - self.left, self.bottom - self.top)

    @property
    def box_area(self) -> int:
        """Of its box, in pixels."""
        return (self.right - self.left) * (self.bottom - self.top)

    def distance(self, other: Mover) -> float:
        """Pixels between the two boxes; 0 where they touch."""
        across = max(self.left - other.right, other.left - self.right, 0)
        down = max(self.top - other.bottom, other.top - self.bottom, 0)
        return math.hypot(across, down)

    @property
    def window(self) -> tuple[slice, slice]:
        """Its box, for arrays."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def unusual(excess: NDArray[np.float32]) -> float:
    """Share of the pixels that may belong to something, in [0, 1]."""
    return float(np.mean(excess > 1))


def weightiest(found: list[Mover], *, most: int) -> list[Mover]:
    """At most so many, in the order in which they come."""
    if len(found) <= most:
        return found
    kept = sorted(range(len(found)), key=lambda number: -found[number].weight)[:most]
    return [found[number] for number in sorted(kept)]


def movers(excess: NDArray[np.float32], *, gap: int, sure: float) -> list[Mover]:
    """Things that differ.

    Args:
        excess: (rows, columns) of how unusual each pixel is; above 1 it may belong to something.
        gap: pixels between parts of one thing, at most.
        sure: a thing has a pixel that is at least so unusual.
    """
    weak = cv2.morphologyEx((excess > 1).astype(np.uint8), cv2.MORPH_CLOSE, _HOLE)
    weak = cv2.morphologyEx(weak, cv2.MORPH_OPEN, _BRUSH)
    grown = cv2.dilate(weak, np.ones((gap + 1, gap + 1), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8, ltype=cv2.CV_32S)
    found = []
    for number in range(1, count):
        left, top, width, height, _ = stats[number].tolist()
        window = (slice(top, top + height), slice(left, left + width))
        inside = (labels[window] == number) & (weak[window] > 0)
        values = excess[window][inside]
        if not len(values) or values.max() < sure:
            continue
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        found.append(
            Mover(
                left=left + int(columns[0]),
                top=top + int(rows[0]),
                right=left + int(columns[-1]) + 1,
                bottom=top + int(rows[-1]) + 1,
                excess=float(values.mean()),
                pixels=len(values),
            )
        )
    return found

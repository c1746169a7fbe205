"""From how unusual each pixel is to things with an outline."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Window = tuple[slice, slice]

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
        excess: mean of how far its pixels are beyond what is usual there; that of most of them is above 1.
        peak: the most of that.
        pixels: how many there are.
    """

    left: int
    top: int
    right: int
    bottom: int
    excess: float
    peak: float
    pixels: int

    @property
    def weight(self) -> float:
        """How much it is beyond what is usual: more for what differs more and is larger."""
        # Of closed holes the pixels are not unusual themselves, so that the mean may be less than one.
        return max(self.excess - 1, 0.0) * math.sqrt(self.pixels)

    @property
    def density(self) -> float:
        """How far its box is beyond what is usual, on average, where pixels that are not its own count nothing."""
        return self.excess * self.pixels / self.box_area

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
    def window(self) -> Window:
        """Its box, for arrays."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def unusual(excess: NDArray[np.float32]) -> float:
    """Share of the pixels that may belong to something, in [0, 1]."""
    return float(np.count_nonzero(excess > 1)) / excess.size


def meetings(windows: Sequence[Window], others: Sequence[Window]) -> list[list[int]]:
    """For each box the numbers of those others with which it has pixels in common; for hundreds of either."""
    one, other = (
        np.array([(rows.start, rows.stop, columns.start, columns.stop) for rows, columns in some]).reshape(-1, 4)
        for some in (windows, others)
    )
    meet = np.all(
        (one[:, np.newaxis, [0, 2]] < other[np.newaxis, :, [1, 3]])
        & (other[np.newaxis, :, [0, 2]] < one[:, np.newaxis, [1, 3]]),
        axis=-1,
    )
    return [np.flatnonzero(row).tolist() for row in meet]


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
    weak = cv2.morphologyEx((excess > 1).view(np.uint8), cv2.MORPH_CLOSE, _HOLE)
    weak = cv2.morphologyEx(weak, cv2.MORPH_OPEN, _BRUSH)
    grown = cv2.dilate(weak, np.ones((gap + 1, gap + 1), np.uint8))
    # Without OpenCV's statistics, which take five times as long: there are few pixels to count.
    count, labels = cv2.connectedComponents(grown, connectivity=8, ltype=cv2.CV_32S)
    places = np.flatnonzero(weak)
    owners = labels.reshape(-1)[places].astype(np.int32, copy=False)
    values = excess.reshape(-1)[places]
    is_sure = np.zeros(count, bool)
    is_sure[owners[values >= sure]] = True
    order = np.flatnonzero(is_sure[owners])
    if not len(order):
        return []
    order = order[np.argsort(owners[order], kind="stable")]
    return _gathered(owners[order], *np.divmod(places[order], excess.shape[1]), values[order])


def outside(
    windows: Sequence[Window], mover: Mover, excess: NDArray[np.float32], *, gap: int, sure: float
) -> list[Mover]:
    """What is left of a thing without those boxes.

    Args:
        windows: of other things, which it touches.
        mover: found in `excess`.
        excess: as for `movers`.
        gap: as for `movers`.
        sure: as for `movers`.
    """
    rest = excess[mover.window].copy()
    for rows, columns in windows:
        rest[
            max(rows.start - mover.top, 0) : max(rows.stop - mover.top, 0),
            max(columns.start - mover.left, 0) : max(columns.stop - mover.left, 0),
        ] = 0
    across, down = mover.left, mover.top
    return [
        replace(
            part, left=part.left + across, right=part.right + across, top=part.top + down, bottom=part.bottom + down
        )
        for part in movers(rest, gap=gap, sure=sure)
    ]


def _gathered(
    owners: NDArray[np.int32], rows: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[np.float32]
) -> list[Mover]:
    """Pixels, those of one thing behind each other, thing by thing."""
    firsts = np.flatnonzero(np.diff(owners, prepend=-1))
    pixels = np.diff(firsts, append=len(owners))
    lows, highs = (
        [reduced.reduceat(sides, firsts) for sides in (columns, rows)] for reduced in (np.minimum, np.maximum)
    )
    excess, peaks = np.add.reduceat(values, firsts, dtype=np.float64) / pixels, np.maximum.reduceat(values, firsts)
    return [
        Mover(left=left, top=top, right=right + 1, bottom=bottom + 1, excess=mean, peak=peak, pixels=number)
        for left, top, right, bottom, mean, peak, number in zip(
            *(part.tolist() for part in (*lows, *highs, excess, peaks, pixels)), strict=True
        )
    ]

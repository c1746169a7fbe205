"""Places where something appears again and again without coming from anywhere: leaves and shadows, not animals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.regions.movers import Mover

_CELL = 16
"""Pixels: what appears in one of these, or next to it, appears at the same place."""
_MEMORY = 90.0
"""Seconds in which two thirds of the appearances are forgotten."""
_TOO_OFTEN = 2.5
"""Appearances that are remembered from which on a place is one where things appear by themselves."""
_NEAR = 3.0
"""Pixels from which a thing may come that has not appeared but moved."""


class Haunts:
    """Counts appearances, place by place.

    An animal appears once, when it comes in or flies up, and then goes on from where it was. The edge of a leaf, which
    the wind shows now and again, appears each time.
    """

    def __init__(self) -> None:
        self._counts = np.zeros((1, 1), np.float32)
        self._at = -math.inf

    def leave_out(
        self, found: Sequence[Mover], before: Sequence[Mover], *, shape: tuple[int, ...], at: float
    ) -> list[Mover]:
        """Those of the things that are not at such a place.

        Args:
            found: in this frame.
            before: in the frame before.
            shape: rows and columns of the picture.
            at: seconds.
        """
        cells = (shape[0] // _CELL + 3, shape[1] // _CELL + 3)
        if self._counts.shape != cells:
            self._counts = np.zeros(cells, np.float32)
        self._counts *= np.float32(math.exp(-max(at - self._at, 0.0) / _MEMORY))
        self._at = at
        kept = [mover for mover in found if self._counts[_around(mover)].sum() < _TOO_OFTEN]
        for mover in found:
            if not any(mover.distance(other) <= _NEAR for other in before):
                row, column = _cell(mover)
                self._counts[row, column] += 1
        return kept


def _cell(mover: Mover) -> tuple[int, int]:
    """Row and column of its middle; there is one cell more on each side, so that each has neighbours."""
    return (mover.top + mover.bottom) // (2 * _CELL) + 1, (mover.left + mover.right) // (2 * _CELL) + 1


def _around(mover: Mover) -> tuple[slice, slice]:
    row, column = _cell(mover)
    return slice(row - 1, row + 2), slice(column - 1, column + 2)

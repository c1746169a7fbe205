"""Where the lit sheet is, in a frame that shows more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from insect_edge.regions.backdrop import light_of

if TYPE_CHECKING:
    from cv2.typing import MatLike
    from numpy.typing import NDArray

LEVELS = (0.15, 0.2, 0.3, 0.4, 0.5, 0.6)
"""Where what is beside the sheet may end, in parts of the sheet's light."""
SHARE = (0.1, 0.97)
"""Of the frame that a sheet may fill; one that fills it all has no beside."""
STEP = 0.3
"""Over a thirtieth of the frame's width the light falls by this part of itself where a sheet ends; where a lamp's light
only fades, by a tenth at most."""
NEAR = 0.032
"""The part of the width over which that is looked at."""
THROUGH = 0.35
"""Of a box an edge takes that part; of an animal beside the edge less."""
AS_GOOD = 0.8
"""An edge so sharp, in parts of the sharpest, is as good: the largest sheet is taken, since its far corners are dim."""
CONVEX = 0.8
"""A sheet fills so much of its convex hull; what is missing are animals at its edge."""


def lit_sheet(grey: MatLike) -> NDArray[np.uint8] | None:
    """The part of a picture that is one bright sheet with a sharp edge before something darker.

    Args:
        grey: (rows, columns) uint8, the backdrop without the animals, about 100 columns.

    Returns:
        (rows, columns) uint8, 1 on the sheet but for its very edge; None where there is no such sheet, or nothing else.
    """
    steep = steps(grey)
    light = light_of(grey)
    sheets = [_largest(grey > level * light) for level in LEVELS]
    possible = [sheet for sheet in sheets if sheet is not None and SHARE[0] <= float(sheet.mean()) <= SHARE[1]]
    edges = [float(np.median(steep[cv2.dilate(sheet, np.ones((3, 3), np.uint8)) > sheet])) for sheet in possible]
    if max(edges, default=0.0) < STEP:
        return None
    best = next(sheet for sheet, edge in zip(possible, edges, strict=True) if edge >= AS_GOOD * max(edges))
    return cast("NDArray[np.uint8]", cv2.erode(best, _near(grey), borderValue=1))


def steps(grey: MatLike) -> NDArray[np.float32]:
    """(rows, columns): by which part of itself the light falls within a few pixels, in [0, 1]."""
    around = _near(grey)
    brightest = cv2.dilate(grey, around).astype(np.float32)
    return cast("NDArray[np.float32]", (brightest - cv2.erode(grey, around)) / np.maximum(brightest, 1))


def _near(grey: MatLike) -> MatLike:
    """A square of that width, of a pixel and its neighbours at least: within one pixel nothing falls."""
    side = max(round(NEAR * grey.shape[1]) | 1, 3)
    return np.ones((side, side), np.uint8)


def at_edge(boxes: NDArray[np.float64], grey: MatLike) -> NDArray[np.bool_]:
    """Which boxes the edge of a sheet, a board or a shadow goes through, so that what is in them is that edge.

    Args:
        boxes: (things, 4) left, top, width and height in fractions.
        grey: as of `lit_sheet`.
    """
    sums = cv2.integral((steps(grey) >= STEP).astype(np.uint8))
    rows, columns = grey.shape
    scaled = boxes * (columns, rows, columns, rows)
    left, top = np.floor(scaled[:, :2]).astype(np.intp).T
    right = np.minimum(np.ceil(scaled[:, 0] + scaled[:, 2]).astype(np.intp), columns)
    bottom = np.minimum(np.ceil(scaled[:, 1] + scaled[:, 3]).astype(np.intp), rows)
    steep = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return cast("NDArray[np.bool_]", steep >= THROUGH * (right - left) * (bottom - top))


def _largest(bright: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    """The largest bright thing without its holes; its convex hull where that is much the same; None of nothing."""
    outlines, _ = cv2.findContours(bright.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    outline = max(outlines, key=cv2.contourArea)
    hull = cv2.convexHull(outline)
    if cv2.contourArea(outline) >= CONVEX * cv2.contourArea(hull):
        outline = hull
    drawn = np.zeros(bright.shape, np.uint8)
    return cast("NDArray[np.uint8]", cv2.drawContours(drawn, [outline], -1, 1, cv2.FILLED))

"""Two pictures of one scene in different light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]

_CELL = 8
"""Pixels of the reduced picture: light is taken as even within."""
_AROUND = 9
"""Cells each way whose median is taken: a tenth of the picture's width."""
_DARKEST = 2.0
"""Brightness that every cell is thought to have, so that black ones have a ratio too."""
_EVEN = 100
"""Number by which an unchanged light is told."""


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """A picture and how bright it is cell by cell, which is measured once for several comparisons.

    Attributes:
        picture: (rows, columns) float32.
        cells: mean brightness of each cell, above 0.
    """

    picture: Picture
    cells: Picture

    @classmethod
    def measured(cls, picture: Picture) -> Lit:
        """What is left over at the right and below is in no cell: the fast path needs that."""
        rows, columns = (max(side // _CELL, 1) for side in picture.shape)
        part = picture[: rows * _CELL, : columns * _CELL]
        cells = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA) + np.float32(_DARKEST)
        return cls(picture, cast("Picture", cells))


def lit(one: Lit, like: Lit) -> Picture:
    """A picture in the light of another: brighter or darker, place by place, as shadows and clouds make it.

    The light of a cell is the ratio of its mean brightness in the two; the median over the cells around it keeps the
    edges of shadows and leaves out animals, which are smaller.

    Args:
        one: the picture.
        like: the same scene.
    """
    rows, columns = one.cells.shape
    ratio = cv2.divide(like.cells, one.cells)
    overall = float(np.median(ratio))
    steps = cv2.convertScaleAbs(ratio, alpha=_EVEN / overall)
    smooth = cv2.blur(cv2.medianBlur(steps, _AROUND).astype(np.float32) * np.float32(overall / _EVEN), (3, 3))
    light = cv2.resize(smooth, (columns * _CELL, rows * _CELL), interpolation=cv2.INTER_LINEAR)
    shape = one.picture.shape
    if light.shape != shape:
        down, across = (max(side - covered, 0) for side, covered in zip(shape, light.shape, strict=True))
        light = cv2.copyMakeBorder(light, 0, down, 0, across, cv2.BORDER_REPLICATE)[: shape[0], : shape[1]]
    return cast("Picture", cv2.multiply(one.picture, light))

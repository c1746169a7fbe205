"""Seeded noise for skins and grounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def clouds(*, width: int, height: int, cells: Sequence[float], generator: np.random.Generator) -> NDArray[np.float32]:
    """A sum of smooth random fields, each half as strong as the one before.

    Args:
        width: of the result, in pixels.
        height: of the result, in pixels.
        cells: size in pixels of the random cells of each field, coarse ones first.
        generator: where the randomness comes from.

    Returns:
        (height, width) float32, mean about 0, standard deviation about 1.
    """
    total = np.zeros((height, width), np.float32)
    for octave, cell in enumerate(cells):
        columns, rows = max(2, round(width / cell) + 1), max(2, round(height / cell) + 1)
        field = generator.standard_normal((rows, columns), dtype=np.float32)
        total += cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    total -= total.mean()
    total /= max(float(total.std()), 1e-6)
    return total

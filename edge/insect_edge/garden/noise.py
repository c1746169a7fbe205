"""Seeded noise for skins and grounds, and soft shadows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_COARSE_SPREAD = 6.0


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


def soft(mask: NDArray[np.uint8], *, spread: float) -> NDArray[np.uint8]:
    """A mask blurred by `spread` pixels; worked out on a quarter of the size, where that shows no difference.

    Returns:
        uint8 of the same shape.
    """
    height, width = mask.shape
    if spread < _COARSE_SPREAD:
        return cv2.GaussianBlur(mask, (0, 0), spread).astype(np.uint8, copy=False)
    small = cv2.resize(mask, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), spread / 4)
    return cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)

"""What a still scene would look like without the animals, and how far from it a thing must be to stand out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from cv2.typing import MatLike
    from numpy.typing import NDArray

COLUMNS = 600
"""At least so many are searched, and fewer than twice as many: of 4056 columns 1014, of 1280 half."""
HALVINGS = 3
"""From the picture that is searched to the coarse one of which the backdrop is made: 1014 columns to 126."""
WIDE, NEAR, AROUND = 0.25, 0.06, 0.10
"""Windows of the first backdrop, of the second and of the noise, in frame widths: the first must hold more sheet than
animal even where a hawk moth sits, the second follows the lamp's falling light, the third the grain of wood."""
FAINTEST = 6
"""Brightnesses that a difference must be in any case: less is what compression leaves in the dark."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backdrop:
    """A picture against what is behind the things in it.

    Attributes:
        difference: (rows, columns) uint8, how far each pixel is from the backdrop, mean of the three colours.
        threshold: (rows, columns) uint8, from which difference on a pixel stands out.
        smooth: (rows / 8, columns / 8, 3) uint8, the backdrop itself.
    """

    difference: NDArray[np.uint8]
    threshold: NDArray[np.uint8]
    smooth: NDArray[np.uint8]


def reduced(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture in fewer columns: halved as long as `COLUMNS` are left.

    Halving costs a fraction of one step by area at an odd ratio, and averages the sensor's noise as well.

    Args:
        pixels: (rows, columns, 3).
    """
    while pixels.shape[1] >= 2 * COLUMNS:
        pixels = _halved(pixels)
    return pixels


def behind(picture: NDArray[np.uint8], *, least: float, above_noise: float) -> Backdrop:
    """What stands out in a picture, colour included, darker and brighter alike.

    The backdrop is a running median, once wide and once near with what stood out taken away. A threshold is a part of
    the light that falls there, and not less than some times what the scene's own grain does around.

    Args:
        picture: (rows, columns, 3) uint8.
        least: difference that stands out on a smooth sheet, as a part of its light.
        above_noise: differences of that many times the usual one nearby stand out.
    """
    coarse = picture
    for _ in range(HALVINGS):
        coarse = _halved(coarse)
    smooth = _smooth(coarse, least=least)
    rows, columns = picture.shape[:2]
    full = cv2.resize(smooth, (columns, rows), interpolation=cv2.INTER_LINEAR)
    difference = mean(cv2.absdiff(picture, full))
    usual = difference
    for _ in range(HALVINGS):
        usual = _halved(usual)
    noise = cv2.medianBlur(usual, _odd(AROUND * coarse.shape[1])).astype(np.float32)
    lit = mean(smooth).astype(np.float32)
    needed = np.clip(np.maximum(least * lit, above_noise * noise), FAINTEST, 255).astype(np.uint8)
    threshold = cast("NDArray[np.uint8]", cv2.resize(needed, (columns, rows), interpolation=cv2.INTER_LINEAR))
    return Backdrop(difference=difference, threshold=threshold, smooth=smooth)


def _smooth(coarse: NDArray[np.uint8], *, least: float) -> NDArray[np.uint8]:
    """The backdrop in coarse."""
    columns = coarse.shape[1]
    first = cv2.medianBlur(coarse, _odd(WIDE * columns))
    light = light_of(mean(first))
    difference = mean(cv2.absdiff(coarse, first))
    uneven = cv2.medianBlur(difference, _odd(2 * AROUND * columns)).astype(np.float32)
    above = (difference > np.maximum(3 * uneven, least / 2 * light)).astype(np.uint8)
    stands_out = cv2.dilate(above, np.ones((3, 3), np.uint8))
    cleared = np.where(stands_out[..., None] > 0, first, coarse)
    near = cv2.medianBlur(cleared, _odd(NEAR * columns))
    return cast("NDArray[np.uint8]", cv2.GaussianBlur(near, (0, 0), 1.5))


def _halved(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Half as wide and high; an odd last row or column is dropped, since the fast path needs the exact ratio."""
    rows, columns = max(pixels.shape[0] // 2, 1), max(pixels.shape[1] // 2, 1)
    even = pixels[: 2 * rows, : 2 * columns]
    return cast("NDArray[np.uint8]", cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA))


def mean(pixels: MatLike) -> NDArray[np.uint8]:
    """(rows, columns), the mean of the colours."""
    blue, green, red = cv2.split(pixels)
    # A third of what is left of two halves and one whole: the same to one brightness, in a third of the time.
    return cast("NDArray[np.uint8]", cv2.addWeighted(cv2.addWeighted(blue, 0.5, green, 0.5, 0), 2 / 3, red, 1 / 3, 0))


def light_of(grey: MatLike) -> int:
    """The brightness that a tenth of a picture reaches; counted, in a third of the time of `numpy.percentile`."""
    darker = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    return int(np.searchsorted(darker, 0.9 * grey.size))


def _odd(window: float) -> int:
    """The side of a median's window: odd, at least 3."""
    return max(int(window) // 2 * 2 + 1, 3)

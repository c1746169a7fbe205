"""What the animals walk on: a large leaf close up, or bare soil."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.garden.canvas import rgb
from insect_edge.garden.noise import clouds
from insect_edge.garden.outline import curve

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

BLUR = 0.019
_SUN = (-0.55, -0.83)
"""Where the light comes from in the picture, as in `canvas`."""


def leaf(*, width: int, height: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """The upper side of a leaf that fills the picture: a midrib, side veins, a fine net between them.

    Returns:
        (height, width, 3) uint8, B, G, R.
    """
    relief = 0.8 * clouds(width=width, height=height, cells=(height / 3, height / 9), generator=generator)
    relief += 0.22 * clouds(width=width, height=height, cells=(height / 70, height / 160), generator=generator)
    veins = _veins(width=width, height=height)
    relief += 6.0 * cv2.GaussianBlur(veins, (0, 0), height / 240) - 9.0 * cv2.GaussianBlur(veins, (0, 0), height / 40)
    tint = clouds(width=width, height=height, cells=(height / 2, height / 6, height / 18), generator=generator)
    colours = _mixed(rgb(0x3F7A2A), rgb(0x5E9A38), 0.5 + 0.22 * tint)
    colours = _mixed_by(colours, rgb(0x8DB860), 0.65 * veins)
    return cv2.GaussianBlur(_lit(colours, relief, strength=0.35), (0, 0), BLUR * height).astype(np.uint8, copy=False)


def soil(*, width: int, height: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Crumbly earth with small stones.

    Returns:
        (height, width, 3) uint8, B, G, R.
    """
    relief = 3.2 * clouds(width=width, height=height, cells=(48, 22, 10, 5), generator=generator)
    tint = clouds(width=width, height=height, cells=(height / 3, 60, 14, 4), generator=generator)
    colours = _mixed(rgb(0x4A3826), rgb(0x86694A), 0.45 + 0.2 * tint)
    stones = np.zeros((height, width), np.float32)
    for _ in range(90):
        centre = (int(generator.integers(width)), int(generator.integers(height)))
        axes = (int(generator.integers(4, 16)), int(generator.integers(3, 11)))
        turned = float(generator.integers(180))
        cv2.ellipse(stones, (centre, (2 * axes[0], 2 * axes[1]), turned), (float(generator.uniform(0.4, 1.0)),), -1)
    relief += 9 * cv2.GaussianBlur(stones, (0, 0), 2.5)
    colours = _mixed_by(colours, rgb(0x9A8A74), 0.7 * cv2.GaussianBlur(stones, (0, 0), 1))
    return _lit(colours, relief, strength=0.16)


GROUNDS: dict[str, Callable[..., NDArray[np.uint8]]] = {"leaf": leaf, "soil": soil}


def _veins(*, width: int, height: int) -> NDArray[np.float32]:
    """1 on the veins, 0 between them, smooth."""
    veins = np.zeros((height, width), np.float32)
    midrib = curve(((-0.05, 0.86), (0.35, 0.62), (0.70, 0.33), (1.05, 0.02))) * (width, height)
    _line(veins, midrib, thickness=height / 70, strength=1.0)
    for along in np.linspace(0.02, 0.98, 9):
        start = midrib[int(along * (len(midrib) - 1))]
        for side in (-1, 1):
            reach = np.array([0.42, -0.10]) if side < 0 else np.array([0.26, 0.55])
            bend = np.array([0.20, -0.16]) if side < 0 else np.array([0.16, 0.22])
            tips = [start, start + bend * height, start + reach * height * 1.4]
            _line(veins, curve([(float(x), float(y)) for x, y in tips]), thickness=height / 220, strength=0.6)
    return cv2.GaussianBlur(veins, (0, 0), height / 500).astype(np.float32, copy=False)


def _line(picture: NDArray[np.float32], points: NDArray[np.float64], *, thickness: float, strength: float) -> None:
    drawn = np.rint(points).astype(np.int32)
    cv2.polylines(picture, [drawn], isClosed=False, color=(strength,), thickness=max(1, round(thickness)))


def _mixed(first: NDArray[np.float32], second: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    share = np.clip(share, 0, 1)[..., None]
    return (first * (1 - share) + second * share).astype(np.float32)


def _mixed_by(
    colours: NDArray[np.float32], second: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    share = np.clip(share, 0, 1)[..., None]
    return (colours * (1 - share) + second * share).astype(np.float32)


def _lit(colours: NDArray[np.float32], relief: NDArray[np.float32], *, strength: float) -> NDArray[np.uint8]:
    """Slopes towards the light are brighter; R, G, B becomes B, G, R."""
    slope_x = cv2.Sobel(relief, cv2.CV_32F, 1, 0, scale=1 / 4)
    slope_y = cv2.Sobel(relief, cv2.CV_32F, 0, 1, scale=1 / 4)
    light = np.clip(1 + strength * (slope_x * _SUN[0] + slope_y * _SUN[1]), 0.3, 1.7)
    return np.clip(colours[..., ::-1] * light[..., None], 0, 255).astype(np.uint8)

"""Random views of a photograph for training: what a camera could have seen instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How far random views may stray.

    Attributes:
        scale: smallest and largest share of the picture's area that is cropped, in (0, 1].
        aspect: smallest and largest width/height of the crop.
        rotation: degrees either way.
        flip: whether to mirror left and right.
        flip_vertical: chance to turn upside down; insects do sit that way.
        brightness: factor drawn from 1 +- this.
        contrast: the same.
        saturation: the same.
        hue: degrees of the colour circle either way.
        erase: chance to grey out a random rectangle.
    """

    scale: tuple[float, float] = (0.35, 1.0)
    aspect: tuple[float, float] = (0.75, 1.333)
    rotation: float = 0.0
    flip: bool = True
    flip_vertical: float = 0.0
    brightness: float = 0.3
    contrast: float = 0.3
    saturation: float = 0.3
    hue: float = 6.0
    erase: float = 0.0


def random_view(
    pixels: NDArray[np.uint8], *, size: int, plan: Augmentation, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """A random crop, turned, mirrored and recoloured, in one resampling.

    Args:
        pixels: (height, width, 3) uint8, B, G, R.
        size: side of the result in pixels.
        plan: how far to stray.
        generator: seeded by the caller; the same state gives the same view.

    Returns:
        (size, size, 3) uint8, B, G, R.
    """
    matrix = _view_matrix(pixels.shape[1], pixels.shape[0], size=size, plan=plan, generator=generator)
    # A crop shrunk by more than two would skip pixels; the rules for recipes see to it that it hardly ever is.
    view = cv2.warpAffine(pixels, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    view = _recolour(cast("NDArray[np.uint8]", view), plan=plan, generator=generator)
    return _erase(view, generator=generator) if generator.random() < plan.erase else view


def _view_matrix(
    width: int, height: int, *, size: int, plan: Augmentation, generator: np.random.Generator
) -> NDArray[np.float64]:
    """2x3 affine matrix from picture to view coordinates: random-resized crop (Szegedy et al., 2015), turned."""
    area = generator.uniform(*plan.scale) * width * height
    ratio = np.exp(generator.uniform(*np.log(plan.aspect)))
    crop_width, crop_height = min(np.sqrt(area * ratio), width), min(np.sqrt(area / ratio), height)
    centre_x = generator.uniform(crop_width / 2, width - crop_width / 2)
    centre_y = generator.uniform(crop_height / 2, height - crop_height / 2)
    angle = np.deg2rad(generator.uniform(-plan.rotation, plan.rotation))
    mirror = -1.0 if plan.flip and generator.random() < 0.5 else 1.0  # noqa: PLR2004 - a fair coin
    upside = -1.0 if generator.random() < plan.flip_vertical else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    scale = np.diag([mirror * size / crop_width, upside * size / crop_height])
    linear = scale @ turn
    shift = np.array([size / 2, size / 2]) - linear @ np.array([centre_x, centre_y])
    return np.hstack([linear, shift[:, np.newaxis]])


def _recolour(view: NDArray[np.uint8], *, plan: Augmentation, generator: np.random.Generator) -> NDArray[np.uint8]:
    brightness, contrast, saturation = (
        1 + generator.uniform(-reach, reach) for reach in (plan.brightness, plan.contrast, plan.saturation)
    )
    hue = generator.uniform(-plan.hue, plan.hue)
    mean = float(view.mean())
    steps = np.arange(256, dtype=np.float64)
    light = np.clip(brightness * (contrast * (steps - mean) + mean), 0, 255)
    view = cast("NDArray[np.uint8]", cv2.LUT(view, light.astype(np.uint8)))
    if not plan.saturation and not plan.hue:
        return view
    tinted = cv2.cvtColor(view, cv2.COLOR_BGR2HSV)
    # OpenCV's 8-bit hue runs from 0 to 179 in steps of two degrees.
    tables = np.stack([(steps + hue / 2) % 180, np.clip(steps * saturation, 0, 255), steps], axis=-1)
    tinted = cv2.LUT(tinted, tables.astype(np.uint8)[np.newaxis])
    return cast("NDArray[np.uint8]", cv2.cvtColor(tinted, cv2.COLOR_HSV2BGR))


def _erase(view: NDArray[np.uint8], *, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Random erasing (Zhong et al., 2017): up to a quarter of the area, in the middle grey."""
    side = view.shape[0]
    height, width = generator.integers(side // 8, side // 2, size=2)
    top, left = generator.integers(0, side - height), generator.integers(0, side - width)
    view[top : top + height, left : left + width] = 127
    return view

"""Random views of a photograph for training: what a camera could have seen instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from insect_converter import trivial_augment

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INSET_SIDE = (0.33, 0.75)
_INSET_FADE = 0.25
_MOST_BLUR = 4.0
_NIGHT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How far random views may stray.

    Attributes:
        scale: smallest and largest area of the crop, as a share of the picture's, in (0, 4]; above 1 the picture is
            shown smaller than the view and mirrored around it.
        aspect: smallest and largest width/height of the crop.
        rotation: degrees either way.
        shear: degrees either way by which upright lines may lean.
        flip: whether to mirror left and right.
        flip_vertical: chance to turn upside down; insects do sit that way.
        brightness: factor drawn from 1 +- this.
        contrast: the same.
        saturation: the same.
        hue: degrees of the colour circle either way.
        erase: chance to grey out a random rectangle.
        blur: chance to lose detail, as what is small in its picture has lost it.
        inset: chance to show the view small, within a picture of the background: animals far from the camera.
        texture: chance to show drawn noise, a gradient or a plain colour instead; it suits a background, whose
            photographs have none of what a camera delivers by night.
        trivial: chance of an operation of `insect_converter.trivial_augment`; with it, the reaches above are better
            small, since it turns and recolours too.
    """

    scale: tuple[float, float] = (0.35, 1.0)
    aspect: tuple[float, float] = (0.75, 1.333)
    rotation: float = 0.0
    shear: float = 0.0
    flip: bool = True
    flip_vertical: float = 0.0
    brightness: float = 0.3
    contrast: float = 0.3
    saturation: float = 0.3
    hue: float = 6.0
    erase: float = 0.0
    blur: float = 0.0
    inset: float = 0.0
    texture: float = 0.0
    trivial: float = 0.0


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
    view = cast("NDArray[np.uint8]", view)
    if generator.random() < plan.texture:
        view = _texture(size, generator=generator)
    view = _recolour(view, plan=plan, generator=generator)
    # Where it is off nothing is drawn for it, so that recipes that do not know it see the views they always saw.
    if plan.trivial and generator.random() < plan.trivial:
        view = trivial_augment.apply(view, generator=generator)
    if generator.random() < plan.blur:
        view = _blur(view, generator=generator)
    return _erase(view, generator=generator) if generator.random() < plan.erase else view


def inset(view: NDArray[np.uint8], canvas: NDArray[np.uint8], *, generator: np.random.Generator) -> NDArray[np.uint8]:
    """A view shrunk to a third to three quarters of its side, somewhere on another one, its edges faded.

    Args:
        view: (size, size, 3) uint8.
        canvas: (size, size, 3) uint8; it stays as it is.
        generator: seeded by the caller.

    Returns:
        (size, size, 3) uint8.
    """
    size = canvas.shape[0]
    side = max(1, round(size * generator.uniform(*_INSET_SIDE)))
    left, top = generator.integers(0, size - side + 1, size=2)
    # A hard frame would give the animal away: by its edge, not by its looks.
    fade = max(1, round(side * generator.uniform(0.0, _INSET_FADE)))
    ramp = np.minimum(np.minimum(np.arange(1, side + 1), np.arange(side, 0, -1)) / fade, 1.0)
    share = (ramp[:, np.newaxis] * ramp)[..., np.newaxis]
    made = canvas.copy()
    place = made[top : top + side, left : left + side]
    small = cv2.resize(view, (side, side), interpolation=cv2.INTER_AREA)
    place[:] = np.rint(small * share + place * (1 - share))
    return made


def _view_matrix(
    width: int, height: int, *, size: int, plan: Augmentation, generator: np.random.Generator
) -> NDArray[np.float64]:
    """2x3 affine matrix from picture to view coordinates: random-resized crop (Szegedy et al., 2015), turned."""
    area = generator.uniform(*plan.scale) * width * height
    ratio = np.exp(generator.uniform(*np.log(plan.aspect)))
    # Above 1 the picture is smaller than the view and mirrored around it.
    most = max(1.0, np.sqrt(plan.scale[1]))
    crop_width, crop_height = min(np.sqrt(area * ratio), most * width), min(np.sqrt(area / ratio), most * height)
    centre_x = generator.uniform(*sorted((crop_width / 2, width - crop_width / 2)))
    centre_y = generator.uniform(*sorted((crop_height / 2, height - crop_height / 2)))
    angle = np.deg2rad(generator.uniform(-plan.rotation, plan.rotation))
    mirror = -1.0 if plan.flip and generator.random() < 0.5 else 1.0  # noqa: PLR2004 - a fair coin
    upside = -1.0 if generator.random() < plan.flip_vertical else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    scale = np.diag([mirror * size / crop_width, upside * size / crop_height])
    linear = scale @ _lean(plan, generator=generator) @ turn
    shift = np.array([size / 2, size / 2]) - linear @ np.array([centre_x, centre_y])
    return np.hstack([linear, shift[:, np.newaxis]])


def _lean(plan: Augmentation, *, generator: np.random.Generator) -> NDArray[np.float64]:
    """2x2 matrix of the shear; nothing is drawn where there is none."""
    lean = np.tan(np.deg2rad(generator.uniform(-plan.shear, plan.shear))) if plan.shear else 0.0
    return np.array([[1.0, lean], [0.0, 1.0]])


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


def _blur(view: NDArray[np.uint8], *, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Shrunk by up to four and enlarged again."""
    side = view.shape[0]
    small = max(1, round(side / generator.uniform(1.0, _MOST_BLUR)))
    lost = cv2.resize(view, (small, small), interpolation=cv2.INTER_AREA)
    return cast("NDArray[np.uint8]", cv2.resize(lost, (side, side), interpolation=cv2.INTER_LINEAR))


def _texture(size: int, *, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Noise of some grain on black or on a gradient: a camera at night, out of focus or covered."""
    night = generator.random() < _NIGHT
    corners = generator.uniform(0, 48, size=3) * np.ones((2, 2, 3)) if night else generator.uniform(0, 255, (2, 2, 3))
    grains = max(1, round(size / generator.choice([1, 2, 4, 16])))
    channels = int(generator.choice([1, 3]))
    noise = generator.normal(0, generator.uniform(0, 80), size=(grains, grains, channels))
    grain = cv2.resize(noise, (size, size), interpolation=cv2.INTER_LINEAR).reshape(size, size, channels)
    made: NDArray[np.uint8] = np.clip(cv2.resize(corners, (size, size)) + grain, 0, 255).astype(np.uint8)
    return made


def _erase(view: NDArray[np.uint8], *, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Random erasing (Zhong et al., 2017): up to a quarter of the area, in the middle grey."""
    side = view.shape[0]
    height, width = generator.integers(side // 8, side // 2, size=2)
    top, left = generator.integers(0, side - height), generator.integers(0, side - width)
    view[top : top + height, left : left + width] = 127
    return view

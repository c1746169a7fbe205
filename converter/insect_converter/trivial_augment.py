"""TrivialAugment: one operation of a fixed list, of a strength drawn evenly, and nothing to tune.

Müller and Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation", 2021, with its wide
ranges. Keras has RandAugment, but its layers draw from a state of their own as they go along; here each view is drawn
from the run's seed, the epoch and the photograph, so that a run can be taken up again in its middle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Operation = Callable[[NDArray[np.uint8], float], NDArray[np.uint8]]
    """A view and a strength in [-1, 1] to another view; a strength of 0 changes nothing, or has no meaning."""

LEVELS = 31
"""Of strength, from 0 to 1."""
_MOST_SHEAR = 0.99
_MOST_SHIFT = 32 / 224
"""Of the side."""
_MOST_TURN = 135.0
"""Degrees."""
_MOST_CHANGE = 0.99
"""Of brightness, colour, contrast and sharpness, as a factor of 1 +- this."""
_FEWEST_BITS = 2
_EVEN = 0.5
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], dtype=np.float32) / 13
"""What sharpness is measured against, as in Pillow."""


def apply(view: NDArray[np.uint8], *, generator: np.random.Generator) -> NDArray[np.uint8]:
    """One operation, drawn evenly, at one strength, drawn evenly.

    Args:
        view: (size, size, 3) uint8, B, G, R; it stays as it is.
        generator: seeded by the caller.

    Returns:
        (size, size, 3) uint8.
    """
    operation = OPERATIONS[int(generator.integers(len(OPERATIONS)))]
    strength = int(generator.integers(LEVELS)) / (LEVELS - 1)
    return operation(view, strength if generator.random() < _EVEN else -strength)


def _identity(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:  # noqa: ARG001 - as all operations
    return view


def _warp(view: NDArray[np.uint8], linear: list[list[float]], *, shift: tuple[float, float]) -> NDArray[np.uint8]:
    """Map a view's points around its middle; what comes from outside is mirrored."""
    side = view.shape[0]
    matrix = np.hstack([np.array(linear), np.array(shift)[:, np.newaxis] * side])
    middle = (side - 1) / 2
    matrix[:, 2] += middle - matrix[:, :2] @ np.array([middle, middle])
    turned = cv2.warpAffine(view, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return cast("NDArray[np.uint8]", turned)


def _shear_x(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    return _warp(view, [[1, _MOST_SHEAR * strength], [0, 1]], shift=(0, 0))


def _shear_y(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    return _warp(view, [[1, 0], [_MOST_SHEAR * strength, 1]], shift=(0, 0))


def _translate_x(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    return _warp(view, [[1, 0], [0, 1]], shift=(_MOST_SHIFT * strength, 0))


def _translate_y(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    return _warp(view, [[1, 0], [0, 1]], shift=(0, _MOST_SHIFT * strength))


def _rotate(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    angle = np.deg2rad(_MOST_TURN * strength)
    return _warp(view, [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], shift=(0, 0))


def _brightness(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    return _blend(view, np.zeros_like(view), strength)


def _colour(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(view, cv2.COLOR_BGR2GRAY)
    return _blend(view, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), strength)


def _contrast(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    return _blend(view, np.full_like(view, round(float(view.mean()))), strength)


def _sharpness(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    return _blend(view, cv2.filter2D(view, -1, _SMOOTH), strength)


def _blend(view: NDArray[np.uint8], without: NDArray[np.generic], strength: float) -> NDArray[np.uint8]:
    """Further away from a view without some quality, or nearer to it (Haeberli and Voorhies, 1994)."""
    factor = 1 + _MOST_CHANGE * strength
    return cast("NDArray[np.uint8]", cv2.addWeighted(view, factor, cast("NDArray[np.uint8]", without), 1 - factor, 0))


def _posterize(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    lost = round((8 - _FEWEST_BITS) * abs(strength))
    return view & np.uint8(256 - (1 << lost))


def _solarize(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    return np.where(view > 255 * (1 - abs(strength)), 255 - view, view)


def _auto_contrast(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:  # noqa: ARG001 - as all operations
    low, high = view.min(axis=(0, 1)).astype(np.float32), view.max(axis=(0, 1)).astype(np.float32)
    stretched: NDArray[np.uint8] = np.rint((view - low) * (255 / np.maximum(high - low, 1))).astype(np.uint8)
    return np.where(high > low, stretched, view)


def _equalize(view: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:  # noqa: ARG001 - as all operations
    channels = [cv2.equalizeHist(np.ascontiguousarray(view[..., channel])) for channel in range(view.shape[-1])]
    return np.stack(channels, axis=-1).astype(np.uint8, copy=False)


OPERATIONS: tuple[Operation, ...] = (
    _identity,
    _shear_x,
    _shear_y,
    _translate_x,
    _translate_y,
    _rotate,
    _brightness,
    _colour,
    _contrast,
    _sharpness,
    _posterize,
    _solarize,
    _auto_contrast,
    _equalize,
)
"""The fourteen of the paper."""

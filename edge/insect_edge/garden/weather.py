"""What moves while nothing happens: sun between leaves, wind, blades of grass before the lens, the sensor's noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.garden.canvas import Canvas, Skin
from insect_edge.garden.noise import clouds
from insect_edge.garden.outline import curve, tube

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LIGHT_ROWS = 36
"""Rows of the light map: shadows of leaves high above are soft, so it is small and enlarged."""
_NOISE_MEAN = 16
_NOISE_SPREAD = 2.2
_NOISE_PAD = 64


class Light:
    """Dappled sunlight that drifts: a brightness map for any moment."""

    def __init__(self, *, width: int, height: int, generator: np.random.Generator) -> None:
        self._size = (width, height)
        rows, columns = 2 * _LIGHT_ROWS, round(2 * _LIGHT_ROWS * width / height)
        field = clouds(width=columns, height=rows, cells=(22, 9), generator=generator)
        self._field = np.clip(1 + 0.11 * field, 0.72, 1.25).astype(np.float32)
        self._window = (columns // 2, rows // 2)

    def shine(self, frame: NDArray[np.uint8], *, seconds: float) -> None:
        """Put the frame into the light of that moment, in place; slow clouds dim all of it a little."""
        columns, rows = self._window
        centre = (
            columns + columns * 0.45 * math.sin(seconds / 17),
            rows + rows * 0.45 * math.sin(seconds / 23 + 1),
        )
        cloud = 0.94 + 0.06 * math.sin(seconds / 41)
        part = cv2.getRectSubPix(self._field, self._window, centre) * (128 * cloud)
        small = cv2.cvtColor(np.clip(part, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
        light = cv2.resize(small, self._size, interpolation=cv2.INTER_LINEAR)
        cv2.multiply(frame, light, dst=frame, scale=1 / 128)


class Grass:
    """Two tufts at the left and right edges, too near to be sharp, waving."""

    def __init__(self, *, width: int, height: int, seed: int) -> None:
        side = round(min(width * 0.26, height * 0.6))
        self._tufts = [_tuft(side=side, seed=seed + number) for number in range(2)]
        self._corners = [(-side * 0.25, height - side * 0.92), (width - side * 0.75, height - side * 0.92)]

    def grow(self, frame: NDArray[np.uint8], *, seconds: float) -> None:
        """Draw the tufts as the wind holds them at that moment, in place."""
        for number, (tuft, (x, y)) in enumerate(zip(self._tufts, self._corners, strict=True)):
            side = tuft.shape[0]
            shear = 0.05 * math.sin(seconds * 0.9 + 2 * number) + 0.02 * math.sin(seconds * 2.3)
            left, top = max(int(x), 0), max(int(y), 0)
            right, bottom = min(int(x) + side, frame.shape[1]), min(int(y) + side, frame.shape[0])
            lean = np.array([[1, -shear, shear * side + x - left], [0, 1, y - top]])
            blades = cv2.warpAffine(tuft, lean, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
            window = frame[top:bottom, left:right]
            cv2.multiply(window, cv2.merge([255 - blades[..., 3]] * 3), dst=window, scale=1 / 255)
            cv2.add(window, blades[..., :3], dst=window)


class Noise:
    """What a small sensor adds: the same field at another place for every frame."""

    def __init__(self, *, width: int, height: int, generator: np.random.Generator) -> None:
        self._size = (width, height)
        self._field = np.empty((height + _NOISE_PAD, width + _NOISE_PAD, 3), np.uint8)
        for row in self._field:  # row by row: all at once takes four times the memory of the result
            row[:] = np.rint(_NOISE_MEAN + _NOISE_SPREAD * generator.standard_normal(row.shape, dtype=np.float32))

    def add(self, frame: NDArray[np.uint8], *, number: int, strength: float = 1.0) -> None:
        """Add the noise of that frame number, in place; `strength` is 1 by day."""
        width, height = self._size
        x, y = (number * 29) % _NOISE_PAD, (number * 47 + number // 64) % _NOISE_PAD
        part = self._field[y : y + height, x : x + width]
        cv2.addWeighted(frame, 1, part, strength, -_NOISE_MEAN * strength, dst=frame)


def sway(seconds: float) -> tuple[float, float]:
    """How far the wind has moved the ground to the right and down, in frame heights (up to 0.006)."""
    return 0.004 * math.sin(seconds * 0.7) + 0.002 * math.sin(seconds * 1.9), 0.003 * math.sin(seconds * 0.53 + 1)


def _tuft(*, side: int, seed: int) -> NDArray[np.uint8]:
    generator = np.random.default_rng([seed, 7])
    canvas = Canvas(size=side, seed=seed)
    for _ in range(9):
        root, lean = float(generator.uniform(-0.55, 0.55)), float(generator.uniform(-0.5, 0.5))
        tip = float(generator.uniform(-0.85, 0.1))
        blade = curve(((root, 1.05), (root + 0.15 * lean, 0.45), (root + lean, tip)))
        colour = int(generator.choice((0x4F7A2E, 0x5F8C38, 0x436B28)))
        canvas.fill(tube(blade, radii=(0.06, 0.05, 0.03, 0.008)), Skin(colour=colour, gloss=0.1, grain=0.03))
    return cv2.GaussianBlur(canvas.finished(), (0, 0), side / 50).astype(np.uint8, copy=False)

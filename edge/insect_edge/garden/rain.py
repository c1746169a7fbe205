"""Showers over a wide scene: streaks in the air, splashes on the ground, drops on the lens."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELL_SECONDS = 900.0
"""There is one shower in each."""
_EARLIEST_SECONDS, _LATEST_SECONDS = 60.0, 600.0
_SHORTEST_SECONDS, _LONGEST_SECONDS = 60.0, 200.0
_RISE_SECONDS = 10.0
_STREAKS = 90
_SPLASHES = 30
_DROP_EVERY_SECONDS = 12.0
_DROP_STAYS_SECONDS = 30.0
_DROP_FADES_SECONDS = 6.0


class Rain:
    """Rain at any moment.

    Args:
        width: of the frames, in pixels.
        height: of the frames, in pixels.
        seed: of everything random.
    """

    def __init__(self, *, width: int, height: int, seed: int) -> None:
        self._size = (width, height)
        self._seed = seed
        generator = np.random.default_rng([seed, 31])
        self._streaks = [
            _streak(round(height * share), lean=width / 400, generator=generator) for share in (0.05, 0.08)
        ]
        self._splash = _splash(max(1.0, height / 240))

    def strength(self, seconds: float) -> float:
        """How much it rains at that moment, from 0 to 1."""
        cell = math.floor(seconds / _CELL_SECONDS)
        generator = np.random.default_rng([self._seed, 37, cell])
        begins = cell * _CELL_SECONDS + float(generator.uniform(_EARLIEST_SECONDS, _LATEST_SECONDS))
        ends = begins + float(generator.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS))
        return min(max(min(seconds - begins, ends - seconds) / _RISE_SECONDS, 0.0), 1.0)

    def fall(self, frame: NDArray[np.uint8], *, number: int, seconds: float) -> None:
        """Draw the rain of that frame, in place."""
        strength = self.strength(seconds)
        if strength > 0:
            generator = np.random.default_rng([self._seed, 41, number])
            for count, marks in ((_SPLASHES, [self._splash]), (_STREAKS, self._streaks)):
                places = generator.uniform(size=(round(count * strength), 3))
                for x, y, which in places.tolist():
                    self._add(frame, marks[int(which * len(marks))], x, y)
        # Drops stay on the lens for a while after the shower.
        first = math.floor((seconds - _DROP_STAYS_SECONDS) / _DROP_EVERY_SECONDS) + 1
        for drop in range(max(first, 0), math.floor(seconds / _DROP_EVERY_SECONDS) + 1):
            if self.strength(drop * _DROP_EVERY_SECONDS) > 0:
                self._hang(frame, drop=drop, age=seconds - drop * _DROP_EVERY_SECONDS)

    def _add(self, frame: NDArray[np.uint8], mark: NDArray[np.uint8], x: float, y: float) -> None:
        """Brighten the frame by a mark whose middle is at those shares of its width and height."""
        rows, columns = mark.shape[:2]
        left, top = int(x * (self._size[0] + columns)) - columns, int(y * (self._size[1] + rows)) - rows
        window = frame[max(top, 0) : max(top + rows, 0), max(left, 0) : max(left + columns, 0)]
        if window.size:
            part = mark[max(-top, 0) :, max(-left, 0) :][: window.shape[0], : window.shape[1]]
            cv2.add(window, part, dst=window)

    def _hang(self, frame: NDArray[np.uint8], *, drop: int, age: float) -> None:
        """A drop on the lens: what is behind it blurs and brightens."""
        generator = np.random.default_rng([self._seed, 43, drop])
        width, height = self._size
        x, y = (generator.uniform(0.05, 0.95, 2) * (width, height)).astype(int).tolist()
        radius = max(3, round(float(generator.uniform(0.03, 0.06)) * height))
        window = frame[max(y - radius, 0) : y + radius + 1, max(x - radius, 0) : x + radius + 1]
        rows, columns = np.ogrid[: window.shape[0], : window.shape[1]]
        distance = np.hypot(rows - min(y, radius), columns - min(x, radius)) / radius
        fading = min((_DROP_STAYS_SECONDS - age) / _DROP_FADES_SECONDS, age * 4, 1.0)
        share = (0.75 * fading * np.clip(4 * (1 - distance), 0, 1)).astype(np.float32)[..., None]
        blurred = cv2.blur(window, (radius | 1, radius | 1)).astype(np.float32) * 1.08
        window[:] = np.minimum(window * (1 - share) + blurred * share, 255).astype(np.uint8)


def _streak(length: int, *, lean: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """(rows, columns, 3) uint8 that a falling drop adds to the picture."""
    columns = max(3, math.ceil(lean) + 4)
    mark = np.zeros((max(length, 3), columns), np.uint8)
    top = (1, 0)
    bottom = (1 + round(lean), mark.shape[0] - 1)
    cv2.line(mark, top, bottom, (int(generator.integers(36, 60)),), max(1, round(length / 40)), cv2.LINE_AA)
    return cv2.cvtColor(cv2.blur(mark, (1, 5)), cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)


def _splash(radius: float) -> NDArray[np.uint8]:
    """(rows, columns, 3) uint8 that a drop adds where it hits the ground: a small bright ring."""
    reach = math.ceil(radius * 2)
    rows, columns = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    ring = 90 * np.exp(-(((np.hypot(rows * 1.6, columns) - radius) / (0.5 * radius)) ** 2))
    return np.repeat(ring.astype(np.uint8)[..., None], 3, axis=2)

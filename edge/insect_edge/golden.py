"""The drawn picture behind a model's golden vector: whole-number arithmetic, so every machine draws the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DISCS = 12
_MODULUS = 2**31 - 1
_MULTIPLIER = 48271
"""Lehmer's generator with the constants of Park, Miller and Stockmeyer (1993): the same numbers everywhere, for ever,
which library generators do not promise."""


def _numbers(seed: int, count: int) -> list[int]:
    state = seed * 7919 + 1
    numbers = []
    for _ in range(count):
        state = state * _MULTIPLIER % _MODULUS
        numbers.append(state)
    return numbers


def draw(*, seed: int, width: int, height: int) -> NDArray[np.uint8]:
    """Coloured discs on a slope of colours.

    Args:
        seed: which picture.
        width: in pixels.
        height: in pixels.

    Returns:
        (height, width, 3) uint8.
    """
    rows, columns = np.mgrid[0:height, 0:width].astype(np.int64)
    picture = np.stack([rows * 255 // height, columns * 255 // width, (rows + columns) * 255 // (height + width)], -1)
    numbers = iter(_numbers(seed, _DISCS * 6))
    for _ in range(_DISCS):
        x, y, radius = next(numbers) % width, next(numbers) % height, 8 + next(numbers) % (height // 3)
        color = [next(numbers) % 256 for _ in range(3)]
        picture[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = color
    return picture.astype(np.uint8)

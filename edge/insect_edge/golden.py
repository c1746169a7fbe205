"""The drawn picture behind a model's golden vector: whole-number arithmetic, so every machine draws the same.

It is a crude animal (a chain of ellipses on legs, or a coiled shell on a foot) on a plain slope of colours: a picture
that a working model names, while a broken one, whatever it answers, hardly gives just that name with just that score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_MODULUS = 2**31 - 1
_MULTIPLIER = 48271
"""Lehmer's generator with the constants of Park, Miller and Stockmeyer (1993): the same numbers everywhere, for ever,
which library generators do not promise."""
_LEGS = (-9, -5, -1, 1, 5, 9)
"""How far each leg's foot is ahead of its hip, in sixteenths of the animal's length."""

Grid = tuple["NDArray[np.int64]", "NDArray[np.int64]"]


def draw(*, seed: int, width: int, height: int) -> NDArray[np.uint8]:
    """Draw one picture.

    Args:
        seed: which picture; even ones show the chain, odd ones the shell.
        width: in pixels.
        height: in pixels.

    Returns:
        (height, width, 3) uint8.
    """
    numbers = _numbers(seed)
    # A column and a row, not two full grids: the start of the program waits for this picture.
    rows, columns = np.arange(height, dtype=np.int64)[:, np.newaxis], np.arange(width, dtype=np.int64)[np.newaxis]
    ground = np.array([96 + next(numbers) % 128 for _ in range(3)], dtype=np.int64)
    slope = (rows * 24 // height + columns * 24 // width)[:, :, np.newaxis]
    picture = ground + slope + np.zeros((height, width, 3), dtype=np.int64)
    side = min(width, height)
    length = side * (40 + next(numbers) % 25) // 100
    middle = (width // 2 + next(numbers) % (side // 8 + 1), height // 2 + next(numbers) % (side // 8 + 1))
    paint = _shell if seed % 2 else _chain
    paint(picture, (columns - middle[0], rows - middle[1]), length=length, numbers=numbers)
    drawn: NDArray[np.uint8] = np.clip(picture, 0, 255).astype(np.uint8)
    return drawn


def _numbers(seed: int) -> Iterator[int]:
    state = seed * 7919 + 1
    while True:
        state = state * _MULTIPLIER % _MODULUS
        yield state


def _ellipse(grid: Grid, *, x: int, y: int, wide: int, tall: int) -> NDArray[np.bool_]:
    across, down = (grid[0] - x) * tall, (grid[1] - y) * wide
    inside: NDArray[np.bool_] = across * across + down * down <= (wide * tall) ** 2
    return inside


def _stroke(grid: Grid, *, start: tuple[int, int], end: tuple[int, int], thick: int) -> NDArray[np.bool_]:
    """Points within `thick` of the segment; distances are compared as squares, so nothing is divided."""
    along = (end[0] - start[0], end[1] - start[1])
    square = along[0] ** 2 + along[1] ** 2
    x, y = grid[0] - start[0], grid[1] - start[1]
    dot = x * along[0] + y * along[1]
    cross = x * along[1] - y * along[0]
    inside: NDArray[np.bool_] = (cross * cross <= thick * thick * square) & (dot >= 0) & (dot <= square)
    return inside


def _chain(picture: NDArray[np.int64], grid: Grid, *, length: int, numbers: Iterator[int]) -> None:
    """Abdomen, thorax and head in a row, six legs and two feelers."""
    body = [10 + next(numbers) % 50, 10 + next(numbers) % 40, 15 + next(numbers) % 60]
    thick = max(1, length // 60)
    for number, ahead in enumerate(_LEGS):
        hip = (length * (number % 3 - 1) // 16, 0)
        foot = (hip[0] + length * ahead // 32, length // 3 if number % 2 else -length // 3)
        picture[_stroke(grid, start=hip, end=foot, thick=thick)] = body
    for side in (-1, 1):
        tip = (length * 5 // 8, side * length // 6)
        picture[_stroke(grid, start=(length // 3, 0), end=tip, thick=thick)] = body
    for x, wide, tall in ((-length * 5 // 16, 4, 6), (0, 6, 11), (length // 4, 8, 9)):
        picture[_ellipse(grid, x=x, y=0, wide=max(1, length // wide), tall=max(1, length // tall))] = body
        gloss = _ellipse(grid, x=x, y=-length // 24, wide=max(1, length // (wide * 2)), tall=max(1, length // 40))
        picture[gloss] = [value + 45 for value in body]


def _shell(picture: NDArray[np.int64], grid: Grid, *, length: int, numbers: Iterator[int]) -> None:
    """A foot with two feelers, and a shell of ever smaller whorls whose centres wander."""
    foot = [90 + next(numbers) % 60, 120 + next(numbers) % 60, 140 + next(numbers) % 60]
    shell = [30 + next(numbers) % 60, 60 + next(numbers) % 70, 110 + next(numbers) % 80]
    base = length // 4
    picture[_ellipse(grid, x=length // 10, y=base, wide=length // 2, tall=max(1, length // 9))] = foot
    for lean in (0, 1):
        start, end = (length // 2, base), (length * (9 + lean) // 16, base - length * (5 - lean) // 16)
        picture[_stroke(grid, start=start, end=end, thick=max(1, length // 50))] = foot
    for whorl in range(8):
        radius = length * (8 - whorl) // 24
        x, y = -length * whorl // 90, -length // 16 + length * (whorl % 3) // 60
        shade = -35 if whorl % 2 else 20
        picture[_ellipse(grid, x=x, y=y, wide=max(1, radius), tall=max(1, radius))] = [value + shade for value in shell]

"""What many small animals walk on, seen from further off: a bed of earth, or a lit sheet at night."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.garden.canvas import Canvas, rgb
from insect_edge.garden.ground import draw_leaf, draw_stone, lit, mixed, paste
from insect_edge.garden.noise import clouds

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_FINEST_ROWS = 1080
"""The texture of the ground is worked out in no more rows than this: floats of 12 megapixels take too much memory."""
_KINDS = 32
"""Drawings of each thing that lies about."""


def bed(*, width: int, height: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Earth between plants, with pebbles and fallen leaves.

    Returns:
        (height, width, 3) uint8, B, G, R.
    """
    rows = min(height, _FINEST_ROWS)
    size = {"width": max(8, round(width * rows / height)), "height": rows}
    cells = tuple(rows / share for share in (6, 30, 90, 240))
    relief = 3.0 * clouds(**size, cells=cells[1:], generator=generator)
    tint = clouds(**size, cells=cells, generator=generator)
    small = lit(mixed(rgb(0x5A4632), rgb(0x8C7256), 0.5 + 0.2 * tint), relief, strength=0.10)
    ground = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
    _scatter(ground, draw=draw_stone, sizes=(0.010, 0.035), spacing=0.07, generator=generator)
    _scatter(ground, draw=draw_leaf, sizes=(0.05, 0.14), spacing=0.22, generator=generator)
    return ground


def sheet(*, width: int, height: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """A white sheet at night, lit by a lamp above its middle, with folds and weave.

    Returns:
        (height, width, 3) uint8, B, G, R.
    """
    rows = min(height, _FINEST_ROWS)
    size = {"width": max(8, round(width * rows / height)), "height": rows}
    folds = 9.0 * clouds(**size, cells=(rows / 2, rows / 4), generator=generator)
    weave = clouds(**size, cells=(rows / 240,), generator=generator)
    cloth = np.broadcast_to(rgb(0xE6E4D8), (*weave.shape, 3)) * (1 + 0.012 * weave[..., None])
    x = np.linspace(-1, 1, size["width"], dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    lamp = 0.35 + 0.65 * np.exp(-((x / 0.95) ** 2) - (y + 0.2) ** 2 / 1.1)
    small = lit((cloth * lamp[..., None]).astype(np.float32), folds, strength=0.5)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)


def _scatter(
    ground: NDArray[np.uint8],
    *,
    draw: Callable[[Canvas, np.random.Generator], None],
    sizes: tuple[float, float],
    spacing: float,
    generator: np.random.Generator,
) -> None:
    """Lay small things over the ground, in place, about one a cell: a few dozen drawings, each many times.

    Args:
        ground: changed in place.
        draw: draws one thing.
        sizes: smallest and largest side of a thing, in frame heights.
        spacing: side of a cell, in frame heights.
        generator: where the randomness comes from.
    """
    height, width = ground.shape[:2]
    pictures = []
    for side in np.linspace(*sizes, _KINDS):
        canvas = Canvas(size=max(4, round(side * height)), seed=int(generator.integers(2**31)), supersampling=1)
        draw(canvas, generator)
        pictures.append(canvas.finished())
    for row in np.arange(0, 1.0, spacing):
        for column in np.arange(0, width / height, spacing):
            right, down = generator.uniform(0, spacing, 2)
            picture = pictures[int(generator.integers(_KINDS))]
            paste(ground, picture, middle=(round((column + right) * height), round((row + down) * height)))


WIDE_GROUNDS: dict[str, Callable[..., NDArray[np.uint8]]] = {"bed": bed, "sheet": sheet}

"""What the animals walk on: foliage, or bare soil."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.garden.canvas import Canvas, Skin, rgb
from insect_edge.garden.noise import clouds, soft
from insect_edge.garden.outline import ellipse, smooth, tube

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_SUN = (-0.55, -0.83)
"""Where the light comes from in the picture, as in `canvas`."""
_OUT_OF_FOCUS = 0.019
"""Blur of what lies deeper, in frame heights."""
_LEAF_OUTLINE = ((0.95, 0.0), (0.4, 0.38), (-0.3, 0.42), (-0.9, 0.0), (-0.3, -0.42), (0.4, -0.38))
LEAF_COLOURS = (0x3F6A2A, 0x5A8A3A, 0x76A04A, 0x2F5A2A, 0x8AA85A)
_STONE_COLOURS = (0x9A958A, 0x8A8F94, 0xB0A898, 0x77706A, 0xA08F7C)


def leaf(*, width: int, height: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Leaves of a hedge, close up, above others that are out of focus.

    Returns:
        (height, width, 3) uint8, B, G, R.
    """
    # Nothing of it is sharp, so a quarter of the size is enough.
    size = {"width": max(8, width // 4), "height": max(8, height // 4)}
    cells = tuple(size["height"] / share for share in (2, 3, 6, 9, 18))
    relief = 3.2 * clouds(**size, cells=(cells[1], cells[3]), generator=generator)
    tint = clouds(**size, cells=(cells[0], cells[2], cells[4]), generator=generator)
    small = lit(mixed(rgb(0x2F5A2A), rgb(0x4E7A38), 0.5 + 0.22 * tint), relief, strength=0.35)
    small = cv2.GaussianBlur(small, (0, 0), _OUT_OF_FOCUS * size["height"]).astype(np.uint8, copy=False)
    ground = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
    strew(ground, draw=draw_leaf, sizes=(0.36, 0.72), spacing=0.25, generator=generator)
    return ground


def soil(*, width: int, height: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Crumbly earth with stones.

    Returns:
        (height, width, 3) uint8, B, G, R.
    """
    cells = tuple(height / share for share in (15, 33, 72, 144))
    relief = 3.2 * clouds(width=width, height=height, cells=cells, generator=generator)
    tint = clouds(width=width, height=height, cells=(height / 3, *cells[1:]), generator=generator)
    ground = lit(mixed(rgb(0x4A3826), rgb(0x86694A), 0.45 + 0.2 * tint), relief, strength=0.16)
    strew(ground, draw=draw_stone, sizes=(0.08, 0.26), spacing=0.16, generator=generator)
    return ground


GROUNDS: dict[str, Callable[..., NDArray[np.uint8]]] = {"leaf": leaf, "soil": soil}


def strew(
    ground: NDArray[np.uint8],
    *,
    draw: Callable[[Canvas, np.random.Generator], None],
    sizes: tuple[float, float],
    spacing: float,
    generator: np.random.Generator,
) -> None:
    """Lay things over the ground, about one a cell, so that no place stays bare.

    Args:
        ground: changed in place.
        draw: draws one thing.
        sizes: smallest and largest side of a thing, in frame heights.
        spacing: side of a cell, in frame heights.
        generator: where the randomness comes from.
    """
    height, width = ground.shape[:2]
    cells = [(x, y) for y in np.arange(0, 1.0, spacing) for x in np.arange(0, width / height, spacing)]
    generator.shuffle(cells)
    for x, y in cells:
        side = max(8, round(generator.uniform(*sizes) * height))
        canvas = Canvas(size=side, seed=int(generator.integers(2**31)), supersampling=1)
        draw(canvas, generator)
        right, down = generator.uniform(0, spacing, 2)
        paste(ground, canvas.finished(), middle=(round((x + right) * height), round((y + down) * height)))


def draw_leaf(canvas: Canvas, generator: np.random.Generator) -> None:
    """A leaf, turned any way."""
    turn = _turned(generator)
    colour = int(generator.choice(LEAF_COLOURS))
    canvas.fill(smooth(_LEAF_OUTLINE) @ turn, Skin(colour=colour, gloss=0.2, roundness=0.3, grain=0.03))
    midrib = np.array([(-0.9, 0.0), (0.95, 0.0)]) @ turn
    canvas.fill(tube(midrib, radii=(0.02, 0.008)), Skin(colour=0x9AB86A, gloss=0.0))


def draw_stone(canvas: Canvas, generator: np.random.Generator) -> None:
    """A pebble, turned any way."""
    outline = ellipse(at=(0.0, 0.0), radii=(0.85, float(generator.uniform(0.5, 0.8)))) @ _turned(generator)
    colour = int(generator.choice(_STONE_COLOURS))
    canvas.fill(outline, Skin(colour=colour, gloss=0.1, sharpness=8, grain=0.07, grain_cell=0.05))


def _turned(generator: np.random.Generator) -> NDArray[np.float64]:
    """(2, 2) turn by any angle."""
    angle = generator.uniform(0, 2 * np.pi)
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def paste(ground: NDArray[np.uint8], picture: NDArray[np.uint8], *, middle: tuple[int, int]) -> None:
    """Lay a finished drawing over the ground, in place, with a soft shadow to the lower right."""
    side = picture.shape[0]
    shadow = np.zeros_like(picture)
    shadow[..., 3] = soft(picture[..., 3], spread=side / 30) // 2
    for layer, offset in ((shadow, side // 20), (picture, 0)):
        left, top = middle[0] - side // 2 + offset, middle[1] - side // 2 + offset
        window = ground[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)]
        rows, columns = window.shape[:2]
        part = layer[max(-top, 0) : max(-top, 0) + rows, max(-left, 0) : max(-left, 0) + columns]
        remaining = 255 - part[..., 3:].astype(np.uint16)
        window[:] = np.minimum(window * remaining // 255 + part[..., :3], 255)


def mixed(first: NDArray[np.float32], second: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Two colours, `share` of the second."""
    share = np.clip(share, 0, 1)[..., None]
    return (first * (1 - share) + second * share).astype(np.float32)


def lit(colours: NDArray[np.float32], relief: NDArray[np.float32], *, strength: float) -> NDArray[np.uint8]:
    """Slopes towards the light are brighter; R, G, B becomes B, G, R."""
    slope_x = cv2.Sobel(relief, cv2.CV_32F, 1, 0, scale=1 / 4)
    slope_y = cv2.Sobel(relief, cv2.CV_32F, 0, 1, scale=1 / 4)
    light = np.clip(1 + strength * (slope_x * _SUN[0] + slope_y * _SUN[1]), 0.3, 1.7)
    return np.clip(colours[..., ::-1] * light[..., None], 0, 255).astype(np.uint8)

"""A drawing board with light from the upper left: every outline becomes a rounded, shaded, textured body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.garden.noise import clouds

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from insect_edge.garden.patterns import Field

SUPERSAMPLING = 2
_SHADING_SIDE = 320
_LIGHT = np.array([-0.42, -0.56, 0.71])
"""Towards the lamp; unit length to within a hundredth."""
_HALFWAY = (_LIGHT + np.array([0.0, 0.0, 1.0])) / np.linalg.norm(_LIGHT + np.array([0.0, 0.0, 1.0]))
"""Between lamp and eye (Blinn 1977)."""
_FIXED_POINT_BITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Skin:
    """How the surface of a body part looks.

    Attributes:
        colour: 0xRRGGBB.
        second: 0xRRGGBB where `pattern` is 1.
        pattern: from x and y in the drawing's units to 0 … 1, how much of `second` is mixed in.
        gloss: strength of the highlight, 0 (velvet) to 1 (varnish).
        sharpness: exponent of the highlight.
        roundness: height of the part against its half width; 0 is flat.
        grain: strength of the random speckle.
        grain_cell: size of its speckles, in the drawing's units.
        opacity: 1 for solid.
        ambient: light in the shade; dark bodies in sunlight have little.
    """

    colour: int
    second: int = 0
    pattern: Callable[[Field, Field], Field] | None = None
    gloss: float = 0.3
    sharpness: float = 24.0
    roundness: float = 1.0
    grain: float = 0.06
    grain_cell: float = 0.02
    opacity: float = 1.0
    ambient: float = 0.42


class Canvas:
    """A square drawing of -1 … 1 each way.

    Args:
        size: side of the finished drawing, in pixels.
        seed: of the skins' speckle.
        supersampling: how many times larger it is drawn; 1 is enough without fine lines.
    """

    def __init__(self, *, size: int, seed: int, supersampling: int = SUPERSAMPLING) -> None:
        self._size = size
        self._side = size * supersampling
        # B, G, R premultiplied with alpha, and alpha; bytes, as memory counts on a small board.
        self._drawn = np.zeros((self._side, self._side, 4), np.uint8)
        self._generator = np.random.default_rng(seed)

    def fill(self, outline: NDArray[np.float64], skin: Skin) -> None:
        """Lay one body part over what is drawn already."""
        pixels = (outline + 1) * self._side / 2
        left, top = (max(int(edge) - 2, 0) for edge in pixels.min(axis=0))
        right, bottom = (min(int(edge) + 3, self._side) for edge in pixels.max(axis=0))
        if right - left < 1 or bottom - top < 1:
            return
        mask = np.zeros((bottom - top, right - left), np.uint8)
        corners = np.rint((pixels - (left, top)) * 2**_FIXED_POINT_BITS).astype(np.int32)
        cv2.fillPoly(mask, [corners], (255,), lineType=cv2.LINE_AA, shift=_FIXED_POINT_BITS)
        x = np.asarray(np.arange(left, right) * 2 / self._side - 1, np.float32)[None, :]
        y = np.asarray(np.arange(top, bottom) * 2 / self._side - 1, np.float32)[:, None]
        colours = self._shaded(self._painted(x, y, skin), mask, skin)
        alpha = mask.astype(np.float32)[..., None] * np.float32(skin.opacity / 255)
        drawn = self._drawn[top:bottom, left:right]
        under = drawn * (1 - alpha)
        under[..., :3] += colours[..., ::-1] * alpha
        under[..., 3:] += 255 * alpha
        drawn[:] = np.rint(under)

    def finished(self) -> NDArray[np.uint8]:
        """The drawing at its final size.

        Returns:
            (size, size, 4) uint8: B, G, R premultiplied with alpha, and alpha.
        """
        small = cv2.resize(self._drawn, (self._size, self._size), interpolation=cv2.INTER_AREA)
        return small.astype(np.uint8, copy=False)

    def _painted(self, x: NDArray[np.float32], y: NDArray[np.float32], skin: Skin) -> NDArray[np.float32]:
        """(height, width, 3) float32 R, G, B before any light."""
        height, width = y.shape[0], x.shape[1]
        colours = np.broadcast_to(rgb(skin.colour), (height, width, 3))
        if skin.pattern is not None:
            share = np.clip(skin.pattern(x, y), 0, 1)[..., None]
            colours = colours * (1 - share) + rgb(skin.second) * share
        if skin.grain > 0:
            cell = skin.grain_cell * self._side / 2
            speckle = clouds(width=width, height=height, cells=(cell, cell / 3), generator=self._generator)
            colours = colours * (1 + skin.grain * speckle[..., None])
        return colours.astype(np.float32, copy=False)

    def _shaded(self, colours: NDArray[np.float32], mask: NDArray[np.uint8], skin: Skin) -> NDArray[np.float32]:
        """Light on a body that is as round as its distance from the outline says."""
        facing, mirrored = _facing(mask, roundness=skin.roundness)
        lit = skin.ambient + (1.3 - skin.ambient) * np.maximum(facing, 0)
        shine = 255 * skin.gloss * np.maximum(mirrored, 0) ** skin.sharpness
        result: NDArray[np.float32] = np.clip(colours * lit[..., None] + shine[..., None], 0, 255)
        return result


def _facing(mask: NDArray[np.uint8], *, roundness: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How much each place of a rounded body faces the lamp, and how much it mirrors it (-1 … 1).

    Shading is smooth, so that of large bodies is worked out on a smaller picture: blurring would take most of the time.
    """
    height, width = mask.shape
    reduced = max(1.0, max(height, width) / _SHADING_SIDE)
    size = (max(2, round(width / reduced)), max(2, round(height / reduced)))
    small = cv2.copyMakeBorder(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    depth = cv2.distanceTransform(small, cv2.DIST_L2, 5)
    thickest = max(float(depth.max()), 1.0)
    inwards = np.clip(depth / thickest, 0, 1)
    surface = np.sqrt(np.maximum(1 - (1 - inwards) ** 2, 0)) * (thickest * roundness)
    surface = cv2.GaussianBlur(surface, (0, 0), max(thickest * 0.12, 0.8))
    slope_x = cv2.Sobel(surface, cv2.CV_32F, 1, 0, scale=1 / 8)[1:-1, 1:-1]
    slope_y = cv2.Sobel(surface, cv2.CV_32F, 0, 1, scale=1 / 8)[1:-1, 1:-1]
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    both = [(-slope_x * way[0] - slope_y * way[1] + way[2]) / length for way in (_LIGHT, _HALFWAY)]
    lamp, eye = (cv2.resize(each.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) for each in both)
    return lamp.astype(np.float32, copy=False), eye.astype(np.float32, copy=False)


def rgb(colour: int) -> NDArray[np.float32]:
    """0xRRGGBB as three float32 from 0 to 255, in that order."""
    return np.array([colour >> 16 & 255, colour >> 8 & 255, colour & 255], np.float32)

"""Animals as small pictures, drawn once, laid over a frame turned and scaled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.garden.animals import ANIMALS
from insect_edge.garden.canvas import SUPERSAMPLING, Canvas
from insect_edge.garden.noise import soft

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.garden.motion import Pose

STRIDES = (-1.0, -0.5, 0.0, 0.5, 1.0)
_SHADOW_STRENGTH = 0.62
_SHADOW_OFFSET = (0.030, 0.042)
"""In sides of the sprite, to the lower right: the light comes from the upper left, whichever way the animal heads."""
_SHADOW_ALOFT = 9.0
"""How many times further off the shadow of an animal in full flight lies."""
_FINE_SIDE = 256
"""Least pixels across a small drawing before it is reduced."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """What there is to see of a square picture: a third of one with an animal is empty, and memory counts.

    Attributes:
        pixels: (height, width) or (height, width, 4) uint8.
        corner: (2,) where its upper left corner lies in the square, in pixels: x, y.
    """

    pixels: NDArray[np.uint8]
    corner: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sprite:
    """One drawing of one animal.

    Attributes:
        side: width and height of the square it was drawn in, in pixels.
        picture: uint8, B, G, R premultiplied with alpha, and alpha.
        shadow: uint8, its blurred outline.
        hull: (n, 2) float64 corners of the smallest convex outline around the animal, in pixels of the square.
    """

    side: int
    picture: Layer
    shadow: Layer
    hull: NDArray[np.float64]


@lru_cache(maxsize=len(STRIDES))  # one visitor: each takes 1 MB at 720 lines
def sprite(label: str, *, step: int, side: int, seed: int) -> Sprite:
    """The drawing of `label` with stride `STRIDES[step]`, `side` pixels wide and high."""
    return _drawn(label, step=step, canvas=Canvas(size=side, seed=seed), side=side)


@lru_cache(maxsize=128)  # many visitors of many sizes, a few dozen kB each
def small_sprite(label: str, *, step: int, side: int, seed: int) -> Sprite:
    """The same for animals of a few dozen pixels: drawn several times as large, that thin legs keep their weight."""
    finer = max(SUPERSAMPLING, math.ceil(_FINE_SIDE / side))
    return _drawn(label, step=step, canvas=Canvas(size=side, seed=seed, supersampling=finer), side=side)


def _drawn(label: str, *, step: int, canvas: Canvas, side: int) -> Sprite:
    ANIMALS[label].draw(canvas, stride=STRIDES[step])
    picture = canvas.finished()
    solid = cv2.findNonZero((picture[..., 3] > 64).astype(np.uint8))  # noqa: PLR2004 # a quarter: without the faint rim
    return Sprite(
        side=side,
        picture=cropped(picture, seen=picture[..., 3]),
        shadow=cropped(shadow := soft(picture[..., 3], spread=side / 60), seen=shadow),
        hull=cv2.convexHull(solid)[:, 0].astype(np.float64),
    )


def cropped(pixels: NDArray[np.uint8], *, seen: NDArray[np.uint8]) -> Layer:
    """The part of a square picture where `seen` is not 0."""
    left, top, width, height = cv2.boundingRect(seen)
    return Layer(pixels=pixels[top : top + height, left : left + width].copy(), corner=np.array((left, top), float))


def outline(drawing: Sprite, pose: Pose, *, height: int, centre: tuple[float, float]) -> NDArray[np.float64]:
    """Where the animal's hull lies in a frame of that height, in pixels."""
    corners: NDArray[np.float64] = drawing.hull @ _placing(drawing, pose, height=height, centre=centre)[:, :2].T
    return corners + _placing(drawing, pose, height=height, centre=centre)[:, 2]


def lay(frame: NDArray[np.uint8], drawing: Sprite, pose: Pose, *, centre: tuple[float, float]) -> None:
    """Draw the animal and its shadow into the frame, in place.

    Args:
        frame: (height, width, 3) uint8.
        drawing: the animal.
        pose: where it is, how large and which way it heads.
        centre: the pixel that pose 0, 0 means.
    """
    placing = _placing(drawing, pose, height=frame.shape[0], centre=centre)
    size = pose.size * frame.shape[0]
    offset = np.array(_SHADOW_OFFSET) * size * (1 + (_SHADOW_ALOFT - 1) * pose.lift)
    shadow = warped(drawing.shadow, placing, offset=offset, shape=frame.shape)
    if shadow is not None:
        window, mask = shadow
        dark = 255 - cv2.convertScaleAbs(mask, alpha=_SHADOW_STRENGTH).astype(np.uint8, copy=False)
        multiply(frame[window], dark)
    body = placed(drawing, pose, shape=frame.shape, centre=centre)
    if body is not None:
        window, picture = body
        multiply(frame[window], 255 - picture[..., 3])
        cv2.add(frame[window], picture[..., :3], dst=frame[window])


def placed(
    drawing: Sprite, pose: Pose, *, shape: tuple[int, ...], centre: tuple[float, float]
) -> tuple[tuple[slice, slice], NDArray[np.uint8]] | None:
    """The animal as it lies in a frame of that shape.

    Returns:
        The rows and columns it takes of the frame, and what is there: uint8, B, G, R premultiplied with alpha, and
        alpha; None when it lies outside.
    """
    placing = _placing(drawing, pose, height=shape[0], centre=centre)
    return warped(drawing.picture, placing, offset=np.zeros(2), shape=shape)


def _placing(drawing: Sprite, pose: Pose, *, height: int, centre: tuple[float, float]) -> NDArray[np.float64]:
    """(2, 3) from pixels of the sprite to pixels of the frame."""
    middle = drawing.side / 2
    scale = pose.size * height / drawing.side
    turn = np.deg2rad(pose.heading)
    mirror = -1.0 if pose.mirrored else 1.0
    linear = scale * np.array([[np.cos(turn) * mirror, -np.sin(turn)], [np.sin(turn) * mirror, np.cos(turn)]])
    target = np.array([centre[0] + pose.x * height, centre[1] + pose.y * height])
    return np.column_stack([linear, target - linear @ (middle, middle)])


def warped(
    layer: Layer, placing: NDArray[np.float64], *, offset: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], NDArray[np.uint8]] | None:
    """The part of a frame the layer covers, and the layer as it lies there; None when it lies outside.

    Args:
        layer: what to lay.
        placing: (2, 3) from pixels of the square to pixels of the frame.
        offset: (2,) by how many pixels further.
        shape: of the frame: rows, columns.
    """
    height, width = layer.pixels.shape[:2]
    placing = np.column_stack([placing[:, :2], placing[:, 2] + placing[:, :2] @ layer.corner])
    # A pixel more on each side, for what interpolation spreads.
    corners = np.array([[-1, -1], [width, -1], [width, height], [-1, height]]) @ placing[:, :2].T
    corners += placing[:, 2] + offset
    left, top = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)), shape[1::-1]).astype(int)
    if right <= left or bottom <= top or layer.pixels.size == 0:
        return None
    moved = placing.copy()
    moved[:, 2] += offset - (left, top)
    picture = cv2.warpAffine(layer.pixels, moved, (int(right - left), int(bottom - top)), flags=cv2.INTER_LINEAR)
    return np.s_[int(top) : int(bottom), int(left) : int(right)], picture.astype(np.uint8, copy=False)


def multiply(window: NDArray[np.uint8], share: NDArray[np.uint8]) -> None:
    """Darken a part of a frame, in place; `share` is (height, width) uint8, 255 for as it is."""
    cv2.multiply(window, cv2.merge([share, share, share]), dst=window, scale=1 / 255)

"""Drawn sheets, cards and walls with animals at rest, and where those are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.domain import Region
from insect_edge.garden.motion import Pose
from insect_edge.garden.sprite import lay, placed, small_sprite

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABELS = ("moth", "beetle", "moth", "earwig", "ants", "weevil", "bees")
DRAWN = 96
"""Pixels across each drawing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A picture and its truth.

    Attributes:
        pixels: (height, width, 3) uint8 in B, G, R order.
        boxes: tight around the animals.
    """

    pixels: NDArray[np.uint8]
    boxes: tuple[Region, ...]


def lit_sheet(*, seed: int, width: int = 1280, height: int = 720, creases: int = 4) -> NDArray[np.uint8]:
    """A sheet that a lamp lights from one side, with soft folds: (height, width, 3) uint8."""
    generator = np.random.default_rng(seed)
    down, across = np.mgrid[0:height, 0:width].astype(np.float32) / width
    lamp = generator.uniform(0.2, 0.8), generator.uniform(0.0, height / width)
    light = 215 / (1 + 2.5 * ((across - lamp[0]) ** 2 + (down - lamp[1]) ** 2))
    for _ in range(creases):
        turn, place, wide = generator.uniform(0, np.pi), generator.uniform(0.1, 0.6), generator.uniform(0.015, 0.04)
        along = (across * np.cos(turn) + down * np.sin(turn) - place) / wide
        light = light * (1 + 0.2 * along * np.exp(-0.5 * along**2))
    light = light[..., None] * generator.uniform(0.85, 1.0, 3)
    return np.clip(light, 0, 255).astype(np.uint8)


def with_animals(ground: NDArray[np.uint8], *, sizes: tuple[float, ...], seed: int) -> Scene:
    """Animals of given sizes (of their drawing's longer side, in frame widths) side by side in a jittered grid."""
    generator = np.random.default_rng((seed, 1))
    pixels = ground.copy()
    height, width = pixels.shape[:2]
    columns = int(np.ceil(np.sqrt(len(sizes) * width / height)))
    rows = int(np.ceil(len(sizes) / columns))
    boxes = []
    for number, size in enumerate(generator.permutation(sizes)):
        row, column = divmod(number, columns)
        x = (column + generator.uniform(0.35, 0.65)) / columns - 0.5
        y = (row + generator.uniform(0.35, 0.65)) / rows - 0.5
        pose = Pose(
            x=x * width / height, y=y, size=size * width / height, heading=generator.uniform(0, 360),
            mirrored=False, stride=0.0,
        )  # fmt: skip
        boxes.append(_laid(pixels, label=LABELS[number % len(LABELS)], pose=pose))
    return Scene(pixels=noisy(pixels, seed=seed), boxes=tuple(boxes))


def noisy(pixels: NDArray[np.uint8], *, seed: int, sigma: float = 2.0) -> NDArray[np.uint8]:
    """With a sensor's noise, as a camera's JPEG."""
    noise = np.random.default_rng((seed, 2)).normal(0, sigma, pixels.shape)
    grainy = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", grainy, [cv2.IMWRITE_JPEG_QUALITY, 88])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _laid(pixels: NDArray[np.uint8], *, label: str, pose: Pose) -> Region:
    """Draw one animal, and where it is."""
    height, width = pixels.shape[:2]
    centre = (width / 2, height / 2)
    drawing = small_sprite(label, step=2, side=DRAWN, seed=5)
    lay(pixels, drawing, pose, centre=centre)
    body = placed(drawing, pose, shape=pixels.shape, centre=centre)
    assert body is not None, "the animal lies outside the frame"
    window, picture = body
    left, top, wide, high = cv2.boundingRect((picture[..., 3] > 64).astype(np.uint8))
    x, y = (window[1].start + left) / width, (window[0].start + top) / height
    return Region(x=x, y=y, width=wide / width, height=high / height)

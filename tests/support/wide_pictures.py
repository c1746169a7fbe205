"""Wide pictures with one small animal, composed of photographs of which it is known what they show."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge import preprocess
from insect_edge.domain import BACKGROUND, Region

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SHARES = (0.10, 0.20)
"""The photograph's width in widths of the scene, from and to."""
SOFT_EDGE = 0.08
"""Of the photograph's shorter side: how far a soft edge reaches in."""


@dataclass(frozen=True, kw_only=True)
class Photograph:
    """A picture file and what it shows."""

    label: str
    path: Path


def photographs(split: Path, data: Path, *, part: str) -> list[Photograph]:
    """Those of one part (`train`, `validation` or `test`) of a model's `split.csv`, in its order."""
    with split.open(newline="", encoding="utf-8") as file:
        names = [row["name"] for row in csv.DictReader(file) if row["split"] == part]
    homes = {BACKGROUND: data / "not_insects"}
    found = []
    for name in names:
        label, file_name = name.split("/")
        home = homes.get(label, data / "agricultural_pests" / label)
        found.append(Photograph(label=label, path=home / file_name))
    return found


def compositions(
    animals: Sequence[Photograph], scenes: Sequence[Photograph], *, width: int | None, seed: int
) -> Iterator[tuple[Photograph, NDArray[np.uint8], Region]]:
    """Each animal's photograph, the wide picture made of it, and where in it the photograph is.

    Which scene, whether it is mirrored, where the photograph is put, how wide (`SHARES`), and whether its edge is hard
    or soft (one half each) depend on the seed and the photograph's position in the list alone.

    Args:
        animals: what is to be found.
        scenes: without insects.
        width: of the scene in pixels, enlarged to it; None for the scene as it is.
        seed: of all choices.
    """
    for position, animal in enumerate(animals):
        generator = np.random.default_rng((seed, position, width or 0))
        scene = _read(scenes[int(generator.integers(len(scenes)))].path)
        if generator.random() < 0.5:
            scene = scene[:, ::-1]
        if width is not None:
            size = width, round(scene.shape[0] * width / scene.shape[1])
            scene = np.asarray(cv2.resize(scene, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        yield animal, *_pasted(_read(animal.path), scene.copy(), generator)


def _pasted(
    photograph: NDArray[np.uint8], scene: NDArray[np.uint8], generator: np.random.Generator
) -> tuple[NDArray[np.uint8], Region]:
    height, width = scene.shape[:2]
    across = max(8, round(generator.uniform(*SHARES) * width))
    down = min(max(8, round(photograph.shape[0] * across / photograph.shape[1])), height)
    small = preprocess.resize(photograph, width=across, height=down)
    left, top = int(generator.integers(0, width - across + 1)), int(generator.integers(0, height - down + 1))
    weight = _edge(across, down) if generator.random() < 0.5 else np.ones((down, across, 1), np.float32)
    below = scene[top : top + down, left : left + across]
    scene[top : top + down, left : left + across] = np.rint(weight * small + (1 - weight) * below)
    region = Region(x=left / width, y=top / height, width=across / width, height=down / height)
    return np.ascontiguousarray(scene), region


def _edge(width: int, height: int) -> NDArray[np.float32]:
    """(height, width, 1): 1 within, falling off to the border."""
    reach = max(1, round(SOFT_EDGE * min(width, height)))
    weight = np.zeros((height, width), np.float32)
    weight[reach : height - reach, reach : width - reach] = 1
    return np.asarray(cv2.GaussianBlur(weight, (0, 0), reach / 1.5), np.float32)[..., np.newaxis]


def _read(path: Path) -> NDArray[np.uint8]:
    pixels = cv2.imread(str(path))
    assert pixels is not None, path
    return pixels.astype(np.uint8, copy=False)

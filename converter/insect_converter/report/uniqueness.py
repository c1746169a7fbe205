"""Which photographs are like no other, and which say the same twice, by the features of the model. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_ROWS = 1024
"""Photographs compared with all others at once: bounds memory at 1024 x photographs numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The nearest other photograph of each.

    Attributes:
        other: (photographs,) its position.
        distance: (photographs,) cosine distance to it, in [0, 2].
    """

    other: NDArray[np.int64]
    distance: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two photographs that the model can hardly tell apart, by position; the distance is of their features."""

    first: int
    second: int
    distance: float


def nearest(features: NDArray[np.float32]) -> Neighbours:
    """The nearest neighbour of each photograph by cosine distance.

    Args:
        features: (photographs, features), at least two photographs.
    """
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit = (features / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)
    other, likeness = [], []
    for start in range(0, len(unit), _ROWS):
        alike = unit[start : start + _ROWS] @ unit.T
        rows = np.arange(len(alike))
        alike[rows, start + rows] = -np.inf
        best = alike.argmax(axis=1)
        other.append(best)
        likeness.append(alike[rows, best])
    return Neighbours(
        other=np.concatenate(other).astype(np.int64),
        distance=np.maximum(0, 1 - np.concatenate(likeness)).astype(np.float32),
    )


def unusual(neighbours: Neighbours, *, among: Sequence[int], count: int) -> list[int]:
    """The photographs farthest from any other, the farthest first.

    Args:
        neighbours: of all photographs.
        among: positions of those that may be chosen.
        count: how many, at most.
    """
    return sorted(among, key=lambda position: -float(neighbours.distance[position]))[:count]


def repeated(neighbours: Neighbours) -> list[Pair]:
    """Each photograph with its nearest neighbour, the nearest pair first; each pair once."""
    pairs: dict[tuple[int, int], float] = {}
    for position in np.argsort(neighbours.distance, kind="stable").tolist():
        other = int(neighbours.other[position])
        pairs.setdefault((min(position, other), max(position, other)), float(neighbours.distance[position]))
    return [Pair(first=first, second=second, distance=distance) for (first, second), distance in pairs.items()]

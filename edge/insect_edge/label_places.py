"""Where the labels of many boxes go so that all of them can be read: no label ever covers another. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_RINGS = np.arange(1, 11)
"""So many label heights away from its box a label is still tried."""
_DIRECTIONS = 16
_FARTHER = 0.15
"""What a label height of distance costs, where covering a whole box of somebody else costs 1."""
_ROOM_INSIDE = 6.0
"""A box of so many times a label's area may have it within."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in whole pixels; `right` and `bottom` lie just outside of it."""

    left: int
    top: int
    right: int
    bottom: int


def places(
    boxes: Sequence[Box], sizes: Sequence[tuple[int, int] | None], *, width: int, height: int
) -> list[Box | None]:
    """A place for each box's label: beside it where there is room, else as near as can be.

    The first come first, so the order is that of importance. A label never covers another, nor reaches outside the
    picture, and covers other boxes as little as it can.

    Args:
        boxes: what is labelled.
        sizes: (width, height) of each label in pixels; None for a box without one.
        width: of the picture, in pixels.
        height: of the picture, in pixels.

    Returns:
        For each box its label's place; None where it has no label, or nowhere is room.
    """
    drawn = np.array([(box.left, box.top, box.right, box.bottom) for box in boxes], float).reshape(-1, 4)
    taken = np.zeros((0, 4))
    found: list[Box | None] = []
    for number, size in enumerate(sizes):
        place = None if size is None else _place(number, size, drawn=drawn, taken=taken, room=(width, height))
        if place is not None:
            taken = np.vstack([taken, place])
        found.append(None if place is None else Box(*(int(value) for value in place)))
    return found


def _place(
    number: int, size: tuple[int, int], *, drawn: NDArray[np.float64], taken: NDArray[np.float64], room: tuple[int, int]
) -> NDArray[np.float64] | None:
    """The best of all candidates for one label: (left, top, right, bottom)."""
    corners, cost = _candidates(drawn[number], size, room=room)
    tried = np.hstack([corners, corners + np.array(size)])
    free = (tried[:, 2] <= room[0]) & (tried[:, 3] <= room[1]) & (tried[:, :2] >= 0).all(axis=1)
    if len(taken):
        free &= _shared(tried, taken).max(axis=1) == 0
    if not free.any():
        return None
    tried, cost = tried[free], cost[free]
    others = np.delete(drawn, number, axis=0)
    if len(others):
        areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
        smaller = np.maximum(np.minimum(areas, size[0] * size[1]), 1)
        cost = cost + (_shared(tried, others) / smaller).sum(axis=1)
    best: NDArray[np.float64] = tried[int(cost.argmin())]
    return best


def _candidates(
    box: NDArray[np.float64], size: tuple[int, int], *, room: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Left upper corners to try, and what is against each: beside the box first, then in rings around it."""
    left, top, right, bottom = box
    wide, tall = size
    along = np.clip([left, right - wide, (left + right - wide) / 2], 0, max(room[0] - wide, 0))
    beside = [(x, y) for x in along for y in (top - tall, bottom)]
    beside += [(x, y) for x in (right, left - wide) for y in (top, bottom - tall)]
    if (right - left) * (bottom - top) >= _ROOM_INSIDE * wide * tall and right - left >= wide:
        beside += [(x, y) for x in (left, right - wide) for y in (top, bottom - tall)]
    far = _around(box, size)
    order = np.concatenate([0.01 * np.arange(len(beside)), 0.2 + _FARTHER * np.repeat(_RINGS, _DIRECTIONS)])
    return np.rint(np.vstack([np.array(beside), far])), order


def _around(box: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Left upper corners on rings around a box, the nearest first."""
    wide, tall = size
    angles = np.tile(np.linspace(0, 2 * np.pi, _DIRECTIONS, endpoint=False), len(_RINGS))
    away = np.repeat(_RINGS, _DIRECTIONS) * tall
    across = np.cos(angles) * ((box[2] - box[0] + wide) / 2 + away)
    down = np.sin(angles) * ((box[3] - box[1] + tall) / 2 + away)
    return np.stack([(box[0] + box[2] - wide) / 2 + across, (box[1] + box[3] - tall) / 2 + down], axis=1)


def _shared(some: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels each of some rectangles shares with each of others: (some, others)."""
    across = np.minimum(some[:, None, 2], others[None, :, 2]) - np.maximum(some[:, None, 0], others[None, :, 0])
    down = np.minimum(some[:, None, 3], others[None, :, 3]) - np.maximum(some[:, None, 1], others[None, :, 1])
    shared: NDArray[np.float64] = np.clip(across, 0, None) * np.clip(down, 0, None)
    return shared

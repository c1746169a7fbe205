"""Draw everything that was found on a picture, legibly from 320 pixels to the largest frame. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2

from insect_edge.annotate import CAPITAL, NO_VERDICT, annotate, color_of, enlarged, measured, written
from insect_edge.domain import Role
from insect_edge.label_places import Box, places
from insect_edge.sightings import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from insect_edge.domain import Classification
    from insect_edge.sightings import Sighting

_SMALLEST_CAPITAL = 8
"""Height in pixels below which capitals cannot be read."""
_SMALLEST_SHARE, _LARGEST_SHARE = 1 / 120, 1 / 45
"""Height of capitals as a share of the picture's shorter side."""
_REGION_SHARE = 1 / 4
"""The same as a share of the region's longer side, between the two."""
_CROWDED = 9.0
"""In a crowd: so many capital heights of room for each region, each way."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """One box with what is written about it."""

    box: Box
    text: str
    color: tuple[int, int, int]
    capital: float
    line: int


def annotate_regions(
    pixels: NDArray[np.uint8], sightings: Sequence[Sighting], *, answer: Classification
) -> NDArray[np.uint8]:
    """A copy with every region outlined, its label and score beside it.

    Names stand out: `unknown` is drawn thinner and smaller, what has no verdict in grey, what is background without a
    word, and a tile of a grid in which nothing is, not at all. No label covers another; one that finds no place beside
    its region stands farther off with a line to it, and in a throng without any room it is left out.

    Args:
        pixels: (height, width, 3) uint8, B, G, R.
        sightings: what was found; drawn in the order of their importance.
        answer: of the picture as a whole, drawn where nothing was found.

    Returns:
        A new picture of the same size, enlarged by a whole factor where it was very small.
    """
    shown = sorted((sighting for sighting in sightings if _worth_drawing(sighting)), key=_importance)
    if not shown:
        return annotate(pixels, answer)
    canvas = enlarged(pixels)
    height, width = canvas.shape[:2]
    marks = [_mark(sighting, width=width, height=height, count=len(shown)) for sighting in shown]
    for mark in reversed(marks):
        _outline(canvas, mark)
    sizes = [_bar(mark) if mark.text else None for mark in marks]
    found = places([mark.box for mark in marks], sizes, width=width, height=height)
    labelled = [(mark, place) for mark, place in zip(marks, found, strict=True) if place is not None]
    # All lines first, so that none crosses a label.
    for mark, place in labelled:
        _lead(canvas, mark, place)
    for mark, place in labelled:
        _write(canvas, mark, place)
    return canvas


def _worth_drawing(sighting: Sighting) -> bool:
    seen = sighting.classification
    return sighting.proposal.origin is not Origin.TILE or (seen is not None and seen.verdict is not None)


def _importance(sighting: Sighting) -> tuple[int, float]:
    """Names first, the surest of them before the others."""
    seen = sighting.classification
    if seen is None or seen.verdict is None:
        return 2, -sighting.proposal.strength
    return int(seen.verdict.role is Role.UNKNOWN), -seen.verdict.score


def _mark(sighting: Sighting, *, width: int, height: int, count: int) -> _Mark:
    region, seen = sighting.proposal.region, sighting.classification
    left, top = round(region.x * width), round(region.y * height)
    right, bottom = round((region.x + region.width) * width), round((region.y + region.height) * height)
    box = Box(left, top, max(right, left + 2), max(bottom, top + 2))
    shorter = min(width, height)
    least = max(_SMALLEST_CAPITAL, shorter * _SMALLEST_SHARE)
    most = max(least, min(shorter * _LARGEST_SHARE, math.sqrt(width * height / count) / _CROWDED))
    named = seen is not None and seen.verdict is not None and seen.verdict.role is not Role.UNKNOWN
    capital = min(max(max(box.right - box.left, box.bottom - box.top) * _REGION_SHARE, least), most)
    line = max(1, round(shorter / 400))
    return _Mark(
        box=box,
        text=_text(seen),
        color=color_of(seen.verdict) if seen is not None else NO_VERDICT,
        capital=capital if named else least,
        line=max(2, line) if named else max(1, line // 2),
    )


def _text(seen: Classification | None) -> str:
    if seen is None or (seen.verdict is None and seen.categories[0].label.role is Role.BACKGROUND):
        return ""
    return written(seen)


def _bar(mark: _Mark) -> tuple[int, int]:
    """(width, height) of the bar a text stands on, in pixels."""
    (wide, tall), below, _ = measured(mark.text, mark.capital / CAPITAL)
    return wide + tall, tall + below + tall // 2


def _outline(canvas: NDArray[np.uint8], mark: _Mark) -> None:
    """Around the box, not over it: a small animal must stay visible."""
    box, half = mark.box, mark.line // 2  # a line of OpenCV's is as thick on both sides
    outer = (box.left - 1 - half, box.top - 1 - half), (box.right + half, box.bottom + half)
    cv2.rectangle(canvas, *outer, mark.color, mark.line)


def _lead(canvas: NDArray[np.uint8], mark: _Mark, place: Box) -> None:
    """A line to a label that is not beside its box."""
    box = mark.box
    start = _nearest(box, x=(place.left + place.right) // 2, y=(place.top + place.bottom) // 2)
    end = _nearest(place, x=start[0], y=start[1])
    if math.dist(start, end) > mark.line + 1:
        cv2.line(canvas, start, end, mark.color, mark.line, cv2.LINE_AA)


def _nearest(box: Box, *, x: int, y: int) -> tuple[int, int]:
    return min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)


def _write(canvas: NDArray[np.uint8], mark: _Mark, place: Box) -> None:
    (_, tall), below, weight = measured(mark.text, mark.capital / CAPITAL)
    cv2.rectangle(canvas, (place.left, place.top), (place.right - 1, place.bottom - 1), mark.color, cv2.FILLED)
    foot = (place.left + tall // 2, place.top + tall // 4 + tall + below // 2)
    scale = mark.capital / CAPITAL
    cv2.putText(canvas, mark.text, foot, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), weight, cv2.LINE_AA)

"""Draw what was seen onto a picture, legibly at any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from insect_edge.domain import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.domain import Classification, Verdict

SMALLEST_SIDE = 320
"""Smaller pictures are enlarged before anything is written on them, so that a line of text fits."""
_LONGEST_ENLARGED = 4096
"""Enlarging stops here: a picture of one line of pixels would become gigabytes."""
_LONGEST_PADDED = 65_536
_TEXT_SHARE = 1 / 22
"""Height of capitals as a share of the shorter side."""
CAPITAL = 21.0
"""Height in pixels of OpenCV's Hershey simplex capitals at scale 1."""
_COLORS = {
    Role.PEST: (40, 40, 220),
    Role.BENEFICIAL: (60, 150, 30),
    Role.NEUTRAL: (170, 110, 20),
    Role.UNKNOWN: (120, 60, 140),
}
NO_VERDICT = (90, 90, 90)


def annotate(pixels: NDArray[np.uint8], classification: Classification) -> NDArray[np.uint8]:
    """A copy with the region outlined and the label and score written on it.

    Args:
        pixels: (height, width, 3) uint8, B, G, R.
        classification: of that picture.

    Returns:
        A new picture of the same size, enlarged by a whole factor where it was very small; a strip too narrow for
        text gets a black margin below or to the right.
    """
    whole = enlarged(pixels)
    canvas = _padded(whole)
    color = color_of(classification.verdict)
    height, width = whole.shape[:2]
    line = max(2, min(canvas.shape[:2]) // 160)
    region = classification.region
    left, top = round(region.x * width), round(region.y * height)
    right, bottom = round((region.x + region.width) * width), round((region.y + region.height) * height)
    cv2.rectangle(canvas, (left + line // 2, top + line // 2), (right - line, bottom - line), color, line)
    if canvas.shape[0] > height:
        top = height
    elif canvas.shape[1] > width:
        left = width
    return _banner(canvas, written(classification), left=left, top=top, color=color)


def color_of(verdict: Verdict | None) -> tuple[int, int, int]:
    """B, G, R of a verdict's role."""
    return _COLORS.get(verdict.role, NO_VERDICT) if verdict and verdict.role else NO_VERDICT


def written(classification: Classification) -> str:
    """Label and score as they are written: in brackets what is no verdict."""
    best, verdict = classification.categories[0], classification.verdict
    text = f"{verdict.label} {verdict.score:.2f}" if verdict else f"({best.label.name} {best.score:.2f})"
    # Hershey fonts know ASCII alone; a question mark for another letter is better than none.
    return text.encode("ascii", errors="replace").decode()


def enlarged(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy, larger by a whole factor where the picture is very small."""
    shorter, longer = sorted(pixels.shape[:2])
    factor = max(1, min(-(-SMALLEST_SIDE // shorter), _LONGEST_ENLARGED // longer))
    return np.repeat(np.repeat(pixels, factor, axis=0), factor, axis=1)


def _padded(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """With a margin where it is too narrow to be written on."""
    height, width = pixels.shape[:2]
    if min(height, width) >= SMALLEST_SIDE or max(height, width) > _LONGEST_PADDED:
        return pixels
    canvas = np.zeros((max(height, SMALLEST_SIDE), max(width, SMALLEST_SIDE), 3), np.uint8)
    canvas[:height, :width] = pixels
    return canvas


def _banner(
    canvas: NDArray[np.uint8], text: str, *, left: int, top: int, color: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """White text on a filled bar in a corner, shrunk and moved where it would not fit."""
    height, width = canvas.shape[:2]
    scale = min(height, width) * _TEXT_SHARE / CAPITAL
    (wide, tall), below, weight = measured(text, scale)
    room = (width - tall) / max(wide, 1)
    if room < 1:
        scale *= room
        (wide, tall), below, weight = measured(text, scale)
    margin = tall // 2
    bar = wide + 2 * margin, tall + below + margin
    left, top = max(0, min(left, width - bar[0])), max(0, min(top, height - bar[1]))
    cv2.rectangle(canvas, (left, top), (left + bar[0], top + bar[1]), color, cv2.FILLED)
    place = (left + margin, top + margin // 2 + tall + below // 2)
    drawn = cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), weight, cv2.LINE_AA)
    return cast("NDArray[np.uint8]", drawn)


def measured(text: str, scale: float) -> tuple[tuple[int, int], int, int]:
    """(width, height above the base line), height below it and line weight of a text, in pixels."""
    weight = max(1, round(scale * 2))
    (wide, tall), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, weight)
    return (wide, tall), below, weight

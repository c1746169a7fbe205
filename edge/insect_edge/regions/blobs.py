"""The things that stand out in a picture, as outlines with what can be measured of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import compress
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cv2.typing import MatLike
    from numpy.typing import NDArray

    from insect_edge.regions.backdrop import Backdrop

CLOSED = 0.0016
"""Gaps of about twice this, in frame widths, are closed: between the scales of a pale wing, along a leg."""
FAINT = 0.75
"""What reaches so much of the threshold belongs to a thing of which other parts are above it: pale wings."""
APART = ((1.5, 0.007), (3.0, 0.007), (3.0, 0.014), (3.0, 0.028))
"""How things that are too large are taken apart, step by step: into what is above so many thresholds, since animals are
darker than the fold they sit in, and wider than this in frame widths, since the lines of a card, seams, cables and the
sheet's edge are thin."""
HOLE = 0.02
"""Holes up to this square root of their area, in frame widths, are filled before: pale spots, not a card's fields."""
LINE, THICK = 0.08, 0.012
"""So long, in frame widths, and nowhere thicker is a line: of a card, a ruler, a seam, the sheet's edge."""
WITHIN, CRUMB = 0.5, 0.1
"""Half within the box of another and a tenth as clear is a part of that."""
MOST_OUTLINES = 2000
"""More than any trap holds; beyond it the smallest are not measured, so that a meadow does not take seconds."""


LONELY = 3
"""Fewer pixels than this within three by three are noise: a leg one pixel wide has as many."""
PIXEL = 1 / 12
"""What a pixel's own size adds to the square of a spread."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """The border of one thing.

    Attributes:
        points: (points, 1, 2) every pixel of it.
        box: left, top, width and height, in pixels.
    """

    points: MatLike
    box: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blobs:
    """Things, one a row; lengths in pixels of the picture.

    Attributes:
        boxes: (things, 4) left, top, width and height.
        area: (things,) pixels, holes included.
        hull: (things,) pixels of the convex hull.
        clear: (things,) sum over its pixels of the square of what their difference, in thresholds, is above one: little
            for what is faint all over, however large, since an animal is dark or bright somewhere.
        length: (things,) longer side of the smallest upright or turned rectangle around it.
        thin: (things,) spread across, of what stands out: the standard deviation; a fourth of an ellipse's width.
        elongated: (things,) spread along its axis by the spread across; 1 of what is round.
        sharp: (things,) the steepest step over two pixels, in parts of the greatest difference: 1 of a hard edge.
    """

    boxes: NDArray[np.float64]
    area: NDArray[np.float64]
    hull: NDArray[np.float64]
    clear: NDArray[np.float64]
    length: NDArray[np.float64]
    thin: NDArray[np.float64]
    elongated: NDArray[np.float64]
    sharp: NDArray[np.float64]

    def only(self, chosen: NDArray[np.bool_]) -> Blobs:
        """Those for which it is true."""
        return Blobs(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})


def blobs(backdrop: Backdrop, *, smallest: float, largest: float, sheet: MatLike | None = None) -> Blobs:
    """What stands out, between two sizes.

    Args:
        backdrop: the picture and its thresholds.
        smallest: longer side of the upright box, in pixels.
        largest: the same; what is larger is taken apart.
        sheet: (rows, columns) uint8, more than 0 where things may be; None for everywhere.
    """
    columns = backdrop.difference.shape[1]
    mask = _above(backdrop, FAINT)
    if sheet is not None:
        mask = cv2.bitwise_and(mask, sheet)
    # Thousands of single pixels would each get an outline.
    _, company = cv2.threshold(cv2.blur(mask, (3, 3)), 255 * (LONELY - 0.5) / 9, 255, cv2.THRESH_BINARY)
    mask = cv2.bitwise_and(mask, company)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _disc(2 * round(CLOSED * columns) + 1))
    kept, huge = _parted(_outlines(mask, smallest=smallest), largest=largest)
    if huge:
        kept += _apart(_without_lines(_drawn(huge, mask)), backdrop, smallest=smallest, largest=largest)
    return _measured(kept, backdrop)


def _apart(mask: MatLike, backdrop: Backdrop, *, smallest: float, largest: float) -> list[Outline]:
    """Outlines of what is left of things that are too large, of no more than the largest size."""
    columns = mask.shape[1]
    kept, huge = _parted(_outlines(mask, smallest=smallest), largest=largest)
    for factor, line in APART:
        if not huge:
            break
        clearer = cv2.bitwise_and(_drawn(huge, mask), _above(backdrop, factor))
        opened = cv2.morphologyEx(clearer, cv2.MORPH_OPEN, _disc(round(line * columns) | 1))
        pieces, huge = _parted(_outlines(opened, smallest=smallest), largest=largest)
        kept += pieces
    return kept


def _without_lines(mask: MatLike) -> MatLike:
    """Without long straight lines, about upright or level; what they cut in two is joined again."""
    columns = mask.shape[1]
    length, thick = round(LINE * columns), _disc(round(THICK * columns) | 1)
    level = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    upright = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    bodies = cv2.morphologyEx(mask, cv2.MORPH_OPEN, thick)
    lines = cv2.bitwise_and(cv2.bitwise_or(level, upright), cv2.bitwise_not(bodies))
    lines = cv2.dilate(lines, np.ones((3, 3), np.uint8))
    rest = cv2.bitwise_and(mask, cv2.bitwise_not(lines))
    return cv2.morphologyEx(rest, cv2.MORPH_CLOSE, _disc(round(THICK / 2 * columns) | 1))


def _above(backdrop: Backdrop, factor: float) -> MatLike:
    """255 where the difference is above so many thresholds."""
    needed = cv2.convertScaleAbs(backdrop.threshold, alpha=factor)
    return cv2.compare(backdrop.difference, needed, cv2.CMP_GT)


def _outlines(mask: MatLike, *, smallest: float) -> list[Outline]:
    """Outer borders of what is long enough, those of things within other things' holes too."""
    found, levels = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if levels is None:
        return []
    outer = (levels[0, :, 3] < 0).tolist()
    # A border goes there and back: most specks need no closer look.
    points = 2 * (smallest - 1)
    return [
        Outline(points=border, box=box)
        for border, is_outer in zip(found, outer, strict=True)
        if is_outer and len(border) >= points and max((box := cv2.boundingRect(border))[2:]) >= smallest
    ]


def _parted(outlines: Sequence[Outline], *, largest: float) -> tuple[list[Outline], list[Outline]]:
    """Those of at most the largest size, and the others."""
    fit = [max(outline.box[2:]) <= largest for outline in outlines]
    return list(compress(outlines, fit)), list(compress(outlines, (not fits for fits in fit)))


def absorbed(things: Blobs) -> Blobs:
    """Without the crumbs of larger things: a wing's tip, a foot."""
    left, top, width, height = things.boxes.T
    across = np.minimum.outer(left + width, left + width) - np.maximum.outer(left, left)
    down = np.minimum.outer(top + height, top + height) - np.maximum.outer(top, top)
    inside = np.clip(across, 0, None) * np.clip(down, 0, None) >= WITHIN * (width * height)[:, None]
    crumb = inside & (things.clear[:, None] <= CRUMB * things.clear[None])
    return things.only(~crumb.any(axis=1))


def _drawn(outlines: Sequence[Outline], mask: MatLike) -> MatLike:
    """Those parts of a mask that lie within the outlines, with their small holes filled."""
    drawn = np.zeros_like(mask)
    cv2.drawContours(drawn, [outline.points for outline in outlines], -1, 255, cv2.FILLED)
    drawn = cv2.bitwise_and(drawn, mask)
    found, levels = cv2.findContours(drawn, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    largest = (HOLE * mask.shape[1]) ** 2
    holes = [
        outline
        for outline, parent in zip(found, levels[0, :, 3].tolist(), strict=True)
        if parent >= 0 and cv2.contourArea(outline) <= largest
    ]
    cv2.drawContours(drawn, holes, -1, 255, cv2.FILLED)
    return drawn


def _measured(outlines: list[Outline], backdrop: Backdrop) -> Blobs:
    """All that is to be known of the things within these outlines; a thing in another one's hole is part of that."""
    outlines = sorted(outlines, key=lambda outline: max(outline.box[2:]))[-MOST_OUTLINES:]
    labels = np.zeros(backdrop.difference.shape, np.uint16)
    for number, outline in enumerate(outlines, start=1):
        cv2.drawContours(labels, [outline.points], -1, number, cv2.FILLED)
    within = np.flatnonzero(labels > 0)
    within = within[np.argsort(labels.ravel()[within], kind="stable")]
    label = labels.ravel()[within]
    first = np.flatnonzero(np.diff(label, prepend=np.uint16(0)))
    outlines = [outlines[number - 1] for number in label[first].tolist()]
    difference = backdrop.difference.ravel()[within]
    steep = cv2.morphologyEx(backdrop.difference, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    above = np.maximum(difference / backdrop.threshold.ravel()[within].astype(np.float64) - 1, 0)
    area = np.diff(first, append=len(within)).astype(np.float64)
    along, across = _spreads(within, above, first, columns=backdrop.difference.shape[1])
    hulls = [cv2.convexHull(outline.points) for outline in outlines]
    return Blobs(
        boxes=np.array([outline.box for outline in outlines], np.float64).reshape(-1, 4),
        area=area,
        hull=np.maximum([cv2.contourArea(hull) for hull in hulls], area),
        clear=_sums(above**2, first),
        length=np.array([max(cv2.minAreaRect(hull)[1]) + 1.0 for hull in hulls]),
        thin=across,
        elongated=along / across,
        sharp=_greatest(steep.ravel()[within], first) / np.maximum(_greatest(difference, first), 1),
    )


def _spreads(
    within: NDArray[np.intp], weights: NDArray[np.float64], first: NDArray[np.intp], *, columns: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standard deviations of each thing's pixels along its main axis and across it, the clearer ones counting more."""
    y, x = np.divmod(within, columns)
    weights = weights + 1e-6
    total = _sums(weights, first)
    x_mean, y_mean = _sums(weights * x, first) / total, _sums(weights * y, first) / total
    x_part = _sums(weights * x * x, first) / total - x_mean**2 + PIXEL
    y_part = _sums(weights * y * y, first) / total - y_mean**2 + PIXEL
    both = _sums(weights * x * y, first) / total - x_mean * y_mean
    middle, apart = (x_part + y_part) / 2, np.hypot((x_part - y_part) / 2, both)
    return np.sqrt(middle + apart), np.sqrt(np.maximum(middle - apart, PIXEL))


def _sums(values: NDArray[np.float64], first: NDArray[np.intp]) -> NDArray[np.float64]:
    """Of each thing's values, which lie together from `first` on."""
    return np.add.reduceat(values, first) if len(first) else np.zeros(0)


def _greatest(values: MatLike, first: NDArray[np.intp]) -> MatLike:
    """The same for the greatest."""
    return np.maximum.reduceat(values, first) if len(first) else np.zeros(0, np.uint8)


def _disc(side: int) -> MatLike:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))

"""Real frames of moth traps as another camera would have taken them, with the boxes where they then are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.domain import Region

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

SIZES = (0.006, 0.25)
"""Animals shorter or longer than these parts of a view's width are not looked for in it."""
WHOLE = 0.6
"""Of an animal so much is in the view, or it counts as cut off."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """A picture and what is in it.

    Attributes:
        pixels: (rows, columns, 3) uint8.
        animals: to be found.
        others: neither to be found nor false: what may be an animal, what the border cuts, what is out of the sizes.
    """

    pixels: NDArray[np.uint8]
    animals: tuple[Region, ...]
    others: tuple[Region, ...]

    @classmethod
    def of(cls, pixels: NDArray[np.uint8], animals: Iterable[Region], others: Iterable[Region]) -> View:
        """With the animals of the right sizes."""
        height = pixels.shape[0] / pixels.shape[1]
        fits = {box: SIZES[0] <= max(box.width, box.height * height) <= SIZES[1] for box in animals}
        outside = (box for box, is_right in fits.items() if not is_right)
        return cls(pixels=pixels, animals=tuple(box for box in fits if fits[box]), others=(*others, *outside))


def as_it_is(view: View) -> Iterator[View]:
    """The frame."""
    yield View.of(view.pixels, view.animals, view.others)


def narrow(view: View) -> Iterator[View]:
    """In 640 columns."""
    rows = round(view.pixels.shape[0] * 640 / view.pixels.shape[1])
    small = cv2.resize(view.pixels, (640, rows), interpolation=cv2.INTER_AREA)
    yield View.of(np.asarray(small, np.uint8), view.animals, view.others)


def blurred(view: View) -> Iterator[View]:
    """Out of focus."""
    yield View.of(np.asarray(cv2.GaussianBlur(view.pixels, (0, 0), 3.0), np.uint8), view.animals, view.others)


def upright(view: View) -> Iterator[View]:
    """By a camera that hangs on its side."""

    def turned(box: Region) -> Region:
        return Region(x=max(1 - box.y - box.height, 0.0), y=box.x, width=box.height, height=box.width)

    pixels = np.ascontiguousarray(np.rot90(view.pixels, -1))
    yield View.of(pixels, map(turned, view.animals), map(turned, view.others))


def quarters(view: View) -> Iterator[View]:
    """From half the distance, four times."""
    for left in (0.0, 0.5):
        for top in (0.0, 0.5):
            yield _quarter(view, left=left, top=top)


VIEWS: dict[str, Callable[[View], Iterator[View]]] = {
    "as it is": as_it_is, "640 columns": narrow, "blurred": blurred, "upright": upright, "quarters": quarters,
}  # fmt: skip


def _quarter(view: View, *, left: float, top: float) -> View:
    """The part half as wide and high, from there on."""
    rows, columns = view.pixels.shape[0] // 2, view.pixels.shape[1] // 2
    first, column = round(2 * top * rows), round(2 * left * columns)
    pixels = np.ascontiguousarray(view.pixels[first : first + rows, column : column + columns])
    animals, cut = _seen(view.animals, left=left, top=top)
    others = [box for seen in _seen(view.others, left=left, top=top) for box in seen]
    return View.of(pixels, animals, [*others, *cut])


def _seen(boxes: Sequence[Region], *, left: float, top: float) -> tuple[list[Region], list[Region]]:
    """What of these is in that quarter: the whole ones and those cut off."""
    whole, cut = [], []
    for box in boxes:
        x, y = max(box.x, left), max(box.y, top)
        width, height = min(box.x + box.width, left + 0.5) - x, min(box.y + box.height, top + 0.5) - y
        if width <= 0 or height <= 0:
            continue
        part = Region(x=2 * (x - left), y=2 * (y - top), width=2 * width, height=2 * height)
        (whole if width * height >= WHOLE * box.width * box.height else cut).append(part)
    return whole, cut

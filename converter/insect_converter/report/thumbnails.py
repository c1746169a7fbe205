"""Small pictures inside the page."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2

from insect_edge import preprocess
from insect_edge.adapters.pictures import read_picture

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_QUALITY = 72
"""Of JPEG: below, blocks show at this size; above, the page grows and nothing else does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """A picture as the page holds it.

    Attributes:
        uri: a `data:` address with the JPEG in it.
        side: of the square in pixels.
        says: what is on it, for whoever cannot see it.
    """

    uri: str
    side: int
    says: str


def of_file(path: Path, *, side: int, says: str) -> Thumbnail:
    """The middle of a photograph, small.

    Raises:
        ImageError: when it cannot be read.
    """
    return of_pixels(read_picture(path), side=side, says=says)


def of_pixels(pixels: NDArray[np.uint8], *, side: int, says: str) -> Thumbnail:
    """The centred square of a picture, small.

    Args:
        pixels: (height, width, 3) uint8, B, G, R.
        side: of the result in pixels.
        says: what is on it.
    """
    square = preprocess.crop(pixels, preprocess.look_at(pixels, region=None))
    small = preprocess.resize(square, width=side, height=side)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    text = base64.b64encode(data.tobytes()).decode("ascii")
    return Thumbnail(uri=f"data:image/jpeg;base64,{text}", side=side, says=says)

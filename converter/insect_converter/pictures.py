"""Decode every photograph once and keep it, small, for the whole training."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from insect_converter import progress
from insect_converter.shelf import Shelf
from insect_edge import preprocess
from insect_edge.adapters.pictures import decode_picture, read_picture_bytes
from insect_edge.card import CENTRED_SQUARE, WHOLE_FRAME
from insect_edge.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from insect_converter.dataset import Photograph

LONGEST_ASPECT = 1.5
"""Panoramas are trimmed to this: the crops of training never reach their ends, and they would fill the memory."""
_HASH_SIDE = 8
_THUMBNAIL_SIDE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A decoded photograph.

    Attributes:
        pixels: (height, width, 3) uint8 in B, G, R order; orientation applied.
        sha256: of the file, in hex.
        difference_hash: 64 bits; alike pictures have alike hashes.
        thumbnail: (16, 16) uint8, grey, to look at whether two are alike; None: their hashes have to do.
    """

    pixels: NDArray[np.uint8]
    sha256: str
    difference_hash: int
    thumbnail: NDArray[np.uint8] | None = None


def load(
    photographs: Iterable[Photograph],
    *,
    shorter_side: int,
    crop: str = CENTRED_SQUARE,
    on_each: Callable[[], object] = lambda: None,
) -> tuple[dict[Path, Picture], dict[Path, str]]:
    """Decode photographs.

    Args:
        photographs: to read.
        shorter_side: pixels; larger ones are reduced to it.
        crop: of the input contract, see `compact`.
        on_each: called after each, for a progress bar.

    Returns:
        The pictures by path, and by path why the others could not be read.
    """
    pictures: dict[Path, Picture] = {}
    shelf = Shelf()
    unreadable: dict[Path, str] = {}
    for photograph in photographs:
        try:
            data = read_picture_bytes(photograph.path)
            pixels = decode_picture(data, name=str(photograph.path))
        except ImageError as error:
            unreadable[photograph.path] = str(error)
        else:
            pictures[photograph.path] = Picture(
                pixels=shelf.keep(compact(pixels, shorter_side=shorter_side, crop=crop)),
                sha256=hashlib.sha256(data).hexdigest(),
                difference_hash=difference_hash(pixels),
                thumbnail=thumbnail(pixels),
            )
        on_each()
    if shelf.on_disk:
        progress.say(f"{shelf.on_disk / 2**30:.1f} GiB of decoded photographs lie on the disk, the others in memory")
    return pictures, unreadable


def difference_hash(pixels: NDArray[np.uint8]) -> int:
    """64 bits: is a cell of an 8x9 grid brighter than its left neighbour? (dHash, N. Krawetz, 2013)."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (_HASH_SIDE + 1, _HASH_SIDE), interpolation=cv2.INTER_AREA)
    bits = (small[:, 1:] > small[:, :-1]).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What is left of a picture from far away: (16, 16) uint8, grey."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA)
    return cast("NDArray[np.uint8]", small)


def compact(pixels: NDArray[np.uint8], *, shorter_side: int, crop: str = CENTRED_SQUARE) -> NDArray[np.uint8]:
    """A picture as training keeps it: no longer than LONGEST_ASPECT, its shorter side reduced to so many pixels.

    Where the whole frame is looked at, it is squeezed to a square at once, as the Pi does it.
    """
    if crop == WHOLE_FRAME:
        return preprocess.resize(pixels, width=shorter_side, height=shorter_side)
    height, width = pixels.shape[:2]
    longest = int(min(height, width) * LONGEST_ASPECT)
    top, left = max(0, height - longest) // 2, max(0, width - longest) // 2
    pixels = pixels[top : top + longest, left : left + longest]
    height, width = pixels.shape[:2]
    ratio = shorter_side / min(height, width)
    if ratio >= 1:
        return np.ascontiguousarray(pixels)
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    return cast("NDArray[np.uint8]", cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))

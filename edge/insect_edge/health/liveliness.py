"""Whether frames show the present, or one picture again and again.

A sensor's own timestamp settles it: one that advances proves life, one that stands still proves the contrary. Where
there is none (USB cameras, network streams) the pictures are compared, at 3,456 points of each frame.

What tells a frozen picture from a still garden is not how much two frames differ: a picture encoded again by a bridge
differs from its copy more than two frames of a good sensor. It is how the differences behave:

- A sensor's noise never comes back: every frame is about equally far from every other. A copy repeats, exactly or
  within a fraction of a grey level: at once, in turn (a ring of stale buffers) or as soon as an encoder uses a setting
  again. A source that returned to an earlier picture is a copier; from then on only a change of what is seen proves
  life, not one of noise, until `SUSPICION_FRAMES` frames in a row were unlike all before.
- A sensor's noise is everywhere. A clock written over a frozen picture changes the same few tiles for ever, so a change
  counts once it has touched a quarter of the tiles, at once or since the last new picture.

- In the dark there is less noise than that, and every byte counts: see `dark_pictures`.

It cannot tell apart: noise added afresh to a frozen picture (an analogue grabber without a signal lock) and a sensor's
own; a recording of more than `REMEMBERED` frames played round and round and the present. A live picture without any
noise (black or white throughout, or compressed until nothing moves) passes for frozen; a black one is called `blind`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.health.dark_pictures import DarkPictures
from insect_edge.health.judgement import DARK_BELOW, brightness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.domain import Frame

REMEMBERED = 32
"""Pictures that a new one must differ from."""
SUSPICION_FRAMES = 16
_TOUCH_COUNTS = 8
"""Frames in a row as which it counts when small changes have added up."""
_TILE_ROWS, _TILE_COLUMNS = 6, 8
_TILE_HEIGHT, _TILE_WIDTH = 8, 9
_TILES = _TILE_ROWS * _TILE_COLUMNS
_POINTS = _TILE_HEIGHT * _TILE_WIDTH
"""Of one tile."""
_SAME_SUM = round(0.15 * _POINTS)
"""A tile whose points differ by less than 0.15 grey levels in the mean is the same: noise of 0.3 is above it, the
rounding of an encoder that settles is below."""
_SPREAD = _TILES // 4
"""Tiles that have to differ: an overlaid clock or logo touches fewer."""
_MUCH_CLOSER = 3
_CONTENT_LEVELS = 3.0
"""Grey levels by which a tile's mean has to move to show something else: encoders keep means to about one."""
_CONTENT_TILES = 6
_GREEN = 1
_GOLDEN_RATIO = 0.618034


class Liveliness:
    """Judges each frame of one live camera, in about a tenth of a millisecond.

    Args:
        pictures: whether pictures are compared where there is no sensor timestamp; without it every such frame is
            taken for alive.

    Attributes:
        blind: the newest frame proves nothing either way: it is black and unchanged, and no sensor's clock is told.
    """

    def __init__(self, *, pictures: bool = True) -> None:
        self._judge = pictures
        self._pictures = Pictures()
        self._dark_pictures = DarkPictures()
        self.blind = False
        self._newest: int | None = None
        self._highest: int | None = None

    def alive(self, frame: Frame) -> bool:
        """Whether this frame proves that the camera shows the present; the very first cannot."""
        timestamp = frame.sensor_timestamp_ns
        dark = timestamp is None and brightness(frame.pixels) < DARK_BELOW
        differs = not self._judge or self._differs(frame.pixels, dark=dark)
        self.blind = dark and not differs
        if timestamp is None:
            return differs
        before, self._newest = self._newest, timestamp
        if self._highest is None:
            self._highest = timestamp
            return False
        # A timestamp that went back is no proof of anything: a sensor may have restarted, or old frames come again.
        if timestamp < self._highest and (timestamp == before or not differs):
            return False
        advanced, self._highest = timestamp != self._highest, timestamp
        return advanced

    def _differs(self, pixels: NDArray[np.uint8], *, dark: bool) -> bool:
        """Whether this is a new picture; both judges see it, for the next one."""
        differs = self._pictures.differ(pixels)
        return (dark and self._dark_pictures.differ(pixels)) or differs


class Pictures:
    """Remembers the last different pictures, and says whether one is unlike them all."""

    def __init__(self) -> None:
        self._shape: tuple[int, ...] | None = None
        self._rows = self._columns = np.zeros(0, np.intp)
        self._memory = np.zeros((REMEMBERED, _TILES, _POINTS), np.uint8)
        self._means = np.zeros((REMEMBERED, _TILES), np.float32)
        self._known = 0
        self._next = 0
        self._shown = 0
        self._suspicion = 0
        self._touched = np.zeros(_TILES, np.bool_)

    def differ(self, pixels: NDArray[np.uint8]) -> bool:
        """Whether (height, width, 3) uint8 pixels are a picture that no copy of an earlier one can be."""
        sample = self._sample(pixels)
        if not self._known:
            self._remember(sample)
            return False
        unlike = self._unlike(sample)
        counts = np.count_nonzero(unlike, axis=1)
        if counts[self._shown] < _SPREAD:
            return self._touch(sample, np.logical_and.reduce(unlike, axis=0))
        again = int(np.argmin(counts))
        # Two pictures of a quiet scene can be alike by chance, but then they are about as much like all the others.
        if counts[again] < _SPREAD and counts[again] * _MUCH_CLOSER < counts[self._shown]:
            self._shown, self._suspicion = again, SUSPICION_FRAMES
            return False
        proven = not self._suspicion or self._shows_something_else(sample)
        self._suspicion = max(self._suspicion - 1, 0)
        self._remember(sample)
        return proven

    def _touch(self, sample: NDArray[np.uint8], novel: NDArray[np.bool_]) -> bool:
        """A picture much like the one before; small changes here and there add up to life, always the same do not."""
        self._touched |= novel
        if np.count_nonzero(self._touched) < _SPREAD:
            return False
        proven = not self._suspicion
        # Small changes take many frames to add up, and a lamp in a quiet garden brings back the picture before it.
        self._suspicion = max(self._suspicion - _TOUCH_COUNTS, 0)
        self._remember(sample)
        return proven

    def _unlike(self, sample: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """(known, tiles): where the remembered pictures and this one are not the same."""
        memory = self._memory[: self._known]
        apart = np.maximum(memory, sample)
        apart -= np.minimum(memory, sample)
        sums = cv2.reduce(apart.reshape(-1, _POINTS), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
        return np.asarray(sums).reshape(self._known, _TILES) > _SAME_SUM

    def _shows_something_else(self, sample: NDArray[np.uint8]) -> bool:
        moved = np.abs(self._means[: self._known] - sample.mean(axis=1)) > _CONTENT_LEVELS
        return bool(np.count_nonzero(moved, axis=1).min() >= _CONTENT_TILES)

    def _remember(self, sample: NDArray[np.uint8]) -> None:
        self._shown = self._next
        self._memory[self._shown] = sample
        self._means[self._shown] = sample.mean(axis=1)
        self._known = max(self._known, self._shown + 1)
        self._next = (self._shown + 1) % REMEMBERED
        self._touched[:] = False

    def _sample(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(tiles, points): the green of points spread over the frame, those of one tile together."""
        if pixels.shape != self._shape:
            self._shape, self._known, self._next = pixels.shape, 0, 0
            self._rows = _spread(_TILE_ROWS * _TILE_HEIGHT, pixels.shape[0])[:, np.newaxis]
            self._columns = _spread(_TILE_COLUMNS * _TILE_WIDTH, pixels.shape[1])
        grid = pixels[self._rows, self._columns, _GREEN].reshape(_TILE_ROWS, _TILE_HEIGHT, _TILE_COLUMNS, _TILE_WIDTH)
        tiles: NDArray[np.uint8] = grid.transpose(0, 2, 1, 3).reshape(_TILES, _POINTS)
        return tiles


def _spread(count: int, size: int) -> NDArray[np.intp]:
    """`count` positions over `size` pixels, one in each of as many equal parts.

    Where in its part each lies varies (by the golden ratio), so that they do not keep step with an encoder's blocks.
    """
    numbers = np.arange(count)
    return ((numbers + numbers * _GOLDEN_RATIO % 1) * size / count).astype(np.intp)

"""Whether pictures of the night show the present.

In the dark the noise of a sensor is mostly cut off at black, and what is left of it is far below what tells two
pictures by day apart. But it is there: some pixels flicker, here and there, and no frame of a living sensor is the same
to the last byte as one before it. So in the dark every byte counts, tile by tile. As by day the changes have to touch a
quarter of the tiles, at once or since the last proof, for a clock written over a frozen picture changes bytes too, in
the same few tiles for ever; and a picture that comes back after another is a copy.

What is left is a picture that stays exactly as it is: a sensor whose noise is all cut off, a covered lens, or a dead
camera. Nobody can tell these apart, so it proves nothing; but a plain black picture that comes back is no sign of a
copier either, for a quiet sensor returns to it again and again.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

REMEMBERED = 32
"""Pictures that a new one must differ from."""
SUSPICION_PROOFS = 16
"""Proofs that are not believed after an earlier picture came back."""
_ROWS, _COLUMNS = 6, 8
_SPREAD = _ROWS * _COLUMNS // 4


class DarkPictures:
    """Remembers the checksums of the tiles of the last different pictures; a few milliseconds for each frame."""

    def __init__(self) -> None:
        self._shape: tuple[int, ...] | None = None
        self._memory = np.zeros((REMEMBERED, _ROWS * _COLUMNS), np.uint32)
        self._known = self._next = self._shown = self._suspicion = 0
        self._touched = np.zeros(_ROWS * _COLUMNS, np.bool_)

    def differ(self, pixels: NDArray[np.uint8]) -> bool:
        """Whether (height, width, 3) uint8 pixels are a picture that no copy of an earlier one can be."""
        if pixels.shape != self._shape:
            self._shape, self._known, self._next = pixels.shape, 0, 0
        sums = _checksums(pixels)
        if not self._known:
            self._remember(sums)
            return False
        unlike = self._memory[: self._known] != sums
        counts = np.count_nonzero(unlike, axis=1)
        again = int(np.argmin(counts))
        if not counts[again]:
            if again != self._shown and pixels.max() > pixels.min():
                self._suspicion = SUSPICION_PROOFS
            self._shown = again
            return False
        self._touched |= np.logical_and.reduce(unlike, axis=0)
        if np.count_nonzero(self._touched) < _SPREAD:
            return False
        proven = not self._suspicion
        self._suspicion = max(self._suspicion - 1, 0)
        self._remember(sums)
        return proven

    def _remember(self, sums: NDArray[np.uint32]) -> None:
        self._shown = self._next
        self._memory[self._shown] = sums
        self._known = max(self._known, self._shown + 1)
        self._next = (self._shown + 1) % REMEMBERED
        self._touched[:] = False


def _checksums(pixels: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """CRC-32 of the pixels of each tile."""
    bands = np.array_split(pixels, _ROWS)
    tiles = [tile for band in bands for tile in np.array_split(band, _COLUMNS, axis=1)]
    return np.array([zlib.crc32(np.ascontiguousarray(tile).data) for tile in tiles], np.uint32)

"""A camera on a pole sways: how far a picture lies beside another, and the same picture in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]

Shift = tuple[float, float]
"""Columns to the right and rows down by which what is seen lies beside where it should."""

STEADY: Shift = (0.0, 0.0)
_SCALES = (8, 4)
"""The first guesses are made on pictures so many times smaller: their gradients reach so much further."""
_ROUNDS = 4
_CLOSE = 0.05
"""Pixels of a small picture: a guess that changes by less stands; the full size settles the rest."""
_STRIDE = 1.5
"""The steps are too short, since the pixels at edges, which say most, differ most and count least: they are stretched.

On drawn beds whose sway is known, the error that remains falls from 0.05 to 0.02 pixels in half of the rounds.
"""
_FURTHEST = 12.0
"""Pixels; a camera that has moved further looks at something else."""
_EVERY = 3
"""Of the pixels of the full size every third one each way is enough."""
_MOST = 15.0
"""Brightness: how much a difference counts for the mean."""
_OUTLIER = 2.0
"""Times the mean difference; larger ones are animals and leaves, and count hardly at all."""
_QUIET = 0.5
"""Brightness that a difference may have for nothing."""


class Reference:
    """A picture that others are laid upon, with what can be computed beforehand.

    The shift is the least-squares solution of difference = -gradient · shift (Lucas and Kanade 1981), for one
    translation of the whole picture, with little weight for large differences.
    """

    def __init__(self, picture: Picture) -> None:
        """Take the picture: (rows, columns) float32."""
        self._coarse = [_Level(small) for small in _coarse(picture)]
        self._fine = _Level(picture, every=_EVERY)

    def guess(self, picture: Picture) -> Shift:
        """Roughly how far a picture lies beside this one, in its pixels; what is too far to be true is none."""
        shift = STEADY
        for scale, level, small in zip(_SCALES, self._coarse, _coarse(picture), strict=True):
            here = (shift[0] / scale, shift[1] / scale)
            for _ in range(_ROUNDS):
                across, down = level.solve(laid_back(small, here) - level.picture)
                here = (here[0] + across, here[1] + down)
                if max(abs(across), abs(down)) < _CLOSE:
                    break
            shift = (here[0] * scale, here[1] * scale)
            # Not before the rounds are over: stretched as the steps are, the first ones go too far now and then.
            if max(abs(shift[0]), abs(shift[1])) > _FURTHEST:
                return STEADY
        return shift

    def refine(self, difference: Picture) -> Shift:
        """How far it still lies beside, by the difference that is left.

        Args:
            difference: (rows, columns) of the picture, as it was laid back, minus this one in the same light.
        """
        return self._fine.solve(difference)


def laid_back(picture: Picture, shift: Shift) -> Picture:
    """The picture moved by minus that shift; at the edges the last pixels are repeated."""
    if shift == STEADY:
        return picture
    rows, columns = picture.shape
    middle = ((columns - 1) / 2 + shift[0], (rows - 1) / 2 + shift[1])
    # A fifteenth of what warpAffine takes, and no rounding to 1/32 of a pixel.
    return cast("Picture", cv2.getRectSubPix(picture, (columns, rows), middle))


class _Level:
    """One size of the reference with its gradients, at every pixel or fewer."""

    def __init__(self, picture: Picture, *, every: int = 1) -> None:
        self.picture = picture
        self._every = slice(None, None, every)
        # Sobel's weights add up to 8 for a slope of 1 a pixel; the third term is the light, which changes contrasts.
        across, down = (cv2.Sobel(picture, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
        terms = (across, down, picture)
        self._terms = np.stack([term[self._every, self._every].reshape(-1) for term in terms])

    def solve(self, difference: Picture) -> Shift:
        """The shift that explains most of a difference, in pixels."""
        here = difference[self._every, self._every].reshape(-1)
        usual = float(np.mean(np.minimum(np.abs(here), _MOST))) + _QUIET
        weight = 1 / (1 + np.square(here * np.float32(1 / (_OUTLIER * usual))))
        weight *= weight
        weighted = self._terms * weight
        normal = (weighted @ self._terms.T).astype(np.float64)
        # A picture without any texture lies anywhere: it is taken to lie where it should.
        normal += (1e-3 * np.trace(normal) + 1.0) * np.eye(len(normal))
        across, down, _ = np.linalg.solve(normal, weighted @ -here)
        return _STRIDE * float(across), _STRIDE * float(down)


def _coarse(picture: Picture) -> tuple[Picture, Picture]:
    """Smaller, at both scales, and without the light: brightness against that of the wider surroundings."""
    quarter = _shrunk(picture, times=_SCALES[1])
    eighth = _shrunk(quarter, times=_SCALES[0] // _SCALES[1])
    return _unlit(eighth), _unlit(quarter)


def _shrunk(picture: Picture, *, times: int) -> Picture:
    rows, columns = (max(side // times, 1) for side in picture.shape)
    part = picture[: rows * times, : columns * times]
    return cast("Picture", cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA))


def _unlit(small: Picture) -> Picture:
    return cast("Picture", cv2.subtract(small, cv2.blur(small, (15, 15))))

"""What a fixed camera sees while nothing is there, how much of it moves by itself, and what differs from it now."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from insect_edge.regions.light import Lit, lit
from insect_edge.regions.steady import STEADY, Reference, Shift, laid_back

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.regions.movers import Mover

    Picture = NDArray[np.float32]
    Mask = NDArray[np.bool_]

_MOSTLY = 0.7
"""Part of the looks of the warm-up."""
_MOST = 60.0
"""Brightness: what differs more is nothing usual."""
_REFERENCE_SECONDS = 5.0
"""The background hardly changes within, so that pictures can be laid upon an older one."""
_HELD = 0.3
"""How much of the unrest where something was found is the place's own, and not of what was found."""
_RESTLESS = 5.0
"""Brightness by which a place changes from one step to the next that moves; noise does not."""
_BARE = 1.5
"""How many times the slopes of the background must be those of the picture."""
_RIM = 2
"""Pixels around a box that its outline may lie in."""
_BAND = 32
"""Rows that are sorted at a time."""
_STILL = 0.15
"""Pixels: a camera that sways by less stands still, and its picture is not blurred by moving it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundSettings:
    """How the background is learned; times are in seconds, brightness is 0 to 255.

    Attributes:
        warm_up: how long the scene is looked at before anything is said of it.
        looks: frames that the warm-up takes, at least.
        step: frames nearer to each other than this teach nothing new.
        fading: time in which two thirds of a lasting change have become background.
        memory: time in which two thirds of a place's unrest are forgotten.
        least: difference that always counts as none, in whole steps.
        spread: times the usual difference of a place that still counts as none.
        unrest: times the usual change of a place from one step to the next that still counts as none.
        reach: how far unrest spreads, in picture widths: leaves swing further in a gust.
    """

    warm_up: float = 4.0
    looks: int = 5
    step: float = 0.4
    fading: float = 30.0
    memory: float = 40.0
    least: int = 9
    spread: float = 4.0
    unrest: float = 2.0
    reach: float = 0.005


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """A picture beside the background; arrays are (rows, columns) float32.

    Attributes:
        now: brightness, moved to where the background lies, with its light.
        shift: by how much it was moved back.
        difference: from the background in the picture's light, signed.
        excess: how large that is, in units of what is usual there.
    """

    now: Lit
    shift: Shift
    difference: Picture
    excess: Picture

    @property
    def picture(self) -> Picture:
        """Brightness, moved to where the background lies."""
        return self.now.picture


class Background:
    """An adaptive picture of the empty scene, in arrays of the reduced picture's size."""

    def __init__(self, settings: BackgroundSettings) -> None:
        self._settings = settings
        self._samples: list[Picture] = []
        self._began = 0.0
        self._learned = -math.inf
        self._known = False

    def fits(self, picture: Picture) -> bool:
        """Whether it is known, of pictures of this size."""
        return self._known and self._mean.shape == picture.shape

    @property
    def restlessness(self) -> float:
        """Share of the scene that moves by itself, in [0, 1]; 1 of one that is not known."""
        return float(np.mean(self._unrest > _RESTLESS)) if self._known else 1.0

    def forget(self) -> None:
        """Begin anew."""
        self._known = False
        self._samples = []
        self._learned = -math.inf

    def watch(self, picture: Picture, *, at: float) -> None:
        """Take a frame of the warm-up; with the last one the background is known."""
        settings = self._settings
        if self._known or (self._samples and self._samples[0].shape != picture.shape):
            self.forget()
        if self._samples and at - self._learned < settings.step:
            return
        if not self._samples:
            self._began = at
        self._samples.append(picture)
        self._learned = at
        if len(self._samples) >= settings.looks and at - self._began >= settings.warm_up:
            self._start()

    def _start(self) -> None:
        """The median of the warm-up, each look laid upon the first: what was seen most of the time.

        Of how much a place moves by itself one that moved in nearly a third of the looks only, as it does where an
        animal passes, says nothing.
        """
        even = self._evenly_lit()
        self._samples = []
        self._before = Lit.measured(even[-1].copy())
        self._mean, self._usual, self._unrest = (np.empty_like(even[-1]) for _ in range(3))
        # Band by band: whole pictures would take several times the memory, and a program keeps what it once took.
        for top in range(0, len(self._mean), _BAND):
            rows = slice(top, top + _BAND)
            band = even[:, rows]
            self._mean[rows] = _quantile(band, 0.5)
            self._usual[rows] = _quantile(np.abs(band - self._mean[rows]), _MOSTLY)
            self._unrest[rows] = _quantile(np.abs(np.diff(band, axis=0)), _MOSTLY)
        self._lit_mean = Lit.measured(self._mean)
        self._known = True
        self._reference, self._referred = Reference(self._mean), self._learned
        self._set_sensitivity()

    def _evenly_lit(self) -> Picture:
        """The looks of the warm-up, laid upon the first and in its light: (looks, rows, columns)."""
        first = self._samples[0]
        even, reference = np.empty((len(self._samples), *first.shape), np.float32), Reference(first)
        like = Lit.measured(first)
        for place, sample in zip(even, self._samples, strict=True):
            place[:] = lit(Lit.measured(laid_back(sample, reference.guess(sample))), like)
        return even

    def compare(self, picture: Picture) -> Compared:
        """A picture beside the background, which is known."""
        shift = self._reference.guess(picture)
        if max(abs(shift[0]), abs(shift[1])) < _STILL:
            shift = STEADY
        now = Lit.measured(laid_back(picture, shift))
        expected = lit(self._lit_mean, now)
        difference = cv2.subtract(now.picture, expected)
        across, down = self._reference.refine(cast("Picture", difference))
        if max(abs(across), abs(down)) > _STILL:
            shift = (shift[0] + across, shift[1] + down)
            # So little further the light of its cells is the same.
            now = replace(now, picture=laid_back(picture, shift))
            difference = cv2.subtract(now.picture, expected)
        excess = cv2.absdiff(now.picture, expected)
        cv2.multiply(excess, self._sensitivity, dst=excess)
        _blank(cast("Picture", excess), shift)
        return Compared(now=now, shift=shift, difference=cast("Picture", difference), excess=cast("Picture", excess))

    def learn(self, compared: Compared, *, at: float, held: Mask, resting: Mask) -> None:
        """Let the scene's slow changes in.

        Args:
            compared: what `compare` returned.
            at: seconds.
            held: where something is that shall not become background.
            resting: where of that something rests that is no part of the place, however much it stirs.
        """
        settings, past = self._settings, at - self._learned
        if past < settings.step:
            return
        self._learned = at
        free_mask, held_mask = (~held).view(np.uint8), (held & ~resting).view(np.uint8)
        memory = 1 - math.exp(-past / min(settings.memory, max(at - self._began, settings.warm_up)))
        step = cv2.absdiff(compared.picture, lit(self._before, compared.now))
        learned = cv2.add(self._mean, compared.difference)
        cv2.accumulateWeighted(learned, self._mean, 1 - math.exp(-past / settings.fading), free_mask)
        _, difference = cv2.threshold(np.abs(compared.difference), _MOST, 0, cv2.THRESH_TRUNC)
        cv2.accumulateWeighted(difference, self._usual, memory, free_mask)
        cv2.accumulateWeighted(step, self._unrest, memory, free_mask)
        cv2.accumulateWeighted(step, self._unrest, memory * _HELD, held_mask)
        self._before, self._lit_mean = compared.now, Lit.measured(self._mean)
        self._set_sensitivity()
        if at - self._referred >= _REFERENCE_SECONDS:
            self._reference, self._referred = Reference(self._mean), at

    def is_bare(self, compared: Compared, mover: Mover) -> bool:
        """Whether a thing differs because something has left: the background shows an outline there, the picture none.

        Args:
            compared: what `compare` returned.
            mover: found in it.
        """
        now, before = (_outline(picture, mover) for picture in (compared.picture, self._mean))
        return before > _BARE * now

    def absorb(self, compared: Compared, mover: Mover) -> None:
        """Make what is there now the background at once, in the light the background has."""
        window = mover.window
        now, light = compared.picture[window], compared.picture[window] - compared.difference[window]
        self._mean[window] = np.clip(self._mean[window] * (now / np.maximum(light, 1)), 0, 255)
        self._lit_mean = Lit.measured(self._mean)

    def _set_sensitivity(self) -> None:
        """Compute beforehand what differences are divided by."""
        settings = self._settings
        size = 2 * round(settings.reach * self._usual.shape[1]) + 1
        kernel = np.ones((size, size), np.uint8)
        # In whole steps of brightness, of which the tolerance has nine at least: four times as fast.
        usual = cv2.blur(cv2.convertScaleAbs(self._usual, alpha=settings.spread), (3, 3))
        unrest = cv2.dilate(cv2.convertScaleAbs(self._unrest, alpha=settings.unrest), kernel)
        tolerance = cv2.max(cv2.max(usual, unrest), np.full_like(usual, settings.least))
        self._sensitivity = np.divide(np.float32(1), tolerance, dtype=np.float32)


def _outline(picture: Picture, mover: Mover) -> float:
    """Mean slope of the brightness around a thing's box, against the brightness."""
    rows, columns = (slice(max(side.start - _RIM, 0), side.stop + _RIM) for side in mover.window)
    part = picture[rows, columns]
    across, down = (cv2.Sobel(part, cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1)))
    return float(np.mean(cv2.magnitude(across, down)) / (np.mean(part) + 1))


def _blank(excess: Picture, shift: Shift) -> None:
    """Take out, in place, what the picture does not show of the background."""
    across, down = (math.ceil(abs(part)) for part in shift)
    if across:
        excess[:, :across] = 0
        excess[:, -across:] = 0
    if down:
        excess[:down] = 0
        excess[-down:] = 0


def _quantile(pictures: Picture, part: float) -> Picture:
    """Pixel by pixel the value that this part of the pictures, (pictures, rows, columns), stays below."""
    return cast("Picture", np.sort(pictures, axis=0)[int(part * len(pictures))])

"""What a fixed camera sees while nothing is there, how much of it moves by itself, and what differs from it now."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from insect_edge.regions.light import lit
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
        least: difference that always counts as none.
        spread: times the usual difference of a place that still counts as none.
        unrest: times the usual change of a place from one step to the next that still counts as none.
        reach: how far unrest spreads, in picture widths: leaves swing further in a gust.
    """

    warm_up: float = 4.0
    looks: int = 5
    step: float = 0.4
    fading: float = 30.0
    memory: float = 40.0
    least: float = 9.0
    spread: float = 4.0
    unrest: float = 3.0
    reach: float = 0.005


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """A picture beside the background; arrays are (rows, columns) float32.

    Attributes:
        picture: brightness, moved to where the background lies.
        shift: by how much it was moved back.
        difference: from the background in the picture's light, signed.
        excess: how large that is, in units of what is usual there.
    """

    picture: Picture
    shift: Shift
    difference: Picture
    excess: Picture


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
        first = Reference(self._samples[0])
        placed = [laid_back(sample, first.guess(sample)) for sample in self._samples]
        even = [lit(sample, placed[0]) for sample in placed]
        self._mean: Picture = _quantile(even, 0.5)
        self._usual: Picture = _quantile([np.abs(sample - self._mean) for sample in even], _MOSTLY)
        self._unrest: Picture = _quantile(
            [np.abs(later - sooner) for sooner, later in itertools.pairwise(even)], _MOSTLY
        )
        self._before = even[-1]
        self._samples = []
        self._known = True
        self._reference, self._referred = Reference(self._mean), self._learned
        self._set_sensitivity()

    def compare(self, picture: Picture) -> Compared:
        """A picture beside the background, which is known."""
        shift = self._reference.guess(picture)
        if max(abs(shift[0]), abs(shift[1])) < _STILL:
            shift = STEADY
        placed, difference = self._apart(picture, shift)
        across, down = self._reference.refine(difference)
        if max(abs(across), abs(down)) > _STILL:
            shift = (shift[0] + across, shift[1] + down)
            placed, difference = self._apart(picture, shift)
        excess = np.abs(difference) * self._sensitivity
        _blank(excess, shift)
        return Compared(picture=placed, shift=shift, difference=difference, excess=excess)

    def _apart(self, picture: Picture, shift: Shift) -> tuple[Picture, Picture]:
        placed = laid_back(picture, shift)
        return placed, cast("Picture", cv2.subtract(placed, lit(self._mean, placed)))

    def learn(self, compared: Compared, *, at: float, held: Mask) -> None:
        """Let the scene's slow changes in.

        Args:
            compared: what `compare` returned.
            at: seconds.
            held: where something is that shall not become background.
        """
        settings, past = self._settings, at - self._learned
        picture, difference = compared.picture, compared.difference
        if past < settings.step:
            return
        self._learned = at
        held_mask = held.astype(np.uint8)
        free_mask = 1 - held_mask
        memory = 1 - math.exp(-past / min(settings.memory, max(at - self._began, settings.warm_up)))
        step = cv2.absdiff(picture, lit(self._before, picture))
        cv2.accumulateWeighted(self._mean + difference, self._mean, 1 - math.exp(-past / settings.fading), free_mask)
        cv2.accumulateWeighted(np.minimum(np.abs(difference), _MOST), self._usual, memory, free_mask)
        cv2.accumulateWeighted(step, self._unrest, memory, free_mask)
        cv2.accumulateWeighted(step, self._unrest, memory * _HELD, held_mask)
        self._before = picture
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
        self._mean[window] *= now / np.maximum(light, 1)

    def _set_sensitivity(self) -> None:
        """Compute beforehand what differences are divided by."""
        settings = self._settings
        size = 2 * round(settings.reach * self._usual.shape[1]) + 1
        kernel = np.ones((size, size), np.uint8)
        unrest = cv2.dilate(self._unrest, kernel)
        tolerance = np.maximum(settings.spread * cv2.blur(self._usual, (3, 3)), settings.unrest * unrest)
        self._sensitivity = (1 / np.maximum(tolerance, settings.least)).astype(np.float32)


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


def _quantile(pictures: list[Picture], part: float) -> Picture:
    """Pixel by pixel the value that this part of the pictures stays below."""
    stack = np.stack(pictures)
    stack.sort(axis=0)
    return cast("Picture", stack[int(part * len(stack))])

"""Wide scenes: many small animals, what disturbs the view, and the truth of who can be seen where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.domain import Region
from insect_edge.garden.foliage import Foliage, Plant, branch, leaves
from insect_edge.garden.nuisances import Nuisance
from insect_edge.garden.rain import Rain
from insect_edge.garden.sight import HALF, Sight
from insect_edge.garden.sky import Sky
from insect_edge.garden.sprite import lay, placed
from insect_edge.garden.weather import Noise, sway
from insect_edge.garden.wide_ground import WIDE_GROUNDS
from insect_edge.garden.wide_visits import Visit, Visitors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.garden.wide_scenes import WideScene

_MARGIN = 0.012
"""Extra ground on each side, in frame heights: twice what the wind moves it."""
_SEEN = 128
"""Opacity (of 255) from which on a pixel shows the animal and not the ground, or the leaf and not the animal."""


class WideGarden:
    """Draws a wide scene.

    Args:
        scene: what happens.
        seed: of everything random.
        width: of the frames, in pixels.
        height: of the frames, in pixels.
        frames_per_second: how much time passes from one frame number to the next.
    """

    def __init__(self, scene: WideScene, *, seed: int, width: int, height: int, frames_per_second: float) -> None:
        self._width, self._height = width, height
        self._rate = frames_per_second
        self._nuisances = scene.nuisances
        self._margin = max(2, round(_MARGIN * height))
        around = {"width": width + 2 * self._margin, "height": height + 2 * self._margin}
        # Each part has a generator of its own: what is switched off changes nothing about the rest.
        self._ground = WIDE_GROUNDS[scene.ground](**around, generator=np.random.default_rng([seed, 1]))
        self._noise = Noise(width=width, height=height, generator=np.random.default_rng([seed, 2]))
        self._visitors = Visitors(scene.comings, seed=seed, width=width, height=height)
        self._foliage = Foliage(self._plants(seed), width=width, height=height)
        self._sky = Sky(width=width, height=height, seed=seed, nuisances=scene.nuisances)
        self._rain = Rain(width=width, height=height, seed=seed)

    def frame(self, number: int) -> NDArray[np.uint8]:
        """The picture of frame `number`.

        Returns:
            (height, width, 3) uint8 in B, G, R order; a new array.
        """
        seconds = number / self._rate
        shift = self._shift(seconds)
        frame = self._moved_ground(shift)
        for visit in self._visitors.at(seconds):
            drawing, pose = self._visitors.drawn(visit, seconds=seconds)
            lay(frame, drawing, pose, centre=self._centre(shift))
        self._foliage.grow(frame, seconds=seconds, shift=shift)
        exposure = self._sky.exposure(seconds)
        self._sky.shine(frame, seconds=seconds, light=exposure.light)
        if Nuisance.RAIN in self._nuisances:
            self._rain.fall(frame, number=number, seconds=seconds)
        if Nuisance.NOISE in self._nuisances:
            self._noise.add(frame, number=number, strength=exposure.noise)
        return frame

    def dark(self, number: int) -> NDArray[np.uint8]:
        """What the sensor delivers of frame `number` when there is no light: noise about black."""
        frame = np.zeros((self._height, self._width, 3), np.uint8)
        self._noise.add(frame, number=number)
        return frame

    def truths(self, number: int, *, least: float = HALF) -> tuple[Sight, ...]:
        """Which animals frame `number` shows.

        Args:
            number: of the frame.
            least: share of an animal that must be in the frame and uncovered; with 0 a single pixel is enough.
        """
        seconds = number / self._rate
        visits = self._visitors.at(seconds)
        if not visits:
            return ()
        shift = self._shift(seconds)
        covered = np.zeros((self._height, self._width), np.uint8)
        self._foliage.hide(covered, seconds=seconds, shift=shift, seen=_SEEN)
        sights = []
        # The last that is drawn lies on top.
        for visit in reversed(visits):
            sight = self._sight(visit, covered, seconds=seconds, centre=self._centre(shift))
            if sight is not None and sight.visible >= least:
                sights.append(sight)
        return tuple(reversed(sights))

    def _sight(
        self, visit: Visit, covered: NDArray[np.uint8], *, seconds: float, centre: tuple[float, float]
    ) -> Sight | None:
        """What is to be seen of that animal where nothing covers it; it covers what lies below."""
        drawing, pose = self._visitors.drawn(visit, seconds=seconds)
        body = placed(drawing, pose, shape=covered.shape, centre=centre)
        if body is None:
            return None
        window, picture = body
        solid = picture[..., 3] >= _SEEN
        seen = (solid & (covered[window] == 0)).astype(np.uint8)
        covered[window][solid] = 1
        area = cv2.countNonZero(seen)
        if not area:
            return None
        left, top, width, height = cv2.boundingRect(seen)
        whole = np.count_nonzero(drawing.picture.pixels[..., 3] >= _SEEN)
        return Sight(
            identity=visit.identity,
            label=visit.label,
            box=Region(
                x=(window[1].start + left) / self._width,
                y=(window[0].start + top) / self._height,
                width=width / self._width,
                height=height / self._height,
            ),
            moving=self._visitors.moving(visit, seconds=seconds),
            visible=float(min(area / (whole * (pose.size * self._height / drawing.side) ** 2), 1.0)),
        )

    def _plants(self, seed: int) -> list[Plant]:
        size = {"width": self._width, "height": self._height}
        plants = []
        if Nuisance.LEAVES in self._nuisances:
            plants += leaves(**size, generator=np.random.default_rng([seed, 3]))
        if Nuisance.BRANCH in self._nuisances:
            plants += branch(**size, generator=np.random.default_rng([seed, 4]))
        return plants

    def _shift(self, seconds: float) -> tuple[float, float]:
        """How far the wind has moved the picture to the right and down, in pixels."""
        if Nuisance.WIND not in self._nuisances:
            return 0.0, 0.0
        right, down = sway(seconds)
        return right * self._height, down * self._height

    def _centre(self, shift: tuple[float, float]) -> tuple[float, float]:
        """Where the middle of the ground lies in the frame, in pixels."""
        return self._width / 2 + shift[0], self._height / 2 + shift[1]

    def _moved_ground(self, shift: tuple[float, float]) -> NDArray[np.uint8]:
        margin = self._margin
        if shift == (0.0, 0.0):
            return self._ground[margin : margin + self._height, margin : margin + self._width].copy()
        moving = np.array([[1, 0, shift[0] - margin], [0, 1, shift[1] - margin]])
        moved = cv2.warpAffine(self._ground, moving, (self._width, self._height), flags=cv2.INTER_LINEAR)
        return moved.astype(np.uint8, copy=False)

"""A garden scene: pixels and truth for any frame number, the same for the same seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.domain import Region
from insect_edge.garden.animals import ANIMALS
from insect_edge.garden.ground import GROUNDS
from insect_edge.garden.motion import Pose, Timetable, Visit, pose_at, visit_at
from insect_edge.garden.sight import MOVED, Sight
from insect_edge.garden.sprite import STRIDES, Sprite, lay, outline, sprite
from insect_edge.garden.weather import Grass, Light, Noise, sway

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MARGIN = 0.012
"""Extra ground on each side, in frame heights: twice what the wind moves it."""
_SPRITE_SIDE = 0.75
"""Side of the drawings in frame heights: about as large as they are shown, so that scaling costs no sharpness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What happens and where.

    Attributes:
        ground: `leaf` or `soil`.
        timetable: who comes when.
    """

    ground: str
    timetable: Timetable


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What can really be seen in a frame.

    Attributes:
        label: who is there; None for nobody.
        box: the smallest upright box around the visible part of the animal; None for nobody.
        visit: number of the visit, from 0: the same animal has the same number; None for nobody.
    """

    label: str | None
    box: Region | None
    visit: int | None


NOBODY = Truth(label=None, box=None, visit=None)

_GARDEN = ("ants", "snail", "caterpillar", "grasshopper", "moth", "wasp")
"""The animals whose drawings the default model names most surely."""

SCENES: dict[str, Scene] = {
    "garden": Scene(ground="leaf", timetable=Timetable(animals=_GARDEN)),
    "busy": Scene(ground="leaf", timetable=Timetable(animals=_GARDEN, first=2.0, visit=8.0, gap=3.0)),
    "rush": Scene(ground="leaf", timetable=Timetable(animals=_GARDEN, first=0.3, visit=1.0, gap=0.5)),
    "empty": Scene(ground="leaf", timetable=Timetable(animals=())),
    **{
        label: Scene(ground="soil" if label == "earthworms" else "leaf", timetable=Timetable(animals=(label,)))
        for label in ANIMALS
    },
}
"""By name: animals in turn, in quick succession, one after the other, nobody at all, or always the same one."""


class Garden:
    """Draws a scene.

    Args:
        scene: what happens.
        seed: of the ground, the visits and the noise.
        width: of the frames, in pixels.
        height: of the frames, in pixels.
        frames_per_second: how much time passes from one frame number to the next.
    """

    def __init__(self, scene: Scene, *, seed: int, width: int, height: int, frames_per_second: float) -> None:
        self._scene = scene
        self._seed = seed
        self._width, self._height = width, height
        self._rate = frames_per_second
        self._margin = max(2, round(_MARGIN * height))
        generator = np.random.default_rng(seed)
        size = {"width": width + 2 * self._margin, "height": height + 2 * self._margin}
        self._ground = GROUNDS[scene.ground](**size, generator=generator)
        self._light = Light(width=width, height=height, generator=generator)
        self._noise = Noise(width=width, height=height, generator=generator)
        self._grass = Grass(width=width, height=height, seed=seed) if scene.ground == "leaf" else None

    def frame(self, number: int) -> NDArray[np.uint8]:
        """The picture of frame `number`.

        Returns:
            (height, width, 3) uint8 in B, G, R order; a new array.
        """
        seconds = number / self._rate
        frame = self._moved_ground(seconds)
        visitor = self._visitor(number)
        if visitor is not None:
            _, pose, drawing = visitor
            lay(frame, drawing, pose, centre=self._centre(seconds))
        if self._grass is not None:
            self._grass.grow(frame, seconds=seconds)
        self._light.shine(frame, seconds=seconds)
        self._noise.add(frame, number=number)
        return frame

    def dark(self, number: int) -> NDArray[np.uint8]:
        """What the sensor delivers of frame `number` when there is no light: noise about black."""
        frame = np.zeros((self._height, self._width, 3), np.uint8)
        self._noise.add(frame, number=number)
        return frame

    def truth(self, number: int) -> Truth:
        """What frame `number` shows."""
        visitor = self._visitor(number)
        if visitor is None:
            return NOBODY
        visit, pose, drawing = visitor
        corners = outline(drawing, pose, height=self._height, centre=self._centre(number / self._rate))
        low = np.clip(corners.min(axis=0) / (self._width, self._height), 0, 1)
        high = np.clip(corners.max(axis=0) / (self._width, self._height), 0, 1)
        if (high - low).min() <= 0:
            return NOBODY
        box = Region(x=float(low[0]), y=float(low[1]), width=float(high[0] - low[0]), height=float(high[1] - low[1]))
        return Truth(label=visit.label, box=box, visit=visit.number)

    def truths(self, number: int) -> tuple[Sight, ...]:
        """Which animals frame `number` shows: one or none."""
        truth = self.truth(number)
        if truth.label is None or truth.box is None or truth.visit is None:
            return ()
        return (Sight(identity=truth.visit, label=truth.label, box=truth.box, moving=self._moving(number)),)

    def _moving(self, number: int) -> bool:
        """Whether the visitor's middle has moved over the ground within the last second."""
        now, before = (
            visit_at(self._scene.timetable, seconds=number / self._rate - ago, seed=self._seed) for ago in (0.0, 1.0)
        )
        if now is None or before is None or before.number != now.number:
            return True
        aspect = self._width / self._height
        ends = [pose_at(visit, seed=self._seed, aspect=aspect) for visit in (now, before)]
        return math.hypot(ends[0].x - ends[1].x, ends[0].y - ends[1].y) > MOVED * aspect

    def _visitor(self, number: int) -> tuple[Visit, Pose, Sprite] | None:
        visit = visit_at(self._scene.timetable, seconds=number / self._rate, seed=self._seed)
        if visit is None:
            return None
        pose = pose_at(visit, seed=self._seed, aspect=self._width / self._height)
        step = round((pose.stride + 1) / 2 * (len(STRIDES) - 1))
        side = max(16, round(_SPRITE_SIDE * self._height))
        return visit, pose, sprite(visit.label, step=step, side=side, seed=self._seed)

    def _centre(self, seconds: float) -> tuple[float, float]:
        """Where the middle of the swaying ground lies in the frame, in pixels."""
        right, down = sway(seconds)
        return self._width / 2 + right * self._height, self._height / 2 + down * self._height

    def _moved_ground(self, seconds: float) -> NDArray[np.uint8]:
        right, down = sway(seconds)
        shift = np.array(
            [
                [1, 0, right * self._height - self._margin],
                [0, 1, down * self._height - self._margin],
            ]
        )
        moved = cv2.warpAffine(self._ground, shift, (self._width, self._height), flags=cv2.INTER_LINEAR)
        return moved.astype(np.uint8, copy=False)

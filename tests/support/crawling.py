"""A small plain world for finders: textured ground, animals that are ellipses, and what disturbs the view."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.domain import Region

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Picture = NDArray[np.float32]

_PAD = 40
"""Pixels by which the field of noise is larger than the frame: it lies elsewhere in every frame."""
_SHARP = 4
"""Bits of a fraction of a pixel that OpenCV draws with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawler:
    """An ellipse with a way.

    Attributes:
        place: its middle at a number of seconds, in pixels; None while it is away.
        length: in pixels.
        breadth: in pixels.
        brightness: of its back, 0 to 255.
    """

    place: Callable[[float], tuple[float, float] | None]
    length: float = 30.0
    breadth: float = 14.0
    brightness: float = 40.0


@dataclass(slots=True, kw_only=True)
class Ground:
    """A world of that size, drawn frame by frame.

    Attributes:
        width: of the frames, in pixels.
        height: of the frames, in pixels.
        seed: of texture and noise.
        crawlers: who is about.
        light: brightness of a picture's light at a number of seconds: a factor, or one for each pixel.
        leaves: how many swing.
        gust: how far they swing at a number of seconds, in pixels.
        drops: streaks of rain in each frame.
    """

    width: int = 640
    height: int = 360
    seed: int = 0
    crawlers: tuple[Crawler, ...] = ()
    light: Callable[[float], float | Picture] = lambda _: 1.0
    leaves: int = 0
    gust: Callable[[float], float] = lambda _: 12.0
    drops: int = 0
    _texture: Picture = field(init=False)
    _noise: Picture = field(init=False)

    def __post_init__(self) -> None:
        """Draw the ground once."""
        generator = np.random.default_rng(self.seed)
        texture = np.full((self.height, self.width), 120, np.float32)
        for cells, strength in ((60, 14), (15, 10), (4, 6)):
            coarse = generator.standard_normal((self.height // cells + 2, self.width // cells + 2)).astype(np.float32)
            texture += strength * cv2.resize(coarse, (self.width, self.height), interpolation=cv2.INTER_CUBIC)
        self._texture = texture
        shape = (self.height + _PAD, self.width + _PAD)
        self._noise = 2.2 * generator.standard_normal(shape, dtype=np.float32)

    def frame(self, seconds: float) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 at that moment."""
        generator = np.random.default_rng([self.seed, round(seconds * 1000)])
        picture = self._texture.copy()
        for crawler in self.crawlers:
            _lay(picture, crawler, crawler.place(seconds), crawler.place(seconds + 0.1))
        self._grow_leaves(picture, seconds)
        picture *= self.light(seconds)
        self._rain(picture, generator)
        across, down = generator.integers(0, _PAD, 2)
        picture += self._noise[down : down + self.height, across : across + self.width]
        return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)

    def truths(self, seconds: float) -> list[Region]:
        """Boxes of the animals that are there and wholly in the frame."""
        boxes = [_box(crawler, crawler.place(seconds), crawler.place(seconds + 0.1)) for crawler in self.crawlers]
        size = (self.width, self.height)
        return [
            Region(x=left / size[0], y=top / size[1], width=(right - left) / size[0], height=(bottom - top) / size[1])
            for left, top, right, bottom in (box for box in boxes if box is not None)
            if left >= 0 and top >= 0 and right <= size[0] and bottom <= size[1]
        ]

    def _rain(self, picture: Picture, generator: np.random.Generator) -> None:
        if self.drops:
            streaks = np.zeros(picture.shape, np.uint8)
            for x, y in generator.uniform((0, 0), (self.width, self.height), (self.drops, 2)).astype(int).tolist():
                cv2.line(streaks, (x, y), (x + 3, y + 30), 60, 1, cv2.LINE_AA)
            picture += streaks

    def _grow_leaves(self, picture: Picture, seconds: float) -> None:
        generator = np.random.default_rng([self.seed, 1])
        for _ in range(self.leaves):
            x, y = generator.uniform(0, self.width), generator.uniform(0, self.height)
            phase, pace, tone = generator.uniform(0, 7), generator.uniform(1.5, 4), generator.uniform(60, 190)
            moved = self.gust(seconds) * math.sin(pace * seconds + phase)
            centre = (round((x + moved) * 2**_SHARP), round((y + 0.4 * moved) * 2**_SHARP))
            axes = (round(self.width * 0.04 * 2**_SHARP), round(self.width * 0.015 * 2**_SHARP))
            angle = 50 * phase + moved
            cv2.ellipse(picture, centre, axes, angle, 0, 360, tone, cv2.FILLED, cv2.LINE_AA, _SHARP)


def walk(
    start: tuple[float, float], *, speed: tuple[float, float], begin: float = 0.0, end: float = 1e9
) -> Callable[[float], tuple[float, float] | None]:
    """Straight on from `start` at `begin` seconds with a speed in pixels a second; away before and after."""

    def place(seconds: float) -> tuple[float, float] | None:
        if not begin <= seconds < end:
            return None
        return start[0] + speed[0] * (seconds - begin), start[1] + speed[1] * (seconds - begin)

    return place


def _heading(here: tuple[float, float], there: tuple[float, float] | None) -> float:
    if there is None or there == here:
        return 0.0
    return math.degrees(math.atan2(there[1] - here[1], there[0] - here[0]))


def _lay(
    picture: Picture, crawler: Crawler, here: tuple[float, float] | None, there: tuple[float, float] | None
) -> None:
    if here is None:
        return
    centre = (round(here[0] * 2**_SHARP), round(here[1] * 2**_SHARP))
    axes = (round(crawler.length / 2 * 2**_SHARP), round(crawler.breadth / 2 * 2**_SHARP))
    angle = _heading(here, there)
    cv2.ellipse(picture, centre, axes, angle, 0, 360, crawler.brightness, cv2.FILLED, cv2.LINE_AA, _SHARP)


def _box(
    crawler: Crawler, here: tuple[float, float] | None, there: tuple[float, float] | None
) -> tuple[float, float, float, float] | None:
    if here is None:
        return None
    angle = math.radians(_heading(here, there))
    across = math.hypot(crawler.length / 2 * math.cos(angle), crawler.breadth / 2 * math.sin(angle))
    down = math.hypot(crawler.length / 2 * math.sin(angle), crawler.breadth / 2 * math.cos(angle))
    return here[0] - across, here[1] - down, here[0] + across, here[1] + down

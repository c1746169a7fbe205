"""Plants above the animals: leaves, blades of grass and a branch that the wind moves, and that hide what is below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.garden.canvas import Canvas, Skin
from insect_edge.garden.ground import LEAF_COLOURS
from insect_edge.garden.noise import soft
from insect_edge.garden.outline import curve, smooth, tube
from insect_edge.garden.sprite import Layer, cropped, multiply, warped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

_SHADOW_OPACITY = 0.45
"""Of the shadow that is drawn along with a plant; below one half: it does not count as hiding what it darkens."""
_TWIG_COLOUR = 0x5A4430
_BLADE_COLOURS = (0x4F7A2E, 0x5F8C38, 0x436B28, 0x78A048)

Picture = tuple[tuple[slice, slice], "NDArray[np.uint8]"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plant:
    """Something that grows from one point and sways about it.

    Attributes:
        layer: its picture, B, G, R premultiplied with alpha, and alpha.
        root: (2,) where it grows from, in pixels of the square it was drawn in.
        place: (2,) where its root is in the frame, in pixels.
        turned: radians clockwise that it is turned where there is no wind.
        swing: radians that a strong gust turns it to either side.
        hurry: how fast it swings, 1 for a small leaf.
        phase: radians; no two swing in step.
    """

    layer: Layer
    root: NDArray[np.float64]
    place: NDArray[np.float64]
    turned: float
    swing: float
    hurry: float
    phase: float

    def placing(self, seconds: float) -> NDArray[np.float64]:
        """(2, 3) from pixels of its square to pixels of the frame, at that moment."""
        angle = self.turned + self.swing * gust(seconds, hurry=self.hurry, phase=self.phase)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        return np.column_stack([turn, self.place - turn @ self.root])


def gust(seconds: float, *, hurry: float, phase: float) -> float:
    """How far the wind bends a plant at that moment, in [-1, 1]: quick swings in gusts that come and go."""
    strength = 0.55 + 0.3 * math.sin(seconds / 7.3 + 0.2 * phase) + 0.15 * math.sin(seconds / 2.9 + phase)
    swing = 0.7 * math.sin(2.3 * hurry * seconds + phase) + 0.3 * math.sin(4.1 * hurry * seconds + 2 * phase)
    return strength * swing


def leaves(*, width: int, height: int, generator: np.random.Generator) -> list[Plant]:
    """Leaves that reach in over the edges, a few in the middle of the picture, and two tufts of grass."""
    plants = []
    for number in range(12):
        side = max(12, round(float(generator.uniform(0.14, 0.30)) * height))
        if number < 8:  # noqa: PLR2004 # two thirds at the edges
            place, turned = _at_the_edge(width, height, generator=generator)
        else:
            place = generator.uniform(0.15, 0.85, 2) * (width, height)
            turned = float(generator.uniform(0, 2 * math.pi))
        swing, hurry = float(generator.uniform(0.10, 0.25)), float(generator.uniform(0.7, 1.2))
        plants.append(
            _plant(_leaf, side=side, place=place, turned=turned, swing=swing, hurry=hurry, generator=generator)
        )
    for share in (0.12, 0.8):
        side = max(16, round(0.32 * height))
        place = np.array([width * (share + float(generator.uniform(-0.08, 0.08))), height * 1.02])
        plants.append(
            _plant(_tuft, side=side, place=place, turned=-math.pi / 2, swing=0.10, hurry=0.6, generator=generator)
        )
    return plants


def branch(*, width: int, height: int, generator: np.random.Generator) -> list[Plant]:
    """A branch with leaves that reaches in from above, left or right."""
    side = max(32, round(0.62 * height))
    left = bool(generator.uniform() < 0.5)  # noqa: PLR2004 # either side
    place = np.array([-0.01 * width if left else 1.01 * width, height * float(generator.uniform(0.0, 0.35))])
    turned = 0.45 if left else math.pi - 0.45
    return [_plant(_branch, side=side, place=place, turned=turned, swing=0.07, hurry=0.45, generator=generator)]


class Foliage:
    """Everything that grows above the animals.

    Args:
        plants: the lowest first.
        width: of the frames, in pixels.
        height: of the frames, in pixels.
    """

    def __init__(self, plants: list[Plant], *, width: int, height: int) -> None:
        self._plants = plants
        self._shape = (height, width)

    def grow(self, frame: NDArray[np.uint8], *, seconds: float, shift: tuple[float, float]) -> None:
        """Draw it as it is at that moment, in place; the wind has moved the whole picture by `shift` pixels."""
        for window, picture in self._pictures(seconds, shift):
            multiply(frame[window], 255 - picture[..., 3])
            cv2.add(frame[window], picture[..., :3], dst=frame[window])

    def hide(self, covered: NDArray[np.uint8], *, seconds: float, shift: tuple[float, float], seen: int) -> None:
        """Set `covered` to 1 in place where it hides what is below, from the opacity `seen` (of 255) on."""
        for window, picture in self._pictures(seconds, shift):
            covered[window][picture[..., 3] >= seen] = 1

    def _pictures(self, seconds: float, shift: tuple[float, float]) -> Iterator[Picture]:
        for plant in self._plants:
            picture = warped(plant.layer, plant.placing(seconds), offset=np.array(shift), shape=self._shape)
            if picture is not None:
                yield picture


def _plant(  # what a plant is, one keyword each
    draw: Callable[[Canvas, np.random.Generator], None],
    *,
    side: int,
    place: NDArray[np.float64],
    turned: float,
    swing: float,
    hurry: float,
    generator: np.random.Generator,
) -> Plant:
    """Drawn growing to the right from the left edge of its square, and made to cast a shadow."""
    canvas = Canvas(size=side, seed=int(generator.integers(2**31)))
    draw(canvas, generator)
    picture = canvas.finished()
    shade = soft(picture[..., 3], spread=max(side / 30, 1.0)).astype(np.float32) * _SHADOW_OPACITY
    away = np.array(
        [[1.0, 0.0, side * 0.06 * math.cos(0.8 - turned)], [0.0, 1.0, side * 0.06 * math.sin(0.8 - turned)]]
    )
    cast = cv2.warpAffine(shade, away, (side, side)) * (1 - picture[..., 3] / np.float32(255))
    picture[..., 3] += np.rint(cast).astype(np.uint8)
    return Plant(
        layer=cropped(picture, seen=picture[..., 3]),
        root=np.array([side * 0.05, side * 0.5]),
        place=np.asarray(place, np.float64),
        turned=turned,
        swing=swing,
        hurry=hurry,
        phase=float(generator.uniform(0, 2 * math.pi)),
    )


def _at_the_edge(width: int, height: int, *, generator: np.random.Generator) -> tuple[NDArray[np.float64], float]:
    """A place just outside one of the edges, and the direction into the picture."""
    edge = int(generator.integers(4))
    along = float(generator.uniform(0.05, 0.95))
    places = ((along, -0.01), (1.01, along), (along, 1.01), (-0.01, along))
    inwards = (math.pi / 2, math.pi, -math.pi / 2, 0.0)
    lean = float(generator.uniform(-0.6, 0.6))
    return np.array(places[edge]) * (width, height), inwards[edge] + lean


def _leaf(canvas: Canvas, generator: np.random.Generator) -> None:
    colour = int(generator.choice(LEAF_COLOURS))
    stalk = np.array([(-0.9, 0.0), (-0.45, 0.02)])
    canvas.fill(tube(stalk, radii=(0.035, 0.025)), Skin(colour=0x8AA85A, gloss=0.1))
    _blade(canvas, at=(0.2, 0.0), length=0.72, turned=0.0, colour=colour)


def _blade(canvas: Canvas, *, at: tuple[float, float], length: float, turned: float, colour: int) -> None:
    """One leaf about its middle, its tip to the right, turned clockwise by `turned` radians."""
    turn = np.array([[math.cos(turned), math.sin(turned)], [-math.sin(turned), math.cos(turned)]])
    outline = smooth(((1.0, 0.0), (0.45, 0.36), (-0.4, 0.42), (-0.95, 0.0), (-0.4, -0.42), (0.45, -0.36)))
    canvas.fill(outline * length @ turn + at, Skin(colour=colour, gloss=0.2, roundness=0.3, grain=0.04))
    vein = np.array([(-0.95, 0.0), (0.95, 0.0)]) * length @ turn + at
    canvas.fill(tube(vein, radii=(0.025 * length, 0.010 * length)), Skin(colour=0x9AB86A, gloss=0.0))


def _tuft(canvas: Canvas, generator: np.random.Generator) -> None:
    for _ in range(7):
        root, lean = float(generator.uniform(-0.25, 0.25)), float(generator.uniform(-0.6, 0.6))
        tip = float(generator.uniform(0.3, 0.95))
        spine = curve(((-0.95, root), (-0.3, root + 0.25 * lean), (tip, root + lean)))
        colour = int(generator.choice(_BLADE_COLOURS))
        canvas.fill(tube(spine, radii=(0.035, 0.035, 0.02, 0.005)), Skin(colour=colour, gloss=0.15, grain=0.03))


def _branch(canvas: Canvas, generator: np.random.Generator) -> None:
    spine = curve(((-0.98, 0.0), (-0.4, 0.06), (0.2, -0.05), (0.75, 0.08)))
    canvas.fill(tube(spine, radii=(0.035, 0.028, 0.018, 0.008)), Skin(colour=_TWIG_COLOUR, gloss=0.1, grain=0.2))
    for number in range(9):
        x, y = spine[2 + number * (len(spine) - 3) // 8]
        turned = (0.7 + float(generator.uniform(-0.2, 0.3))) * (1 if number % 2 else -1)
        length = float(generator.uniform(0.11, 0.17))
        middle = (float(x) + math.cos(turned) * length, float(y) + math.sin(turned) * length)
        _blade(canvas, at=middle, length=length, turned=turned, colour=int(generator.choice(LEAF_COLOURS)))

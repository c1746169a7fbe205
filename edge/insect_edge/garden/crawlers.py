"""Long soft animals seen from above, heads to the right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.garden import patterns
from insect_edge.garden.canvas import Skin
from insect_edge.garden.outline import Point, curve, ellipse, smooth, tube

if TYPE_CHECKING:
    from insect_edge.garden.canvas import Canvas

_MANTLE = (
    (0.62, 0.0),
    (0.52, 0.15),
    (0.28, 0.18),
    (0.06, 0.14),
    (0.0, 0.0),
    (0.06, -0.16),
    (0.28, -0.19),
    (0.52, -0.15),
)
_SEGMENTS = 11
_SADDLE = slice(44, 54)
"""Points of the earthworm's spine under its thickened part, a third of the way from its head."""


def slug(canvas: Canvas, *, stride: float) -> None:
    """A brown slug: furrowed, with a smooth mantle behind its head."""
    reach = 0.04 * stride
    plain = Skin(colour=0x6E4A2C, gloss=0.75, sharpness=12, grain=0.25, ambient=0.45)
    skin = replace(plain, second=0x2E1C10, pattern=patterns.slug_furrows)
    for side in (-1, 1):
        tip = (0.95 + reach, 0.17 * side)
        canvas.fill(tube(((0.74, 0.05 * side), tip), radii=(0.030, 0.016)), skin)
        canvas.fill(ellipse(at=tip, radii=(0.026, 0.026)), replace(plain, colour=0x1A100A))
        canvas.fill(tube(((0.78, 0.03 * side), (0.88 + reach, 0.07 * side)), radii=(0.022, 0.012)), skin)
    spine = curve(((-0.95, 0.10 - reach), (-0.55, 0.03), (-0.10, -0.03), (0.35, 0.0), (0.80 + reach, 0.02)))
    fringe = replace(plain, colour=0xA0693A)
    canvas.fill(tube(spine, radii=(0.03, 0.16, 0.215, 0.225, 0.205, 0.15, 0.075)), fringe)
    canvas.fill(tube(spine, radii=(0.02, 0.14, 0.19, 0.20, 0.185, 0.135, 0.06)), skin)
    mantle = replace(plain, colour=0x7A5231, grain=0.3, grain_cell=0.012, roundness=0.8)
    canvas.fill(smooth(_MANTLE), mantle)


def caterpillar(canvas: Canvas, *, stride: float) -> None:
    """A green caterpillar: a row of plump segments with dark spots, bristles and a yellow line."""
    along = np.linspace(0, 1, _SEGMENTS)
    bend = 0.08 * np.sin(along * 7 + 2 * stride) - 0.05 * stride * np.sin(along * np.pi)
    for share, y in zip(along, bend, strict=True):
        _segment(canvas, at=(-0.84 + 1.56 * float(share), float(y)), radius=0.15 + 0.055 * float(np.sin(share * np.pi)))
    head = Skin(colour=0x5A3A1C, gloss=0.7, ambient=0.5)
    canvas.fill(ellipse(at=(0.83, float(bend[-1])), radii=(0.10, 0.125)), head)


def _segment(canvas: Canvas, *, at: Point, radius: float) -> None:
    x, y = at
    skin = Skin(colour=0x86A83A, second=0xE8D44A, gloss=0.3, sharpness=16, grain=0.10, ambient=0.5)
    bristle = Skin(colour=0x2A2A18, gloss=0.1, ambient=0.6)
    for side in (-1, 1):
        foot = ((x, y + 0.7 * radius * side), (x + 0.02, y + (radius + 0.06) * side))
        canvas.fill(tube(foot, radii=(0.035, 0.02)), replace(skin, colour=0x5E7A28))
        for lean in (-0.05, 0.05):
            hair = ((x, y + 0.5 * radius * side), (x + lean, y + (radius + 0.10) * side))
            canvas.fill(tube(hair, radii=(0.006, 0.003)), bristle)
    lined = replace(skin, pattern=lambda across, down: patterns.seam(across, down - np.float32(y)))
    canvas.fill(ellipse(at=at, radii=(0.105, radius)), lined)
    for side in (-1, 1):
        canvas.fill(ellipse(at=(x + 0.01, y + 0.55 * radius * side), radii=(0.022, 0.022)), bristle)


def earthworm(canvas: Canvas, *, stride: float) -> None:
    """An earthworm: a long pink ringed tube with its saddle."""
    sway = 0.06 * stride
    bends = ((-0.92, 0.30), (-0.66, -0.06 + sway), (-0.30, -0.22), (0.04, 0.10 - sway))
    spine = curve((*bends, (0.36, 0.26), (0.64, -0.02 + sway), (0.92, -0.20)))
    plain = Skin(colour=0xB4766A, gloss=0.75, sharpness=12, grain=0.10, ambient=0.45)
    ringed = replace(plain, second=0x7E4A44, pattern=patterns.rings)
    canvas.fill(tube(spine, radii=(0.028, 0.055, 0.064, 0.066, 0.066, 0.07, 0.062, 0.05, 0.02)), ringed)
    canvas.fill(tube(spine[_SADDLE], radii=(0.072, 0.078, 0.072)), replace(plain, colour=0xCE9384))

"""Animals seen from the side, heads to the right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.garden import patterns
from insect_edge.garden.canvas import Skin
from insect_edge.garden.outline import Point, curve, ellipse, smooth, tube

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.garden.canvas import Canvas

_SHELL = (
    (0.34, 0.22),
    (0.30, -0.14),
    (0.10, -0.44),
    (-0.20, -0.54),
    (-0.48, -0.42),
    (-0.62, -0.12),
    (-0.54, 0.16),
    (-0.30, 0.30),
    (0.06, 0.32),
)
_FOOT_SOLE = ((0.70, 0.40), (0.30, 0.44), (-0.30, 0.44), (-0.70, 0.43))
_FOOT_BACK = ((-0.66, 0.32), (-0.30, 0.24), (0.20, 0.20), (0.48, 0.12), (0.62, 0.04))
_WEEVIL_LEGS = (
    ((0.40, 0.10), (0.62, 0.02), (0.62, 0.34), (0.76, 0.46)),
    ((0.06, 0.20), (0.20, 0.14), (0.12, 0.40), (0.22, 0.50)),
    ((-0.22, 0.18), (-0.38, 0.12), (-0.52, 0.38), (-0.44, 0.50)),
)
_WEEVIL_THORAX = ((0.62, -0.02), (0.54, 0.14), (0.36, 0.20), (0.24, 0.06), (0.28, -0.14), (0.46, -0.17))
_WEEVIL_BACK = (
    (0.34, -0.08),
    (0.28, 0.20),
    (-0.10, 0.30),
    (-0.52, 0.24),
    (-0.80, 0.06),
    (-0.72, -0.16),
    (-0.38, -0.34),
    (0.06, -0.30),
)
_HOPPER_ABDOMEN = (
    (0.50, 0.12),
    (0.10, 0.18),
    (-0.40, 0.16),
    (-0.78, 0.06),
    (-0.76, 0.0),
    (-0.30, -0.06),
    (0.30, -0.10),
)
_HOPPER_WING = ((0.40, -0.10), (0.0, -0.12), (-0.50, -0.06), (-0.92, 0.04), (-0.80, 0.08), (-0.30, 0.06), (0.30, 0.06))
_HOPPER_THORAX = ((0.58, -0.14), (0.56, 0.14), (0.40, 0.18), (0.26, 0.12), (0.26, -0.14), (0.42, -0.18))
_HOPPER_HEAD = ((0.78, -0.12), (0.76, 0.10), (0.66, 0.22), (0.56, 0.16), (0.54, -0.12), (0.64, -0.20))


def snail(canvas: Canvas, *, stride: float) -> None:
    """A garden snail: banded shell, long foot, four feelers."""
    stretch = 0.03 * stride
    skin = Skin(colour=0x8E7557, second=0x5E4A35, pattern=patterns.wrinkles, gloss=0.5, sharpness=14, grain=0.22)
    for root, tip in (((0.66, 0.14), (0.90, -0.28)), ((0.60, 0.12), (0.72, -0.34))):
        moved = (tip[0] + stretch, tip[1])
        canvas.fill(tube((root, moved), radii=(0.036, 0.019)), skin)
        canvas.fill(ellipse(at=moved, radii=(0.032, 0.032)), replace(skin, colour=0x3A2C20))
    for tip in ((0.94, 0.30), (0.86, 0.34)):
        canvas.fill(tube(((0.74, 0.24), (tip[0] + stretch, tip[1])), radii=(0.026, 0.014)), skin)
    head = ((0.76 + stretch, 0.14), (0.82 + stretch, 0.28))
    canvas.fill(smooth((*head, *_FOOT_SOLE, (-0.95 - stretch, 0.42), *_FOOT_BACK)), skin)
    shell = Skin(colour=0xB98A4C, second=0x4A2C14, pattern=patterns.spiral, gloss=0.6, sharpness=22, grain=0.10)
    canvas.fill(smooth(_SHELL), replace(shell, roundness=0.9, ambient=0.45))


def weevil(canvas: Canvas, *, stride: float) -> None:
    """A vine weevil: dark, pitted, with a long snout and elbowed feelers."""
    limb = Skin(colour=0x2A221C, gloss=0.3, ambient=0.5)
    armour = Skin(colour=0x2E2822, second=0x0C0A08, pattern=patterns.pits, gloss=0.45, sharpness=14, ambient=0.45)
    armour = replace(armour, grain=0.3, grain_cell=0.012)
    for number, joints in enumerate(_WEEVIL_LEGS):
        swing = 0.06 * stride * (-1) ** number
        _leg(canvas, [(x + 0.08, y - 0.03) for x, y in joints], limb, swing=-swing)
        _leg(canvas, joints, limb, swing=swing)
    canvas.fill(tube(curve(((0.52, 0.0), (0.68, 0.06), (0.80, 0.22))), radii=(0.085, 0.06, 0.055)), armour)
    canvas.fill(tube(((0.74, 0.12), (0.86, -0.06), (0.98, 0.06)), radii=(0.014, 0.012, 0.022)), limb)
    canvas.fill(smooth(_WEEVIL_THORAX), armour)
    canvas.fill(smooth(_WEEVIL_BACK), armour)
    canvas.fill(ellipse(at=(0.57, -0.05), radii=(0.03, 0.035)), Skin(colour=0x050404, gloss=0.9))


def grasshopper(canvas: Canvas, *, stride: float) -> None:
    """A green grasshopper, its hind leg folded."""
    plain = Skin(colour=0x7E9A34, gloss=0.3, grain=0.14, ambient=0.5)
    ringed = replace(plain, second=0x5A6E22, pattern=patterns.hopper_rings)
    wing = replace(plain, colour=0x8A7A42, second=0x5E5228, pattern=patterns.hopper_wing, roundness=0.5)
    swing = 0.05 * stride
    canvas.fill(tube(((0.44, 0.14), (0.56, 0.34), (0.70 + swing, 0.52)), radii=(0.032, 0.022, 0.014)), ringed)
    canvas.fill(tube(((0.26, 0.16), (0.20, 0.36), (0.32 - swing, 0.54)), radii=(0.032, 0.022, 0.014)), ringed)
    canvas.fill(smooth(_HOPPER_ABDOMEN), ringed)
    canvas.fill(smooth(_HOPPER_WING), wing)
    canvas.fill(smooth(_HOPPER_THORAX), plain)
    canvas.fill(smooth(_HOPPER_HEAD), replace(plain, colour=0x92AC44))
    canvas.fill(ellipse(at=(0.69, -0.09), radii=(0.045, 0.055)), Skin(colour=0x3A2A14, gloss=0.9))
    canvas.fill(tube(curve(((0.72, -0.16), (0.84, -0.34), (0.98, -0.42))), radii=(0.014, 0.010, 0.008)), plain)
    thigh = replace(ringed, colour=0x88A63C)
    canvas.fill(tube(((0.16, 0.10), (-0.44, -0.40)), radii=(0.10, 0.085, 0.05, 0.03)), thigh)
    shin = ((-0.44, -0.40), (-0.50, 0.10), (-0.46, 0.50), (-0.32 + swing, 0.54))
    canvas.fill(tube(shin, radii=(0.032, 0.022, 0.020, 0.014)), ringed)


def _leg(canvas: Canvas, joints: Sequence[Point], skin: Skin, *, swing: float) -> None:
    """One leg whose foot is `swing` further forward for each joint after the first."""
    moved = [(x + swing * number, y) for number, (x, y) in enumerate(joints)]
    canvas.fill(tube(moved, radii=(0.040, 0.055, 0.028, 0.020)), skin)

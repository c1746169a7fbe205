"""Insects that walk, seen from above, heads to the right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.garden import patterns
from insect_edge.garden.canvas import Skin
from insect_edge.garden.limbs import body, eyes, feelers, legs
from insect_edge.garden.outline import curve, ellipse, smooth, tube

if TYPE_CHECKING:
    from insect_edge.garden.canvas import Canvas

_ANT_LEGS = (
    ((0.20, 0.06), (0.36, 0.28), (0.62, 0.40), (0.74, 0.54)),
    ((0.08, 0.07), (0.06, 0.36), (-0.04, 0.58), (-0.02, 0.76)),
    ((-0.02, 0.06), (-0.22, 0.30), (-0.52, 0.50), (-0.74, 0.66)),
)
_ANT_FEELERS = ((0.60, 0.06), (0.70, 0.26), (0.90, 0.34), (0.97, 0.26))
_BEETLE_LEGS = (
    ((0.36, 0.16), (0.50, 0.36), (0.72, 0.42), (0.84, 0.54)),
    ((0.14, 0.22), (0.12, 0.48), (0.02, 0.64), (0.04, 0.80)),
    ((-0.06, 0.22), (-0.28, 0.46), (-0.58, 0.58), (-0.76, 0.74)),
)
_EARWIG_LEGS = (
    ((0.44, 0.08), (0.54, 0.26), (0.66, 0.30), (0.72, 0.40)),
    ((0.28, 0.09), (0.26, 0.30), (0.18, 0.40), (0.16, 0.50)),
    ((0.18, 0.09), (0.04, 0.32), (-0.14, 0.42), (-0.24, 0.52)),
)


def ant(canvas: Canvas, *, stride: float) -> None:
    """A black garden ant: three parts, a waist, elbowed feelers."""
    limb = Skin(colour=0x2A1C16, gloss=0.35, ambient=0.5)
    armour = Skin(colour=0x2B1D18, gloss=0.55, sharpness=18, grain=0.12, ambient=0.4)
    banded = replace(armour, second=0x6B5140, pattern=patterns.ant_bands)
    legs(canvas, joints=_ANT_LEGS, radii=(0.030, 0.030, 0.020, 0.016, 0.010), skin=limb, stride=stride)
    feelers(canvas, joints=_ANT_FEELERS, radii=(0.014, 0.014, 0.016, 0.018, 0.016), skin=limb, bent=True)
    for side in (-1, 1):
        jaw = ((0.66, 0.02), (0.70, 0.10), (0.78, 0.07), (0.80, 0.01))
        canvas.fill(smooth([(x, y * side) for x, y in jaw]), limb)
    canvas.fill(ellipse(at=(-0.16, 0.0), radii=(0.05, 0.055)), armour)
    body(canvas, half=((-0.16, 0.0), (-0.26, 0.15), (-0.46, 0.23), (-0.66, 0.16), (-0.80, 0.0)), skin=banded)
    body(canvas, half=((0.38, 0.0), (0.28, 0.11), (0.12, 0.12), (-0.02, 0.08), (-0.12, 0.0)), skin=armour)
    body(canvas, half=((0.70, 0.0), (0.66, 0.13), (0.50, 0.17), (0.38, 0.11), (0.35, 0.0)), skin=armour)
    eyes(canvas, at=(0.55, 0.135), radii=(0.035, 0.025), skin=Skin(colour=0x0A0808, gloss=0.9))


def beetle(canvas: Canvas, *, stride: float) -> None:
    """A ground beetle: shining black, furrowed wing cases."""
    limb = Skin(colour=0x201814, gloss=0.5, ambient=0.5)
    plate = Skin(colour=0x1D2126, gloss=0.75, sharpness=14, grain=0.08, ambient=0.5)
    case = replace(plate, second=0x05060A, pattern=patterns.furrows, gloss=0.7)
    legs(canvas, joints=_BEETLE_LEGS, radii=(0.040, 0.040, 0.026, 0.020, 0.012), skin=limb, stride=stride)
    feelers(canvas, joints=((0.66, 0.08), (0.80, 0.22), (0.94, 0.40)), radii=(0.018, 0.016, 0.012), skin=limb)
    for side in (-1, 1):
        jaw = ((0.70, 0.03), (0.76, 0.11), (0.85, 0.08), (0.88, 0.0))
        canvas.fill(smooth([(x, y * side) for x, y in jaw]), limb)
    body(canvas, half=((0.76, 0.0), (0.72, 0.11), (0.58, 0.13), (0.50, 0.0)), skin=plate)
    body(canvas, half=((0.58, 0.0), (0.54, 0.20), (0.38, 0.26), (0.24, 0.21), (0.18, 0.0)), skin=plate)
    body(canvas, half=((0.24, 0.0), (0.18, 0.24), (-0.10, 0.34), (-0.50, 0.29), (-0.78, 0.10), (-0.84, 0.0)), skin=case)
    canvas.fill(tube(((0.20, 0.0), (-0.82, 0.0)), radii=(0.008, 0.006)), replace(limb, colour=0x020304, gloss=0.0))
    eyes(canvas, at=(0.66, 0.12), radii=(0.03, 0.03), skin=Skin(colour=0x30251C, gloss=0.9))


def earwig(canvas: Canvas, *, stride: float) -> None:
    """An earwig: long and brown, with pincers behind."""
    limb = Skin(colour=0xB98A3E, gloss=0.3, ambient=0.55)
    plate = Skin(colour=0x5A2C14, gloss=0.55, sharpness=16, ambient=0.5)
    rear = replace(plate, second=0x2A120A, pattern=patterns.plates)
    case = Skin(colour=0x8A5526, gloss=0.4, sharpness=16, ambient=0.5)
    legs(canvas, joints=_EARWIG_LEGS, radii=(0.028, 0.026, 0.018, 0.012), skin=limb, stride=stride)
    feelers(canvas, joints=((0.70, 0.05), (0.84, 0.16), (0.98, 0.34)), radii=(0.018, 0.016, 0.012, 0.010), skin=limb)
    for side in (-1, 1):
        pincer = ((-0.60, 0.05), (-0.74, 0.14), (-0.88, 0.11), (-0.97, 0.01))
        bow = curve([(x, y * side) for x, y in pincer])
        canvas.fill(tube(bow, radii=(0.036, 0.028, 0.018, 0.008)), replace(plate, colour=0x7A3E18))
    body(canvas, half=((0.22, 0.0), (0.14, 0.10), (-0.20, 0.14), (-0.48, 0.12), (-0.62, 0.08), (-0.64, 0.0)), skin=rear)
    body(canvas, half=((0.42, 0.0), (0.40, 0.10), (0.20, 0.12), (0.10, 0.11), (0.09, 0.0)), skin=case)
    canvas.fill(tube(((0.40, 0.0), (0.10, 0.0)), radii=(0.006, 0.006)), replace(case, colour=0x3A1D0A, gloss=0.0))
    body(canvas, half=((0.58, 0.0), (0.56, 0.09), (0.46, 0.11), (0.38, 0.10), (0.37, 0.0)), skin=plate)
    body(canvas, half=((0.76, 0.0), (0.72, 0.08), (0.62, 0.10), (0.56, 0.07), (0.55, 0.0)), skin=plate)
    eyes(canvas, at=(0.66, 0.085), radii=(0.028, 0.022), skin=Skin(colour=0x0A0705, gloss=0.8))

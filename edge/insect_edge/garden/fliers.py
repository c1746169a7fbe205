"""Insects with wings to be seen, from above, heads to the right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.garden import patterns
from insect_edge.garden.canvas import Skin
from insect_edge.garden.limbs import body, eyes, feelers, legs
from insect_edge.garden.outline import Point, smooth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.garden.canvas import Canvas

_WASP_LEGS = (
    ((0.36, 0.10), (0.46, 0.32), (0.64, 0.40), (0.72, 0.54)),
    ((0.22, 0.12), (0.20, 0.40), (0.08, 0.56), (0.06, 0.72)),
    ((0.12, 0.10), (-0.10, 0.40), (-0.36, 0.60), (-0.56, 0.74)),
)
_WASP_ABDOMEN = ((0.02, 0.0), (-0.08, 0.11), (-0.28, 0.21), (-0.54, 0.18), (-0.80, 0.05), (-0.90, 0.0))
_WASP_WING = ((0.28, 0.12), (0.0, 0.24), (-0.40, 0.40), (-0.74, 0.42), (-0.72, 0.32), (-0.36, 0.22), (0.10, 0.10))
_BEE_LEGS = (
    ((0.38, 0.16), (0.50, 0.34), (0.62, 0.38), (0.70, 0.46)),
    ((0.22, 0.20), (0.20, 0.44), (0.10, 0.52), (0.08, 0.62)),
    ((0.08, 0.18), (-0.14, 0.42), (-0.30, 0.48), (-0.44, 0.56)),
)
_BEE_ABDOMEN = ((0.08, 0.0), (0.0, 0.20), (-0.26, 0.29), (-0.56, 0.20), (-0.78, 0.04), (-0.80, 0.0))
_BEE_WING = ((0.28, 0.16), (0.04, 0.34), (-0.34, 0.56), (-0.58, 0.54), (-0.54, 0.38), (-0.20, 0.24), (0.12, 0.14))
_MOTH_HIND_WING = ((0.10, 0.04), (-0.10, 0.46), (-0.42, 0.62), (-0.68, 0.50), (-0.74, 0.24), (-0.56, 0.06))
_MOTH_FORE_WING = (
    (0.38, 0.05),
    (0.34, 0.30),
    (0.16, 0.66),
    (0.02, 0.92),
    (-0.16, 0.88),
    (-0.34, 0.62),
    (-0.42, 0.28),
    (-0.10, 0.06),
)


def wasp(canvas: Canvas, *, stride: float) -> None:
    """A paper wasp: yellow and black bands, narrow waist, smoky wings folded backwards."""
    limb = Skin(colour=0xC98A1B, gloss=0.3, ambient=0.55)
    black = Skin(colour=0x17120E, gloss=0.45, ambient=0.5)
    banded = Skin(colour=0xF2C21A, second=0x15100C, pattern=patterns.wasp_bands, gloss=0.4, sharpness=20, ambient=0.5)
    thorax = replace(black, second=0xE8B81C, pattern=patterns.wasp_thorax)
    feelers(canvas, joints=((0.62, 0.05), (0.74, 0.20), (0.94, 0.30)), radii=(0.018, 0.02, 0.022, 0.016), skin=black)
    legs(canvas, joints=_WASP_LEGS, radii=(0.032, 0.030, 0.020, 0.014, 0.010), skin=limb, stride=stride)
    body(canvas, half=_WASP_ABDOMEN, skin=banded)
    body(canvas, half=((0.44, 0.0), (0.38, 0.14), (0.22, 0.18), (0.06, 0.10), (0.0, 0.0)), skin=thorax)
    face = replace(banded, pattern=patterns.wasp_face)
    body(canvas, half=((0.64, 0.0), (0.60, 0.13), (0.50, 0.17), (0.42, 0.10), (0.41, 0.0)), skin=face)
    eyes(canvas, at=(0.54, 0.125), radii=(0.075, 0.045), turned=-25, skin=Skin(colour=0x1A0F0A, gloss=0.8))
    wing = Skin(colour=0x8A5A22, second=0x3A230D, pattern=patterns.wing_veins, gloss=0.25, opacity=0.5)
    _wings(canvas, _WASP_WING, replace(wing, roundness=0.1, ambient=0.8))


def bee(canvas: Canvas, *, stride: float) -> None:
    """A honey bee: furry, amber and brown bands, clear wings."""
    limb = Skin(colour=0x2A1A10, gloss=0.2, ambient=0.5)
    fur = Skin(colour=0x9A6C2C, gloss=0.0, grain=0.4, grain_cell=0.018, ambient=0.5)
    banded = replace(fur, colour=0xC8872A, second=0x2A170C, pattern=patterns.bee_bands, gloss=0.2, grain=0.25)
    joints = ((0.66, 0.05), (0.76, 0.16), (0.90, 0.20))
    feelers(canvas, joints=joints, radii=(0.016, 0.018, 0.014), skin=limb, bent=True)
    legs(canvas, joints=_BEE_LEGS, radii=(0.036, 0.036, 0.034, 0.016), skin=limb, stride=stride)
    body(canvas, half=_BEE_ABDOMEN, skin=banded)
    body(canvas, half=((0.48, 0.0), (0.42, 0.20), (0.24, 0.25), (0.06, 0.18), (0.0, 0.0)), skin=fur)
    face = replace(fur, colour=0x5A3E1C)
    body(canvas, half=((0.68, 0.0), (0.64, 0.14), (0.52, 0.18), (0.44, 0.10), (0.43, 0.0)), skin=face)
    eyes(canvas, at=(0.57, 0.14), radii=(0.085, 0.042), turned=-20, skin=Skin(colour=0x120C0A, gloss=0.8))
    wing = Skin(colour=0xD8CDB8, second=0x5A4326, pattern=patterns.wing_veins, gloss=0.4, opacity=0.45)
    _wings(canvas, _BEE_WING, replace(wing, roundness=0.1, ambient=0.8))


def moth(canvas: Canvas, *, stride: float) -> None:
    """A brown moth at rest, its wings spread flat."""
    fur = Skin(colour=0xB59B74, gloss=0.0, grain=0.35, grain_cell=0.012, ambient=0.5, roundness=0.8)
    hind = Skin(colour=0xC9B28C, second=0x8F7550, pattern=patterns.scallops, gloss=0.0, grain=0.14, grain_cell=0.015)
    hind = replace(hind, roundness=0.12, ambient=0.6)
    fore = replace(hind, colour=0xAE9066, second=0x53391F, pattern=patterns.moth_bands, grain=0.22)
    feelers(canvas, joints=((0.50, 0.04), (0.66, 0.16), (0.82, 0.34)), radii=(0.012, 0.016, 0.010), skin=fur)
    front = (((0.44, 0.06), (0.58, 0.16), (0.70, 0.18)),)
    legs(canvas, joints=front, radii=(0.020, 0.014), skin=fur, stride=0.3 * stride)
    _wings(canvas, _MOTH_HIND_WING, hind)
    _wings(canvas, _MOTH_FORE_WING, fore)
    body(canvas, half=((0.20, 0.0), (0.10, 0.08), (-0.20, 0.085), (-0.50, 0.05), (-0.58, 0.0)), skin=fur)
    collar = replace(fur, colour=0x8E7148)
    body(canvas, half=((0.48, 0.0), (0.42, 0.10), (0.24, 0.13), (0.06, 0.08), (0.02, 0.0)), skin=collar)
    face = replace(fur, colour=0xA98C60)
    body(canvas, half=((0.56, 0.0), (0.52, 0.07), (0.44, 0.08), (0.40, 0.0)), skin=face)
    eyes(canvas, at=(0.50, 0.07), radii=(0.028, 0.024), skin=Skin(colour=0x120C08, gloss=0.9))


def _wings(canvas: Canvas, outline: Sequence[Point], skin: Skin) -> None:
    """A pair of wings from the outline of the lower one."""
    for side in (-1, 1):
        canvas.fill(smooth([(x, y * side) for x, y in outline]), skin)

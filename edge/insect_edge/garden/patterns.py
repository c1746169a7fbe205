"""What is drawn on skins: fields over a drawing's x and y, 0 where the first colour is, 1 where the second is."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Field: TypeAlias = NDArray[np.float32]


def above(values: Field, level: float, *, strength: float = 1.0) -> Field:
    """`strength` where `values` exceed `level`, else 0."""
    return np.where(values > level, np.float32(strength), np.float32(0)).astype(np.float32)


def ridge(values: Field, width: float) -> Field:
    """1 where `values` are 0, falling off smoothly within about `width`."""
    result: Field = np.exp(-((values / width) ** 2)).astype(np.float32)
    return result


def largest(*fields: Field) -> Field:
    """Patterns laid over each other."""
    result: Field = np.maximum.reduce(fields)
    return result


def seam(x: Field, y: Field) -> Field:
    """A pale line along the back."""
    return ridge(y + 0 * x, 0.03)


def rings(x: Field, y: Field) -> Field:
    """The rings of an earthworm, across a body that lies slantwise."""
    return above(np.sin((x + 0.4 * y) * 150), 0.35, strength=0.6)


def plates(x: Field, y: Field) -> Field:
    """The dark hind edges of the plates of a long abdomen."""
    return above(np.sin(x * 62 + 0 * y), 0.8)


def ant_bands(x: Field, y: Field) -> Field:
    """The pale edges of an ant's abdominal plates."""
    return above(np.cos((x - 0.1 * y**2) * 44), 0.93, strength=0.55)


def furrows(x: Field, y: Field) -> Field:
    """The lengthwise furrows of a beetle's wing cases, closing up towards the tip."""
    return above(np.cos(y * 95 / (1.05 - 0.5 * (x + 0.25) ** 2)), 0.55, strength=0.8)


def wasp_bands(x: Field, y: Field) -> Field:
    """Black bands with two points each on a wasp's abdomen."""
    return above(np.sin((x + 0.03 * np.cos(np.abs(y) * 30)) * 36 + 1.2), 0.1)


def wasp_thorax(x: Field, y: Field) -> Field:
    """Two yellow lines along a wasp's thorax and one across."""
    return largest(above(-np.abs(np.abs(y) - 0.10), -0.022) + 0 * x, above(-np.abs(x - 0.07), -0.02) + 0 * y)


def wasp_face(x: Field, y: Field) -> Field:
    """The black band between a wasp's eyes."""
    return above(-np.abs(x - 0.50) + 0 * y, -0.03)


def bee_bands(x: Field, y: Field) -> Field:
    """Brown bands on a honey bee's abdomen."""
    return above(np.sin((x - 0.25 * y**2) * 34 + 0.4), 0.0, strength=0.9)


def wing_veins(x: Field, y: Field) -> Field:
    """Veins along and across a wing folded backwards, and its darker front edge."""
    along = above(-np.abs(np.sin((np.abs(y) - 0.24 + 0.21 * x) * 45)), -0.16)
    across = above(-np.abs(np.sin(x * 17 + np.abs(y) * 8)), -0.07)
    return largest(along, across, above(np.abs(y) - 0.1 * x, 0.40))


def moth_bands(x: Field, y: Field) -> Field:
    """Zigzag cross lines, a dark kidney spot, a darker middle field and a dark outer edge."""
    outwards = np.hypot(x - 0.40, np.abs(y)) + 0.02 * np.sin(np.arctan2(np.abs(y), 0.4 - x) * 26)
    lines = largest(ridge(outwards - 0.42, 0.025), ridge(outwards - 0.74, 0.03))
    kidney = ridge(np.hypot(x - 0.06, np.abs(y) - 0.46), 0.05)
    middle = above(0.14 - np.abs(outwards - 0.58), 0.0, strength=0.45)
    return largest(lines, kidney, middle, above(outwards, 0.93, strength=0.7))


def scallops(x: Field, y: Field) -> Field:
    """A wavy line and a dusky edge on a moth's hind wing."""
    outwards = np.hypot(x - 0.10, np.abs(y)) + 0.015 * np.sin(np.arctan2(np.abs(y), 0.1 - x) * 30)
    return largest(ridge(outwards - 0.58, 0.025), above(outwards, 0.74, strength=0.6))


def wrinkles(x: Field, y: Field) -> Field:
    """The net of wrinkles on a snail's foot."""
    net = np.sin(x * 60 + 6 * np.sin(y * 30)) * np.sin(y * 52 + 4 * np.sin(x * 20))
    return above(net, 0.15, strength=0.6)


def spiral(x: Field, y: Field) -> Field:
    """Brown bands along a logarithmic spiral with a dark seam, and fine growth lines across."""
    right, down = x + 0.12, y + 0.10
    angle = np.arctan2(down, right)
    turns = np.log(np.hypot(right, down) + 0.02) / 0.62 - angle / (2 * np.pi)
    within = turns - np.floor(turns)
    bands = largest(above(0.07 - np.abs(within - 0.12), 0.0), above(0.05 - np.abs(within - 0.84), 0.0))
    growth = above(np.sin(angle * 55), 0.4, strength=0.18)
    return largest(ridge(within - 0.5, 0.05), 0.75 * bands + growth)


def slug_furrows(x: Field, y: Field) -> Field:
    """Lengthwise furrows with cross links."""
    lengthwise = np.sin(y * 75 + 3.0 * np.sin(x * 17))
    return above(lengthwise + 0.6 * np.sin(x * 42 + 4 * np.sin(y * 25)), 0.7, strength=0.8)


def pits(x: Field, y: Field) -> Field:
    """Rows of pits on a weevil's armour."""
    return above(np.cos(x * 70) * np.cos(y * 85 + x * 18), 0.35, strength=0.8)


def hopper_rings(x: Field, y: Field) -> Field:
    """Dusky rings round a grasshopper's abdomen."""
    return above(np.sin(x * 48 + 0 * y), 0.85, strength=0.7)


def hopper_wing(x: Field, y: Field) -> Field:
    """Lengthwise veins on a grasshopper's fore wing."""
    return above(np.sin(y * 90 + x * 8), 0.5, strength=0.5)

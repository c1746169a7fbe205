"""Which animals can be drawn, by the names the default model gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from insect_edge.garden import crawlers, fliers, insects, profiles

if TYPE_CHECKING:
    from insect_edge.garden.canvas import Canvas


class Draw(Protocol):
    """Draws one animal, its head to the right, one moment of its step."""

    def __call__(self, canvas: Canvas, *, stride: float) -> None:
        """Draw with the first legs `stride` (-1 … 1) forward."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    """How one animal is drawn and how it moves.

    Attributes:
        draw: its drawing.
        from_above: seen from above it may head anywhere; seen from the side it stays upright.
        steps: strides per length of its own body.
    """

    draw: Draw
    from_above: bool = True
    steps: float = 5.0


ANIMALS: dict[str, Animal] = {
    "ants": Animal(draw=insects.ant),
    "bees": Animal(draw=fliers.bee),
    "beetle": Animal(draw=insects.beetle),
    "caterpillar": Animal(draw=crawlers.caterpillar, steps=3.0),
    "earthworms": Animal(draw=crawlers.earthworm, steps=2.0),
    "earwig": Animal(draw=insects.earwig),
    "grasshopper": Animal(draw=profiles.grasshopper, from_above=False, steps=3.0),
    "moth": Animal(draw=fliers.moth, steps=3.0),
    "slug": Animal(draw=crawlers.slug, steps=1.5),
    "snail": Animal(draw=profiles.snail, from_above=False, steps=1.5),
    "wasp": Animal(draw=fliers.wasp),
    "weevil": Animal(draw=profiles.weevil, from_above=False),
}

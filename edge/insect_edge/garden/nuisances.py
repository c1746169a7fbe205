"""What disturbs the view of a wide scene, by name."""

from __future__ import annotations

import enum


class Nuisance(enum.StrEnum):
    """Something that changes the picture and is no animal."""

    LEAVES = "leaves"
    """Leaves of plants and blades of grass, at the edges and in the picture, that sway above the animals."""
    BRANCH = "branch"
    """A branch that reaches into the picture and swings."""
    CLOUDS = "clouds"
    """Shadows of clouds that drift over the ground."""
    DUSK = "dusk"
    """Dusk and dawn once an hour, which the camera makes up for in steps."""
    EXPOSURE = "exposure"
    """Steps in brightness now and then, as a camera makes them that thinks better of its exposure."""
    RAIN = "rain"
    """Showers: streaks, splashes on the ground, drops on the lens."""
    WIND = "wind"
    """The whole picture sways."""
    NOISE = "noise"
    """That of a small sensor."""

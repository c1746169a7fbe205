"""What a finder is told: how to look, where, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from insect_edge.domain import Region
    from insect_edge.regions.areas import Area

Mode = Literal["whole", "areas", "grid", "motion", "contrast", "auto"]
MODES: tuple[Mode, ...] = get_args(Mode)
SMALLEST_MOVING = 0.012
"""Frame widths: what moves and is shorter cannot be told from noise."""
SMALLEST_STANDING = 0.006
"""The same of what stands out from its surroundings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionSettings:
    """How a frame is searched.

    Attributes:
        mode: which finder.
        areas: in mode `areas` what is looked at, else where is looked; none for the whole frame.
        view: what mode `whole` looks at; None for the centred square.
        max_crops: most regions of one frame that the model is shown, at least 1.
        budget_ms: milliseconds of inference after which no further region of a frame is begun.
        smallest: width or height of an animal, whichever is longer, in frame widths; smaller things are none. None for
            what each finder can tell from noise.
        largest: the same, for things that are too large.
        tiles: sides of the square tiles of mode `grid`, in fractions of the frame's shorter side.
        tile_overlap: how much of a tile its neighbour shows again, in [0, 0.8].
        most: proposals of one frame where animals are searched; what there is beyond is counted only.
    """

    mode: Mode = "whole"
    areas: tuple[Area, ...] = ()
    view: Region | None = None
    max_crops: int = 8
    budget_ms: float = 250.0
    smallest: float | None = None
    largest: float = 0.25
    tiles: tuple[float, ...] = (0.5,)
    tile_overlap: float = 0.25
    most: int = 500

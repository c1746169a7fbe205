"""The section of the configuration file that says where in a frame to look."""

# Annotations stay real objects here: pydantic reads them when the classes are made.

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from insect_edge.config.types import Areas, Conflict, Must, Section, Tiles, Unit
from insect_edge.domain import Region
from insect_edge.regions.areas import Area, AreaFinder
from insect_edge.regions.grid import GridFinder
from insect_edge.regions.settings import SMALLEST_MOVING, SMALLEST_STANDING, Mode

USUAL_FRAME = (1920, 1080)
"""Width and height by which parts of a frame are counted before there is one."""
SMALLEST = {"motion": SMALLEST_MOVING, "auto": SMALLEST_MOVING, "contrast": SMALLEST_STANDING}
"""By mode, where the file does not say it: in `auto` what is smaller would never be seen to move."""
Width = Annotated[float, Field(ge=0.002, le=1), Must("a part of the frame's width, from 0.002 to 1")]


class Regions(Section):
    """Where in a frame to look, and how much of it."""

    mode: Mode = "whole"
    areas: Areas = ()
    max_crops: Annotated[int, Field(ge=1, le=100)] = 8
    budget_ms: Annotated[float, Field(ge=1, le=60_000), Unit("milliseconds")] = 250.0
    smallest: Width | None = None
    largest: Width = 0.25
    tiles: Tiles = (0.5,)
    tile_overlap: Annotated[float, Field(ge=0, le=0.8)] = 0.25

    def conflicts(self) -> Iterator[Conflict]:
        """Areas, tiles and the mode need each other; something must lie between the smallest and the largest."""
        if self.mode == "areas" and not self.areas:
            yield Conflict(("mode", "areas"), "nothing says which: write areas = [[x, y, width, height]]")
        if self.mode == "whole" and self.areas:
            yield Conflict(
                ("areas", "mode"), 'mode = "whole" looks at [camera] region: choose mode = "areas" or another'
            )
        if self.smallest is not None and self.smallest >= self.largest:
            yield Conflict(
                ("smallest", "largest"),
                f"not below largest = {self.largest:g}, so no animal would be of the right size",
            )
        least = SMALLEST.get(self.mode)
        if self.smallest is None and least is not None and self.largest <= least:
            yield Conflict(
                ("largest", "mode"),
                f'not above {least:g}, the smallest that mode = "{self.mode}" tells from noise: write more than that',
            )
        for key in ("tiles", "tile_overlap"):
            if self.mode != "grid" and getattr(self, key) != type(self).model_fields[key].default:
                yield Conflict(
                    (key, "mode"), f'mode = "{self.mode}" has no tiles: choose mode = "grid", or take it out'
                )

    def places(self, *, limit: Region | None) -> int:
        """How many parts of a frame are looked at in turns; 0 where animals are searched.

        Args:
            limit: the part that the camera's section names; None for all of the frame.
        """
        areas = self.areas or (() if limit is None else (Area.of(limit),))
        if self.mode == "grid":
            return len(GridFinder(tiles=self.tiles, overlap=self.tile_overlap, areas=areas).places(*USUAL_FRAME))
        return len(AreaFinder(areas).places(*USUAL_FRAME)) if self.mode == "areas" else 0

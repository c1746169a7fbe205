"""The section of the configuration file that says where in a frame to look."""

# Annotations stay real objects here: pydantic reads them when the classes are made.

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from insect_edge.config.types import Areas, Conflict, Must, Section, Tiles, Unit
from insect_edge.regions.settings import Mode

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
        """Areas and the mode need each other; something must lie between the smallest and the largest."""
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

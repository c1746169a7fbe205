"""From the settings to the finder they mean."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.regions.areas import AreaFinder, Limited
from insect_edge.regions.auto import AutoFinder, AutoSettings
from insect_edge.regions.contrast import ContrastFinder, ContrastSettings
from insect_edge.regions.grid import GridFinder
from insect_edge.regions.keeping import Keeping
from insect_edge.regions.motion import MotionFinder, MotionSettings
from insect_edge.regions.whole import WholeFinder

if TYPE_CHECKING:
    from insect_edge.regions.finder import Finder
    from insect_edge.regions.settings import RegionSettings


def make_finder(settings: RegionSettings) -> Finder:
    """The finder of a mode."""
    if settings.mode == "whole":
        return WholeFinder(settings.view)
    if settings.mode == "areas":
        return AreaFinder(settings.areas)
    if settings.mode == "grid":
        return GridFinder(tiles=settings.tiles, overlap=settings.tile_overlap, areas=settings.areas)
    if settings.areas:
        return Limited(_searching(replace(settings, most=sys.maxsize)), settings.areas, most=settings.most)
    return _searching(settings)


def _searching(settings: RegionSettings) -> Finder:
    """The finders that look for animals themselves."""
    if settings.mode == "motion":
        return _motion(settings)
    contrast = _contrast(settings)
    if settings.mode == "contrast":
        return Keeping(contrast, most=settings.most)
    return AutoFinder(motion=_motion(settings), contrast=contrast, settings=AutoSettings(most=settings.most))


def _motion(settings: RegionSettings) -> MotionFinder:
    own = MotionSettings()
    smallest = own.smallest if settings.smallest is None else settings.smallest
    return MotionFinder(replace(own, smallest=smallest, largest=settings.largest, most=settings.most))


def _contrast(settings: RegionSettings) -> ContrastFinder:
    own = ContrastSettings()
    smallest = own.smallest if settings.smallest is None else settings.smallest
    return ContrastFinder(replace(own, smallest=smallest, largest=settings.largest, most=settings.most))

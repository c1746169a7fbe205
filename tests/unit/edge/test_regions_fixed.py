"""Finders that look at the same places always: the whole, areas and tiles."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.domain import Region
from insect_edge.regions.areas import Area, AreaFinder, Limited
from insect_edge.regions.choice import make_finder
from insect_edge.regions.context import shown
from insect_edge.regions.grid import GridFinder
from insect_edge.regions.merge import bounded
from insect_edge.regions.settings import RegionSettings
from insect_edge.regions.whole import WholeFinder
from insect_edge.sightings import Found, Origin
from support.proposals import box, empty_frame, frame, proposal

TRIANGLE = Area(((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))


def test_the_whole_is_one_look() -> None:
    """Mode `whole` proposes what the camera's section says, else the centred square."""
    (middle,) = WholeFinder(None).find(empty_frame(200, 100)).proposals
    assert (middle.region, middle.origin) == (box(0.25, 0, 0.5, 1), Origin.WHOLE)
    (chosen,) = WholeFinder(Region.whole()).find(empty_frame(200, 100)).proposals
    assert chosen.region == Region.whole()


def test_a_triangle_holds_what_is_left_of_its_slope() -> None:
    """A polygon is more than the box around it."""
    assert TRIANGLE.holds(0.2, 0.2)
    assert not TRIANGLE.holds(0.8, 0.8)
    assert TRIANGLE.bounds == Region.whole()


def test_a_hollow_polygon_does_not_hold_its_bay() -> None:
    """An area may be bent like a U."""
    bent = Area(((0.0, 0.0), (0.3, 0.0), (0.3, 0.7), (0.7, 0.7), (0.7, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
    assert bent.holds(0.1, 0.1)
    assert not bent.holds(0.5, 0.3)


@pytest.mark.parametrize(
    "corners",
    [
        ((0, 0), (1, 1)),
        ((0, 0), (1, 0), (1.2, 1)),
        ((0, 0), (0.5, 0), (1, 0)),
        ((0.5, 0), (0.5, 1), (0.5, 0)),
        ((0, 0), (1, 1), (0.3, 0.3)),
    ],
)
def test_what_is_no_area_is_refused(corners: tuple[tuple[float, float], ...]) -> None:
    """Two corners, one outside the frame, or all in a line make none."""
    with pytest.raises(ValueError, match="an area needs"):
        Area(corners)


@given(
    x=st.floats(0, 0.5),
    y=st.floats(0, 0.5),
    width=st.floats(0.01, 0.5),
    height=st.floats(0.01, 0.5),
    at=st.floats(0, 1),
)
def test_a_rectangle_holds_its_own_points(x: float, y: float, width: float, height: float, at: float) -> None:  # noqa: PLR0917 - what hypothesis draws
    """Points well inside are held, and touched is whatever overlaps."""
    area = Area.of(box(x, y, width, height))
    inside = 0.01 + 0.98 * at
    assert area.holds(x + inside * width, y + inside * height)
    assert area.touches(box(x, y, width, height))
    assert not area.holds(x - 0.01, y)


def test_each_area_is_one_look() -> None:
    """Mode `areas` proposes the box around each."""
    finder = make_finder(RegionSettings(mode="areas", areas=(TRIANGLE, Area.of(box(0.25, 0.25, 0.5, 0.25)))))
    found = finder.find(empty_frame(100, 100))
    assert {one.region for one in found.proposals} == {Region.whole(), box(0.25, 0.25, 0.5, 0.25)}
    assert {one.origin for one in found.proposals} == {Origin.AREA}


def test_an_area_wider_than_any_square_is_looked_at_in_parts() -> None:
    """A strip across a wide frame is covered by squares, none of which is squeezed."""
    finder = AreaFinder([Area.of(box(0, 0.5, 1, 0.2))])
    views = [shown(one, frame_width=1600, frame_height=900) for one in finder.find(empty_frame(1600, 900)).proposals]
    assert len(views) == 2
    assert min(view.x for view in views) == 0
    assert max(view.x + view.width for view in views) == pytest.approx(1)


class _Everywhere:
    def find(self, _frame: object, *, watched: object = ()) -> Found:
        del watched
        return bounded([proposal(box(0.1, 0.1, 0.1, 0.1)), proposal(box(0.8, 0.8, 0.1, 0.1))], most=9, settled=False)


def test_areas_limit_the_other_finders() -> None:
    """What has its middle outside all areas is not proposed, and the rest is handed on as it is."""
    found = Limited(_Everywhere(), [TRIANGLE], most=9).find(empty_frame(100, 100))
    assert [one.region for one in found.proposals] == [box(0.1, 0.1, 0.1, 0.1)]
    assert not found.settled


class _Crowded:
    """Eight strong things on the right, two faint ones on the left."""

    def find(self, _frame: object, *, watched: object = ()) -> Found:
        del watched
        right = [proposal(box(0.9, 0.1 * number, 0.05, 0.05), strength=0.9) for number in range(1, 9)]
        left = [proposal(box(0.1, 0.1 * number, 0.05, 0.05), strength=0.1 * number) for number in (1, 2)]
        return bounded([*right, *left], most=100)


def test_what_lies_outside_the_areas_takes_no_places() -> None:
    """The strongest are chosen among those inside, and only those are counted as skipped."""
    left = Area.of(box(0, 0, 0.5, 1))
    found = Limited(_Crowded(), [left], most=1).find(empty_frame(100, 100))
    assert [one.region for one in found.proposals] == [box(0.1, 0.2, 0.05, 0.05)]
    assert found.skipped == 1


def test_areas_are_searched_before_the_strongest_are_chosen() -> None:
    """Twenty dark squares outside do not displace a small one inside, in a mode that searches."""
    pixels = np.full((300, 600, 3), 200, np.uint8)
    for number in range(20):
        pixels[20 + 27 * (number // 2) : 34 + 27 * (number // 2), 400 + 80 * (number % 2) :][:, :14] = 20
    pixels[100:106, 60:68] = 90
    settings = RegionSettings(mode="contrast", areas=(Area.of(box(0, 0, 0.5, 1)),), most=3)
    found = make_finder(settings).find(frame(pixels))
    assert [round(one.region.x, 1) for one in found.proposals] == [0.1]
    assert found.skipped == 0


@given(width=st.integers(40, 400), height=st.integers(40, 400), part=st.floats(0.2, 1), overlap=st.floats(0, 0.8))
def test_tiles_cover_the_frame(width: int, height: int, part: float, overlap: float) -> None:
    """Every pixel lies in a tile, every tile is a square inside the frame, neighbours overlap as asked."""
    finder = GridFinder(tiles=[part], overlap=overlap)
    tiles = [one.region for one in finder.find(empty_frame(width, height)).proposals]
    side = round(part * min(width, height))
    for room, starts in (
        (width, sorted({round(tile.x * width) for tile in tiles})),
        (height, sorted({round(tile.y * height) for tile in tiles})),
    ):
        assert starts[0] == 0
        assert starts[-1] + side == room
        assert all(after - before <= side * (1 - overlap) + 2 for before, after in itertools.pairwise(starts))


def test_tiles_of_several_scales_come_together() -> None:
    """Each scale has its own tiles."""
    finder = make_finder(RegionSettings(mode="grid", tiles=(1.0, 0.5), tile_overlap=0.0))
    heights = [one.region.height for one in finder.find(empty_frame(200, 100)).proposals]
    assert (heights.count(1.0), heights.count(0.5)) == (2, 8)


def test_tiles_far_from_the_areas_are_left_out() -> None:
    """Only tiles that touch an area are looked at, also where the area is smaller than a tile."""
    settings = RegionSettings(mode="grid", areas=(Area.of(box(0.01, 0.01, 0.02, 0.02)),), tile_overlap=0.0)
    (only,) = make_finder(settings).find(empty_frame(100, 100)).proposals
    assert (only.region, only.origin) == (box(0, 0, 0.5, 0.5), Origin.TILE)


def test_tiles_follow_the_size_of_the_frame() -> None:
    """A camera opened again with another size gets other tiles."""
    finder = GridFinder(tiles=[1.0], overlap=0.0)
    assert len(finder.find(empty_frame(100, 100)).proposals) == 1
    assert len(finder.find(empty_frame(300, 100)).proposals) == 3

"""The square the model is shown: whole, inside the frame, and never squeezed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.domain import Region
from insect_edge.regions import context
from insect_edge.sightings import Origin
from support.proposals import box, proposal

sizes = st.integers(32, 4100)


@st.composite
def regions(draw: st.DrawFn) -> Region:
    """Any region."""
    x, y = draw(st.floats(0, 0.99)), draw(st.floats(0, 0.99))
    return box(x, y, draw(st.floats(0.001, 1 - x)), draw(st.floats(0.001, 1 - y)))


@given(region=regions(), width=sizes, height=sizes)
def test_it_is_a_square_of_whole_pixels(region: Region, width: int, height: int) -> None:
    """Width and height are the same whole number of pixels, whatever the frame's shape."""
    square = context.square(region, frame_width=width, frame_height=height)
    side = square.width * width
    assert side == pytest.approx(square.height * height)
    assert side == pytest.approx(round(side))


@given(region=regions(), width=sizes, height=sizes)
def test_it_holds_the_region_where_the_frame_has_room(region: Region, width: int, height: int) -> None:
    """Nothing of the animal is cut off, but where it is longer than the frame is high."""
    square = context.square(region, frame_width=width, frame_height=height)
    longer = max(region.width * width, region.height * height)
    if longer * 1.8 + 1 <= min(width, height):
        assert square.x * width <= region.x * width + 1
        assert (square.x + square.width) * width >= (region.x + region.width) * width - 1
        assert (square.y + square.height) * height >= (region.y + region.height) * height - 1


def test_the_margin_is_a_part_of_the_longer_side() -> None:
    """A box of 200 by 100 pixels is shown with 80 pixels to its left and right."""
    square = context.square(box(0.4, 0.4, 0.2, 0.1), frame_width=1000, frame_height=1000)
    assert (square.x, square.y, square.width) == pytest.approx((0.32, 0.27, 0.36))


def test_it_is_moved_at_the_border() -> None:
    """In a corner the square keeps its size."""
    square = context.square(box(0.0, 0.9, 0.1, 0.1), frame_width=1000, frame_height=1000)
    assert (square.x, square.y, square.width) == pytest.approx((0.0, 0.82, 0.18))


def test_a_tiny_animal_is_shown_with_more_around_it() -> None:
    """The square has its least number of pixels, however small the box."""
    square = context.square(box(0.5, 0.5, 0.002, 0.002), frame_width=1000, frame_height=500)
    assert (square.width * 1000, square.height * 500) == pytest.approx((64, 64))


def test_a_frame_smaller_than_the_square_is_shown_as_far_as_it_goes() -> None:
    """The square is never larger than the frame's shorter side."""
    square = context.square(box(0.1, 0.1, 0.8, 0.8), frame_width=60, frame_height=40)
    assert (square.width * 60, square.height * 40) == pytest.approx((40, 40))


@pytest.mark.parametrize(
    ("origin", "side"), [(Origin.AREA, 200), (Origin.TILE, 200), (Origin.MOTION, 360), (Origin.REST, 360)]
)
def test_only_animals_get_a_margin(origin: Origin, side: int) -> None:
    """Areas and tiles are what the configuration says, boxes of animals are tight."""
    shown = context.shown(proposal(box(0.4, 0.4, 0.2, 0.1), origin=origin), frame_width=1000, frame_height=1000)
    assert shown.width * 1000 == pytest.approx(side)


def test_the_whole_frame_stays_what_it_is() -> None:
    """Mode `whole` shows the region of the configuration, as it always did."""
    whole = proposal(Region.whole(), origin=Origin.WHOLE)
    assert context.shown(whole, frame_width=1280, frame_height=720) == Region.whole()

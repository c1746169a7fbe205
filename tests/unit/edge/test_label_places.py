"""Where labels go."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from insect_edge.label_places import Box, places

WIDTH, HEIGHT = 640, 480


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share a pixel."""
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


boxes = st.builds(
    lambda left, top, wide, tall: Box(left, top, min(left + wide, WIDTH), min(top + tall, HEIGHT)),
    st.integers(0, WIDTH - 4),
    st.integers(0, HEIGHT - 4),
    st.integers(3, 300),
    st.integers(3, 300),
)
labelled = st.tuples(boxes, st.one_of(st.none(), st.tuples(st.integers(10, 200), st.integers(8, 40))))


@settings(max_examples=60, deadline=None)
@given(st.lists(labelled, max_size=25))
def test_no_label_covers_another_or_leaves_the_picture(given_boxes: list[tuple[Box, tuple[int, int] | None]]) -> None:
    """Whatever the boxes, labels lie apart from each other, inside the picture, at the size they were given."""
    found = places([box for box, _ in given_boxes], [size for _, size in given_boxes], width=WIDTH, height=HEIGHT)
    assert len(found) == len(given_boxes)
    placed = [place for place in found if place is not None]
    assert not any(overlap(one, other) for number, one in enumerate(placed) for other in placed[:number])
    for place, (_, size) in zip(found, given_boxes, strict=True):
        if place is not None:
            assert size == (place.right - place.left, place.bottom - place.top)
            assert (place.left >= 0) & (place.right <= WIDTH) & (place.top >= 0) & (place.bottom <= HEIGHT)
        else:
            assert size is None or len(given_boxes) > 1 or size[0] > WIDTH


def test_a_label_stands_on_its_box() -> None:
    """With room all around it begins where the box begins, right above."""
    assert places([Box(300, 200, 340, 230)], [(100, 20)], width=WIDTH, height=HEIGHT) == [Box(300, 180, 400, 200)]


def test_a_label_at_the_upper_edge_goes_below() -> None:
    """Where there is no room above it hangs under its box, and moves sideways to stay inside."""
    (place,) = places([Box(620, 0, 640, 30)], [(100, 20)], width=WIDTH, height=HEIGHT)
    assert place == Box(540, 30, 640, 50)


def test_a_box_that_fills_the_picture_has_its_label_within() -> None:
    """There is no beside: the label stands in the corner."""
    assert places([Box(0, 0, 640, 480)], [(100, 20)], width=WIDTH, height=HEIGHT) == [Box(0, 0, 100, 20)]


def test_labels_of_neighbours_avoid_each_others_boxes() -> None:
    """The one below does not write over the one above while there is room at its own foot."""
    above, below = Box(300, 200, 340, 230), Box(300, 232, 340, 262)
    first, second = places([above, below], [(60, 20), (60, 20)], width=WIDTH, height=HEIGHT)
    assert first is not None
    assert second is not None
    assert not any(overlap(place, box) for place in (first, second) for box in (above, below))


def test_a_throng_leaves_out_what_has_no_room() -> None:
    """The first, which are the most important, are labelled; the last are not, rather than on top of them."""
    found = places([Box(50, 50, 60, 60)] * 400, [(120, 40)] * 400, width=WIDTH, height=HEIGHT)
    assert found[0] is not None
    assert found[-1] is None


def test_no_box_needs_no_place() -> None:
    """Nothing in, nothing out."""
    assert places([], [], width=WIDTH, height=HEIGHT) == []

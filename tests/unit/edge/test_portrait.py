"""The picture of an event."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from insect_edge.domain import Frame, Moment, Region
from insect_edge.portrait import SMALLEST, portrait
from insect_edge.sightings import Path

AT = Moment(monotonic=10.0, utc=datetime(2026, 6, 1, 12, tzinfo=UTC), clock_synced=True)


def frame() -> Frame:
    """Every pixel says where it lies."""
    rows, columns = np.mgrid[0:720, 0:1280]
    pixels = np.stack([rows // 4, columns // 8, rows * 0], axis=2).astype(np.uint8)
    return Frame(pixels=pixels, captured=AT, sequence=3, luma=pixels[::4, ::4, 0])


def path(*, last: Region) -> Path:
    """Of an animal that is there now."""
    return Path(track_id="t1", first=Region.whole(), last=last, length=0.5, seconds=9.0)


def test_without_a_path_it_is_the_frame_itself() -> None:
    """Where no single animal is followed, nobody knows which part of the frame to show."""
    shown = frame()
    assert portrait(shown, None) is shown


def test_of_a_single_animal_it_is_its_surroundings_at_full_resolution() -> None:
    """The square lies about the animal with its own length on each side, of the frame's own pixels."""
    shown = frame()
    last = Region(x=0.5, y=0.5, width=0.1, height=0.1)
    seen = portrait(shown, path(last=last))
    assert seen.pixels.shape == (384, 384, 3)
    left, top = round(0.55 * 1280) - 192, round(0.55 * 720) - 192
    assert np.array_equal(seen.pixels, shown.pixels[top : top + 384, left : left + 384])
    assert seen.captured == shown.captured
    assert seen.luma is None


def test_a_tiny_animal_in_a_corner_still_gets_a_picture_for_people() -> None:
    """The square is never smaller than people need, and lies within the frame."""
    last = Region(x=0.995, y=0.99, width=0.005, height=0.01)
    seen = portrait(frame(), path(last=last))
    assert seen.pixels.shape == (SMALLEST, SMALLEST, 3)
    assert np.array_equal(seen.pixels, frame().pixels[-SMALLEST:, -SMALLEST:])

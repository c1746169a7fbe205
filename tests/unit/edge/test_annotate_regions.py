"""Draw everything that was found on a picture."""

from __future__ import annotations

import numpy as np
import pytest

from insect_edge.annotate import annotate
from insect_edge.annotate_regions import annotate_regions
from insect_edge.domain import Category, Classification, Label, Region, Role, Verdict
from insect_edge.sightings import Origin, Proposal, Sighting

GREY = 128
RED, PURPLE, DARK = (40, 40, 220), (120, 60, 140), (90, 90, 90)
WHITE = 180
"""Thin letters are smoothed at their edges."""
WHOLE = Region.whole()


def grey(width: int, height: int) -> np.ndarray:
    """An even picture."""
    return np.full((height, width, 3), GREY, np.uint8)


def seen(role: Role = Role.PEST, *, name: str = "slug", verdict: Role | None = Role.PEST) -> Classification:
    """A look with or without a verdict."""
    label = Label(index=0, name=name, role=role, taxon=None, threshold=0.5)
    return Classification(
        categories=(Category(label=label, score=0.9),),
        verdict=Verdict(label=name, role=verdict, score=0.9, threshold=0.5) if verdict else None,
        region=WHOLE,
        inference_ms=1.0,
    )


def sighting(
    classification: Classification | None,
    *,
    x: float = 0.4,
    y: float = 0.4,
    side: float = 0.1,
    origin: Origin = Origin.CONTRAST,
) -> Sighting:
    """One that was found there."""
    region = Region(x=x, y=y, width=side, height=side)
    return Sighting(proposal=Proposal(region=region, origin=origin, strength=0.5), classification=classification)


def count(pixels: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Pixels of exactly one colour."""
    return int((pixels == colour).all(axis=-1).sum())


def test_every_animal_is_outlined_and_labelled() -> None:
    """Around the box, which stays as it was, there is a frame in the role's colour, and a bar with white text."""
    pixels = grey(640, 480)
    drawn = annotate_regions(pixels, [sighting(seen())], answer=seen())
    assert (pixels == GREY).all()
    assert (drawn[192:240, 256:320] == GREY).all()
    assert (drawn[210, 253:256] == RED).all()
    assert (drawn > WHITE).all(axis=-1).sum() > 30


@pytest.mark.parametrize(("width", "height"), [(320, 240), (4096, 2160), (100, 100)])
def test_many_regions_are_legible_at_any_size(width: int, height: int) -> None:
    """On the smallest picture and the largest frame, labels have bars of their own, of a readable height."""
    places = [(0.1 + 0.2 * (number % 4), 0.1 + 0.2 * (number // 4)) for number in range(16)]
    found = [sighting(seen(), x=x, y=y, side=0.05) for x, y in places]
    drawn = annotate_regions(grey(width, height), found, answer=seen())
    rows = (drawn == RED).all(axis=-1)
    white = (drawn > WHITE).all(axis=-1)
    assert white.any()
    assert rows.sum() > white.sum()
    assert min(drawn.shape[:2]) >= 320 or min(width, height) * 2 > 320


def test_unknown_and_nothing_are_subdued() -> None:
    """A name takes most ink, an unknown animal less, no verdict is grey, and background has no label at all."""
    one, width, height = seen(), 640, 480
    named = annotate_regions(grey(width, height), [sighting(one)], answer=one)
    unknown = annotate_regions(grey(width, height), [sighting(seen(verdict=Role.UNKNOWN))], answer=one)
    silent = annotate_regions(grey(width, height), [sighting(seen(verdict=None))], answer=one)
    nothing = annotate_regions(grey(width, height), [sighting(seen(Role.BACKGROUND, verdict=None))], answer=one)
    assert count(named, RED) > count(unknown, PURPLE) > 0
    assert count(silent, DARK) > count(nothing, DARK) > 0
    assert not (nothing > WHITE).all(axis=-1).any()


def test_a_tile_in_which_nothing_is_leaves_no_trace() -> None:
    """Tiles are no findings: without a verdict they are not drawn, with one they are."""
    empty = sighting(seen(verdict=None), origin=Origin.TILE, x=0.1)
    with_name = sighting(seen(), origin=Origin.TILE, x=0.6)
    drawn = annotate_regions(grey(640, 480), [empty, with_name], answer=seen())
    assert (drawn[:, :250] == GREY).all()
    assert count(drawn, RED) > 100


def test_what_was_not_looked_at_is_outlined_only() -> None:
    """A proposal past the budget has no label to show."""
    drawn = annotate_regions(grey(640, 480), [sighting(None)], answer=seen())
    assert count(drawn, DARK) > 100
    assert not (drawn > WHITE).all(axis=-1).any()


def test_without_findings_the_picture_itself_is_labelled() -> None:
    """As where the whole picture is all that is looked at."""
    answer = seen(verdict=None)
    assert np.array_equal(annotate_regions(grey(640, 480), [], answer=answer), annotate(grey(640, 480), answer))


def test_a_label_far_off_has_a_line_to_its_box() -> None:
    """In a throng a label that stands away from its box is joined to it."""
    found = [sighting(seen(), x=0.45 + 0.004 * number, y=0.5, side=0.02) for number in range(12)]
    drawn = annotate_regions(grey(1280, 720), found, answer=seen())
    rows = np.flatnonzero((drawn == RED).all(axis=-1).any(axis=1))
    assert rows.min() < 0.45 * 720
    assert rows.max() > 0.55 * 720

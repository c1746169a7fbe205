"""Draw what was seen onto a picture."""

from __future__ import annotations

import numpy as np
import pytest

from insect_edge.annotate import SMALLEST_SIDE, annotate
from insect_edge.domain import Category, Classification, Label, Region, Role, Verdict

GREY = 128
SIZES = [(1, 1), (1, 7), (88, 300), (224, 224), (480, 640), (3, 2000), (2000, 3), (1080, 1920), (1500, 4000)]
NAME = "Micrathyria hagenii (Thornbush Dasher)"


def classification(
    *, name: str = "slug", role: Role | None = Role.PEST, verdict: bool = True, region: Region | None = None
) -> Classification:
    """Of one label, by default of the whole picture."""
    label = Label(index=0, name=name, role=role, taxon=None, threshold=0.5)
    return Classification(
        categories=(Category(label=label, score=0.97),),
        verdict=Verdict(label=name, role=role, score=0.97, threshold=0.5) if verdict else None,
        region=region or Region.whole(),
        inference_ms=1.0,
    )


def centred(width: int, height: int, *, name: str = "slug") -> Classification:
    """Of the centred square, as `classify` looks at it."""
    return classification(name=name, region=Region.centred_square(frame_width=width, frame_height=height))


def grey(width: int, height: int) -> np.ndarray:
    """An empty picture."""
    return np.full((height, width, 3), GREY, np.uint8)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("name", ["slug", NAME])
def test_the_text_is_legible_at_any_size(width: int, height: int, name: str) -> None:
    """White strokes on red, the whole line inside the picture and tall enough to read, from 1x1 to 4K and in strips."""
    drawn = annotate(grey(width, height), centred(width, height, name=name))
    white = np.argwhere((drawn > 160).all(axis=-1))
    top, left = white.min(axis=0)
    bottom, right = white.max(axis=0)
    assert bottom - top >= 7
    assert right - left >= len(f"{name} 0.97") * 5
    assert min(top, left) > 0
    assert bottom < drawn.shape[0] - 1
    assert right < drawn.shape[1] - 1
    around = drawn[top - 1 : bottom + 2, left - 1 : right + 2]
    assert ((around == (40, 40, 220)).all(axis=-1)).mean() > 0.5


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_size_stays_or_grows_by_a_whole_factor(width: int, height: int) -> None:
    """A large picture keeps its size, a small one is enlarged; only a strip gets a black margin."""
    drawn = annotate(grey(width, height), centred(width, height))
    assert min(drawn.shape[:2]) >= min(SMALLEST_SIDE, 1500)
    assert max(drawn.shape[:2]) <= max(4096, width, height)
    if min(width, height) >= SMALLEST_SIDE:
        assert drawn.shape[:2] == (height, width)
    elif max(width, height) < 1000:
        assert drawn.shape[0] % height == 0
        assert drawn.shape[0] * width == drawn.shape[1] * height


@pytest.mark.parametrize("shape", [(2, 100_000, 3), (100_000, 2, 3), (5000, 1, 3)])
def test_a_thread_of_a_picture_does_not_become_gigabytes(shape: tuple[int, int, int]) -> None:
    """Neither enlarging nor the margin goes beyond what a large photograph takes."""
    region = Region.centred_square(frame_width=shape[1], frame_height=shape[0])
    drawn = annotate(np.full(shape, GREY, np.uint8), classification(region=region))
    assert drawn.nbytes < 32 << 20


def test_the_picture_given_is_left_alone() -> None:
    """Annotating draws on a copy, also where nothing had to be enlarged."""
    for side in (100, 700):
        pixels = grey(side, side)
        annotate(pixels, classification())
        assert (pixels == GREY).all()


@pytest.mark.parametrize(
    ("role", "hue"), [(Role.PEST, 2), (Role.BENEFICIAL, 1), (Role.NEUTRAL, 0)], ids=["pest", "beneficial", "neutral"]
)
def test_the_role_has_its_colour(role: Role, hue: int) -> None:
    """A pest is outlined in red, a beneficial animal in green, a neutral one in blue."""
    outline = annotate(grey(640, 480), classification(role=role))[470:, 300][-5:]
    assert (outline.argmax(axis=1) == hue).any()


@pytest.mark.parametrize("role", [*Role, None])
def test_white_stands_out_from_every_colour(role: Role | None) -> None:
    """The bar's contrast with white text is at least 3 to 1 (WCAG 2.1, large text)."""
    drawn = annotate(grey(640, 480), classification(role=role))
    blue, green, red = (drawn[1, 1] / 255.0).tolist()
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in (red, green, blue)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert 1.05 / (luminance + 0.05) >= 3


def test_no_verdict_looks_different() -> None:
    """Without a verdict the best guess stands there in grey, and differently from a verdict."""
    without = annotate(grey(640, 480), classification(verdict=False))
    assert not np.array_equal(without, annotate(grey(640, 480), classification()))
    assert np.ptp(without[1, 1]) == 0


def test_the_region_is_outlined() -> None:
    """The frame is drawn around the region, nothing outside of it but the text."""
    region = Region(x=0.25, y=0.25, width=0.5, height=0.5)
    drawn = annotate(grey(800, 600), classification(region=region))
    changed = np.argwhere((drawn != GREY).any(axis=-1))
    assert changed.min(axis=0).tolist() == pytest.approx([150, 200], abs=2)
    assert changed.max(axis=0).tolist() == pytest.approx([450, 600], abs=4)


@pytest.mark.parametrize("corner", [(0.98, 0.98), (0.0, 0.98), (0.98, 0.0)])
def test_text_of_a_region_in_the_corner_stays_in_the_picture(corner: tuple[float, float]) -> None:
    """A small region at the edge has its label moved inside, at full size."""
    x, y = corner
    middle = annotate(grey(800, 600), classification(region=Region(x=0.3, y=0.3, width=0.02, height=0.02)))
    edge = annotate(grey(800, 600), classification(region=Region(x=x, y=y, width=0.02, height=0.02)))
    assert (edge >= 250).all(axis=-1).sum() == pytest.approx((middle >= 250).all(axis=-1).sum(), rel=0.05)


def test_letters_the_font_lacks_are_replaced() -> None:
    """A label beyond ASCII is drawn with question marks, not refused."""
    assert np.array_equal(
        annotate(grey(400, 400), classification(name="čmelák")),
        annotate(grey(400, 400), classification(name="?mel?k")),
    )

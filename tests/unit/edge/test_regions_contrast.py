"""Animals at rest on sheets, cards and walls that are drawn here, so that every one of them is known."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insect_edge.domain import Region
from insect_edge.regions.backdrop import light_of
from insect_edge.regions.contrast import ContrastFinder, ContrastSettings
from insect_edge.sightings import Origin
from support.boxes import Matching, matched
from support.proposals import frame
from support.sheets import Scene, lit_sheet, noisy, with_animals

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SIZES = (0.012, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08, 0.12)


def found(scene: Scene, finder: ContrastFinder | None = None) -> Matching:
    """The animals of a scene against what is proposed."""
    proposals = (finder or ContrastFinder()).find(frame(scene.pixels)).proposals
    return matched(scene.boxes, [proposal.region for proposal in proposals])


def changed(scene: Scene, change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> Scene:
    """The same animals in a picture that was taken otherwise."""
    return Scene(pixels=change(scene.pixels), boxes=scene.boxes)


def darker(power: float) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """Another gamma."""
    table = (255 * (np.arange(256) / 255) ** power).astype(np.uint8)
    return lambda pixels: np.asarray(cv2.LUT(pixels, table), np.uint8)


def speck(number: int) -> tuple[int, int, int]:
    """The colour of a speck of dirt, of which there are all kinds from faint to dark."""
    grey = 145 - 15 * (number % 7)
    return grey, grey, grey


@cache
def scene_of(seed: int, *, height: int = 720) -> Scene:
    """Eight animals, 2 to 12 hundredths of the width, on a creased sheet."""
    return with_animals(lit_sheet(seed=seed, height=height), sizes=SIZES[2:], seed=seed)


@pytest.mark.parametrize("seed", [1, 2])
def test_animals_of_all_sizes_are_found_on_a_creased_sheet(seed: int) -> None:
    """Of 20 animals from 1 to 12 hundredths of the width nine in ten are found, and hardly anything else."""
    matching = found(with_animals(lit_sheet(seed=seed), sizes=2 * SIZES, seed=seed))
    assert matching.recall >= 0.9
    assert matching.false_share <= 0.1


@pytest.mark.parametrize("width", [640, 960, 1920, 4056])
def test_sizes_are_parts_of_the_frame_not_pixels(width: int) -> None:
    """A small frame and one of twelve megapixels show the same animals."""
    scene = scene_of(4, height=960)
    by_area = cv2.INTER_AREA if width < 1280 else cv2.INTER_LINEAR
    size = (width, width * 3 // 4)
    matching = found(
        changed(scene, lambda pixels: np.asarray(cv2.resize(pixels, size, interpolation=by_area), np.uint8))
    )
    assert matching.recall >= 0.85
    assert matching.false_share <= 0.15


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(darker(1.8), id="gamma 1.8"),
        pytest.param(darker(0.6), id="gamma 0.6"),
        pytest.param(lambda pixels: (pixels * np.array([0.5, 0.8, 1.0])).astype(np.uint8), id="lamplight"),
        pytest.param(lambda pixels: (pixels * 0.35).astype(np.uint8), id="underexposed"),
        pytest.param(lambda pixels: np.asarray(cv2.GaussianBlur(pixels, (0, 0), 1.5), np.uint8), id="out of focus"),
        pytest.param(lambda pixels: noisy(pixels, seed=1, sigma=9.0), id="noise"),
        pytest.param(lambda pixels: 255 - pixels, id="bright on dark"),
    ],
)
def test_neither_light_nor_colour_nor_noise_matters_much(
    change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
) -> None:
    """A picture that was taken otherwise shows the same animals, bright ones on a dark wall included."""
    matching = found(changed(scene_of(5), change))
    assert matching.recall >= 0.85
    assert matching.false_share <= 0.15


@pytest.mark.parametrize("seed", range(3))
def test_an_empty_sheet_has_nothing_on_it(seed: int) -> None:
    """Folds, falling light and noise are no animals."""
    assert ContrastFinder().find(frame(noisy(lit_sheet(seed=seed, creases=6), seed=seed))).proposals == ()


def test_a_time_written_into_the_picture_is_no_animal() -> None:
    """What a camera writes at the border is known by its edges, harder than any lens draws them."""
    sheet = noisy(lit_sheet(seed=6), seed=6)
    for origin, colour in (((1020, 708), (0, 0, 0)), ((1019, 707), (255, 255, 255))):
        cv2.putText(sheet, "2026-06-01 23:10:42", origin, cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, 1)
    assert ContrastFinder().find(frame(sheet)).proposals == ()


def test_a_thing_at_the_very_border_of_a_small_picture_is_seen() -> None:
    """One column of pixels, the last one, is as much a thing as two."""
    sheet = np.full((480, 640, 3), 190, np.uint8)
    sheet[200:212, 639] = 90
    (proposal,) = ContrastFinder().find(frame(sheet)).proposals
    assert proposal.region.x == pytest.approx(639 / 640)


def test_only_the_sheet_is_searched_where_it_has_a_beside() -> None:
    """Things in the night around a lit sheet, and its own edge, are not proposed; the animals on it are."""
    generator = np.random.default_rng(7)
    scene = with_animals(lit_sheet(seed=7), sizes=SIZES[2:8], seed=7)
    night = np.full((900, 1600, 3), 14, np.uint8)
    for _ in range(60):
        place = tuple(int(value) for value in generator.uniform(0, (1600, 900)))
        cv2.circle(night, place, int(generator.uniform(5, 30)), (50, 60, 40), -1, cv2.LINE_AA)
    night[90:810, 160:1440] = scene.pixels
    proposals = ContrastFinder().find(frame(noisy(night, seed=7))).proposals
    inside = [
        Region(x=0.1 + 0.8 * box.x, y=0.1 + 0.8 * box.y, width=0.8 * box.width, height=0.8 * box.height)
        for box in scene.boxes
    ]
    matching = matched(inside, [proposal.region for proposal in proposals])
    assert matching.recall >= 0.8
    assert len(matching.false) <= 1


def test_the_lines_of_a_card_are_not_animals_but_hide_none() -> None:
    """Animals that sit on printed lines are found, the lines and their crossings are not."""
    card = np.full((720, 1280, 3), (60, 200, 215), np.uint8)
    for place in range(60, 1280, 128):
        cv2.line(card, (place, 0), (place + 14, 720), (40, 60, 60), 3, cv2.LINE_AA)
        cv2.line(card, (0, place), (1280, place - 14), (40, 60, 60), 3, cv2.LINE_AA)
    matching = found(with_animals(card, sizes=SIZES[3:9], seed=8))
    assert matching.recall >= 0.8
    assert len(matching.false) <= 1


def test_hairs_and_scratches_are_not_animals() -> None:
    """What is far longer than wide is proposed nowhere."""
    sheet = lit_sheet(seed=9, creases=0)
    for start, end in (((200, 200), (320, 260)), ((600, 500), (640, 380)), ((900, 100), (1060, 130))):
        cv2.line(sheet, start, end, (60, 60, 60), 2, cv2.LINE_AA)
    assert ContrastFinder().find(frame(noisy(sheet, seed=9))).proposals == ()


def test_what_is_too_large_or_too_small_is_left_out() -> None:
    """The settings' sizes hold, in parts of the frame's width; of what is larger a part may be proposed."""
    scene = with_animals(lit_sheet(seed=10, creases=0), sizes=(0.02, 0.02, 0.06, 0.06, 0.15), seed=10)
    finder = ContrastFinder(ContrastSettings(smallest=0.035, largest=0.09))
    regions = [proposal.region for proposal in finder.find(frame(scene.pixels)).proposals]
    hits = {truth for truth, _ in matched(scene.boxes, regions).hits}
    sides = [max(box.width, box.height * 720 / 1280) for box in scene.boxes]
    assert {number for number in hits if sides[number] <= 0.09} == {
        number for number, side in enumerate(sides) if 0.035 <= side <= 0.09
    }
    assert all(max(region.width, region.height * 720 / 1280) <= 0.09 for region in regions)


def test_more_sensitive_finds_more() -> None:
    """A faint thing is found at a high sensitivity and not at a low one."""
    sheet = np.full((720, 1280, 3), 180, np.uint8)
    cv2.circle(sheet, (640, 360), 12, (154, 154, 154), -1, cv2.LINE_AA)
    given = frame(noisy(sheet, seed=11))
    assert len(ContrastFinder(ContrastSettings(sensitivity=0.7)).find(given).proposals) == 1
    assert ContrastFinder(ContrastSettings(sensitivity=0.2)).find(given).proposals == ()


def test_the_clearest_come_first_and_the_rest_is_counted() -> None:
    """At most so many are proposed; strength falls, and what is left out is counted as skipped."""
    scene = scene_of(5)
    everything = ContrastFinder().find(frame(scene.pixels))
    some = ContrastFinder(ContrastSettings(most=5)).find(frame(scene.pixels))
    assert some.proposals == everything.proposals[:5]
    assert some.skipped == len(everything.proposals) - 5
    strengths = [proposal.strength for proposal in everything.proposals]
    assert strengths == sorted(strengths, reverse=True)
    assert all(0.5 <= strength <= 1 for strength in strengths)
    assert {proposal.origin for proposal in everything.proposals} == {Origin.CONTRAST}


@pytest.mark.parametrize("count", [1, 5, 20])
@pytest.mark.parametrize("grey", [165, 40])
def test_on_a_clean_sheet_every_fly_is_found_lone_or_in_a_swarm(count: int, grey: int) -> None:
    """Equal small flies, faint or dark, are no dirt to each other."""
    sheet = np.full((720, 1280, 3), 200, np.uint8)
    for number in range(count):
        place = (120 + 110 * (number % 10), 150 + 300 * (number // 10))
        cv2.ellipse(sheet, place, (7, 3), 30, 0, 360, (grey, grey, grey), -1, cv2.LINE_AA)
    assert len(ContrastFinder().find(frame(noisy(sheet, seed=12))).proposals) == count


def test_a_speck_does_not_hide_the_only_fly() -> None:
    """One thing that is too little for an animal is not yet dirt."""
    sheet = np.full((720, 1280, 3), 200, np.uint8)
    cv2.ellipse(sheet, (400, 300), (8, 4), 30, 0, 360, (150, 150, 150), -1, cv2.LINE_AA)
    cv2.circle(sheet, (900, 400), 2, (150, 150, 150), -1, cv2.LINE_AA)
    (proposal,) = ContrastFinder().find(frame(noisy(sheet, seed=12))).proposals
    assert proposal.region.x < 0.5


def test_a_dirty_sheet_asks_for_clearer_things() -> None:
    """A speck just above the smallest size is proposed on a clean sheet, and not among dozens of such."""
    clean = np.full((720, 1280, 3), 190, np.uint8)
    cv2.ellipse(clean, (640, 360), (4, 2), 20, 0, 360, (130, 130, 130), -1, cv2.LINE_AA)
    dirty = clean.copy()
    for number in range(120):
        place = (40 + 100 * (number % 12), 30 + 70 * (number // 12))
        cv2.circle(dirty, place, 2, speck(number), -1, cv2.LINE_AA)
    assert len(ContrastFinder().find(frame(noisy(clean, seed=13))).proposals) == 1
    assert ContrastFinder().find(frame(noisy(dirty, seed=13))).proposals == ()


@settings(max_examples=25, deadline=None)
@given(
    size=st.tuples(st.integers(1, 60), st.integers(1, 80)),
    values=st.tuples(st.integers(0, 255), st.integers(0, 255)),
    seed=st.integers(0, 9),
)
def test_any_picture_gets_an_answer(size: tuple[int, int], values: tuple[int, int], seed: int) -> None:
    """Single pixels, flat and wild pictures are searched without a fault, and are not written to."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(min(values), max(values) + 1, (*size, 3), dtype=np.uint8)
    before = pixels.copy()
    ContrastFinder().find(frame(pixels))
    assert np.array_equal(pixels, before)


def test_the_light_of_a_sheet_is_what_a_tenth_of_it_reaches() -> None:
    """Neither the brightest pixel nor the mean: dark surroundings and a lamp's own picture do not count."""
    assert light_of(np.repeat(np.arange(100, dtype=np.uint8), 7).reshape(70, 10)) == 89
    assert light_of(np.full((3, 5), 255, np.uint8)) == 255


def test_a_soft_shadow_is_no_animal() -> None:
    """What grows dark gradually, however dark, is not proposed."""
    down, across = np.mgrid[0:720, 0:1280].astype(np.float32)
    shadow = 1 - 0.4 * np.exp(-((across - 640) ** 2 + (down - 360) ** 2) / (2 * 20.0**2))
    sheet = (190 * shadow[..., None] * np.ones(3)).astype(np.uint8)
    assert ContrastFinder().find(frame(noisy(sheet, seed=14))).proposals == ()


def test_what_is_large_and_out_of_focus_is_an_animal() -> None:
    """An edge that is soft only because the thing is enlarged is none of a shadow's, which is all edge."""
    sheet = np.full((720, 1280, 3), 190, np.uint8)
    cv2.ellipse(sheet, (600, 300), (70, 30), 20, 0, 360, (60, 60, 60), -1, cv2.LINE_AA)
    blurred = np.asarray(cv2.GaussianBlur(sheet, (0, 0), 8.0), np.uint8)
    assert len(ContrastFinder().find(frame(noisy(blurred, seed=2))).proposals) == 1


def test_a_pale_wing_is_found_by_its_rim() -> None:
    """What stands out by a thin outline alone is a body, although a scratch of its length and area is none."""
    sheet = np.full((720, 1280, 3), 190, np.uint8)
    cv2.ellipse(sheet, (600, 300), (120, 50), 20, 30, 330, (110, 110, 110), 3, cv2.LINE_AA)
    (proposal,) = ContrastFinder().find(frame(noisy(sheet, seed=2))).proposals
    assert proposal.region.width == pytest.approx(230 / 1280, rel=0.1)


@pytest.mark.parametrize(("axes", "count"), [((12, 3), 1), ((6, 6), 0)])
def test_among_dirt_the_long_is_rather_an_animal_than_the_round(axes: tuple[int, int], count: int) -> None:
    """Of two dark things of one area among specks the one that is four times as long as wide is proposed."""
    sheet = np.full((720, 1280, 3), 190, np.uint8)
    for number in range(40):
        place = (60 + 120 * (number % 10), 60 + 160 * (number // 10))
        cv2.circle(sheet, place, 2, speck(number), -1, cv2.LINE_AA)
    cv2.ellipse(sheet, (600, 300), axes, 30, 0, 360, (80, 80, 80), -1, cv2.LINE_AA)
    assert len(ContrastFinder().find(frame(noisy(sheet, seed=1))).proposals) == count


def test_a_part_beside_its_animal_is_not_a_second_one() -> None:
    """A spot within the box of something far larger belongs to it; the same spot elsewhere is a thing of its own."""
    sheet = np.full((720, 1280, 3), 190, np.uint8)
    cv2.line(sheet, (400, 200), (520, 320), (60, 60, 60), 22, cv2.LINE_AA)
    apart = sheet.copy()
    cv2.circle(sheet, (510, 215), 7, (60, 60, 60), -1, cv2.LINE_AA)
    cv2.circle(apart, (800, 215), 7, (60, 60, 60), -1, cv2.LINE_AA)
    assert len(ContrastFinder().find(frame(noisy(sheet, seed=15))).proposals) == 1
    assert len(ContrastFinder().find(frame(noisy(apart, seed=15))).proposals) == 2

"""Random views stay pictures, are repeatable, and do what their plan says and no more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insect_converter.augment import Augmentation, inset, random_view
from support.photographs import draw

STILL = Augmentation(
    scale=(1.0, 1.0), aspect=(1.0, 1.0), flip=False, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0
)
"""Changes nothing but the size."""
SQUARE = draw("mantis", seed=5, width=96, height=96)


def view(plan: Augmentation, *, seed: int = 1, size: int = 96, pixels: np.ndarray = SQUARE) -> np.ndarray:
    """A view of the drawn picture."""
    return random_view(pixels, size=size, plan=plan, generator=np.random.default_rng(seed))


def test_a_plan_without_reach_changes_nothing() -> None:
    """Whole crop, no turn and no recolouring give the picture itself, and the picture stays as it was."""
    before = SQUARE.copy()
    assert np.array_equal(view(STILL), SQUARE)
    view(Augmentation(erase=1.0, rotation=20.0))
    assert np.array_equal(SQUARE, before)


def test_the_same_state_gives_the_same_view() -> None:
    """Views are drawn from the generator alone."""
    plan = Augmentation(rotation=15.0, erase=0.5, flip_vertical=0.5)
    assert np.array_equal(view(plan, seed=3), view(plan, seed=3))
    assert not np.array_equal(view(plan, seed=3), view(plan, seed=4))


@settings(max_examples=60, deadline=None)
@given(width=st.integers(1, 90), height=st.integers(1, 90), seed=st.integers(0, 10**6), size=st.sampled_from([32, 96]))
def test_any_picture_gives_a_view_of_the_size_asked(width: int, height: int, seed: int, size: int) -> None:
    """From one pixel to a strip, a view is (size, size, 3) uint8."""
    pixels = np.full((height, width, 3), 90, np.uint8)
    plan = Augmentation(scale=(0.05, 1.0), rotation=40.0, erase=0.5, flip_vertical=0.5)
    made = view(plan, seed=seed, size=size, pixels=pixels)
    assert (made.shape, made.dtype) == ((size, size, 3), np.uint8)


def test_flips_mirror() -> None:
    """With every other reach at nothing, a view is the picture or its mirror image, and both occur."""
    plan = replace(STILL, flip=True)
    seen = set()
    for seed in range(12):
        made = view(plan, seed=seed)
        # The mirrored edge is interpolated against its own reflection.
        mirrored = np.abs(made[:, 1:-1].astype(int) - SQUARE[:, ::-1][:, :-2]).mean() < 3
        assert mirrored or np.array_equal(made, SQUARE)
        seen.add(mirrored)
    assert seen == {True, False}


def test_brightness_saturation_and_hue_keep_to_their_reach() -> None:
    """A grey picture stays grey under saturation and hue, and its brightness within the factor asked for."""
    grey = np.full((64, 64, 3), 100, np.uint8)
    plan = replace(STILL, brightness=0.2)
    means = [float(view(plan, seed=seed, size=64, pixels=grey).mean()) for seed in range(30)]
    assert 79 <= min(means) < 90
    assert 110 < max(means) <= 120
    tinted = replace(STILL, saturation=0.5, hue=30.0)
    assert np.array_equal(view(tinted, size=64, pixels=grey), grey)


@pytest.mark.parametrize("seed", range(8))
def test_erasing_greys_out_a_part(seed: int) -> None:
    """The rectangle is middle grey and at most a quarter of the view."""
    white = np.full((64, 64, 3), 255, np.uint8)
    plan = replace(STILL, erase=1.0)
    made = view(plan, seed=seed, size=64, pixels=white)
    share = float((made == 127).all(axis=2).mean())
    assert 0 < share <= 0.25
    assert set(np.unique(made)) == {127, 255}


def test_a_turn_keeps_the_centre() -> None:
    """Rotation turns around the middle of the crop."""
    dot = np.zeros((65, 65, 3), np.uint8)
    dot[29:36, 29:36] = 255
    plan = replace(STILL, rotation=45.0)
    made = view(plan, seed=2, size=65, pixels=dot)
    assert made[32, 32].tolist() == [255, 255, 255]
    assert not np.array_equal(made, dot)


def test_a_crop_beyond_the_picture_shows_it_smaller_and_mirrored() -> None:
    """At four times the area the picture takes a quarter of the view, and nothing is left empty."""
    plan = replace(STILL, scale=(4.0, 4.0))
    pixels = np.full((96, 96, 3), 60, np.uint8)
    pixels[40:56, 40:56] = 250
    made = view(plan, pixels=pixels)
    assert made.min() > 50
    bright = (made > 150).any(axis=2)
    # The square has a fourth of its area, and four of it fit in.
    assert bright.mean() == pytest.approx((16 / 96) ** 2, rel=0.3)


def test_blur_loses_detail_and_keeps_the_light() -> None:
    """A fine pattern fades; its mean stays."""
    fine = np.kron((np.indices((48, 48)).sum(axis=0) % 2 * 200).astype(np.uint8), np.ones((2, 2), np.uint8))
    pixels = np.repeat(fine[..., np.newaxis], 3, axis=2)
    made = [view(replace(STILL, blur=1.0), seed=seed, pixels=pixels) for seed in range(6)]
    assert min(float(one.std()) for one in made) < 40 < float(pixels.std())
    assert all(abs(float(one.mean()) - 100) < 3 for one in made)


def test_textures_are_pictures_of_nothing() -> None:
    """They differ from one another, some are nearly black, and nothing of the photograph remains."""
    made = [view(replace(STILL, texture=1.0), seed=seed) for seed in range(20)]
    assert all((one.shape, one.dtype) == (SQUARE.shape, np.uint8) for one in made)
    assert min(float(one.mean()) for one in made) < 50
    assert max(float(one.mean()) for one in made) > 110
    other = [view(replace(STILL, texture=1.0), seed=seed, pixels=SQUARE[::-1].copy()) for seed in range(20)]
    assert np.array_equal(made, other)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(2, 80))
def test_an_inset_is_inside_and_fades(seed: int, size: int) -> None:
    """Between a ninth and nine sixteenths of the canvas changes at most, and the canvas given stays as it was."""
    canvas, white = np.zeros((size, size, 3), np.uint8), np.full((size, size, 3), 255, np.uint8)
    made = inset(white, canvas, generator=np.random.default_rng(seed))
    assert canvas.max() == 0
    assert (made.shape, made.dtype) == ((size, size, 3), np.uint8)
    assert 0 < (made > 0).any(axis=2).mean() <= (0.75 + 1 / size) ** 2


def test_shear_leans_and_keeps_the_middle() -> None:
    """Rows move sideways, the more the further from the middle; without shear nothing else is drawn than before."""
    pixels = np.zeros((96, 96, 3), np.uint8)
    pixels[:, 46:50] = 255
    plan = replace(STILL, shear=30.0)
    seen = set()
    for seed in range(8):
        made = view(plan, seed=seed, pixels=pixels)
        columns = [int(np.flatnonzero(made[row, :, 0] > 100).mean()) for row in (20, 48, 76)]
        assert abs(columns[1] - 48) <= 2
        seen.add(np.sign(columns[2] - columns[0]))
    assert seen >= {-1, 1}
    assert np.array_equal(view(replace(plan, shear=0.0)), view(STILL))


def test_trivial_augment_changes_views_where_it_is_on() -> None:
    """At a chance of 1 most seeds give another view, at 0 none."""
    plan = replace(STILL, trivial=1.0)
    changed = [not np.array_equal(view(plan, seed=seed), SQUARE) for seed in range(20)]
    assert sum(changed) >= 12
    assert all(np.array_equal(view(STILL, seed=seed), SQUARE) for seed in range(3))

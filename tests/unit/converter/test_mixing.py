"""Mixed views are made of two, and their targets say of how much of which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insect_converter.mixing import cutmix, mixup

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE = 24
WAYS = pytest.mark.parametrize("way", [mixup, cutmix])


def batch(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Plain pictures, each of its own shade and label."""
    shades = np.linspace(0, 250, count).astype(np.uint8)
    views = np.broadcast_to(shades[:, np.newaxis, np.newaxis, np.newaxis], (count, SIDE, SIDE, 3)).copy()
    return views, np.eye(count, dtype=np.float32)


@WAYS
@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 12), seed=st.integers(0, 10**6))
def test_the_light_of_a_view_is_what_its_target_says(way: Callable[..., tuple], count: int, seed: int) -> None:
    """Each target is a distribution, and the mean shade of its view is the mix of the shades by it."""
    views, targets = batch(count)
    before = views.copy()
    mixed, shares = way(views, targets, generator=np.random.default_rng(seed))
    assert np.array_equal(views, before)
    assert (mixed.dtype, shares.dtype) == (np.uint8, np.float32)
    assert np.allclose(shares.sum(axis=1), 1.0, atol=1e-5)
    assert shares.min() >= 0
    shades = views[:, 0, 0, 0].astype(float)
    assert np.allclose(mixed.mean(axis=(1, 2, 3)), shares @ shades, atol=0.6)


@WAYS
def test_the_same_state_mixes_the_same_way(way: Callable[..., tuple]) -> None:
    """Mixing is drawn from the generator alone."""
    views, targets = batch(8)
    first, again, other = (way(views, targets, generator=np.random.default_rng(seed))[0] for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_cutmix_keeps_pixels_whole() -> None:
    """Every pixel is of one of the two pictures, and the patch is a rectangle."""
    views, targets = batch(6)
    mixed, _ = cutmix(views, targets, generator=np.random.default_rng(1))
    for view, own in zip(mixed, views, strict=True):
        assert len(np.unique(view)) <= 2
        rows, columns = np.nonzero((view != own).any(axis=2))
        if rows.size:
            assert rows.size == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)


def test_an_empty_batch_stays_empty() -> None:
    """A batch that happens to hold no animal is none the worse."""
    views, targets = batch(1)
    for way in (mixup, cutmix):
        mixed, shares = way(views[:0], targets[:0], generator=np.random.default_rng(1))
        assert (len(mixed), len(shares)) == (0, 0)

"""Each operation gives a picture, does what its name says, and is drawn from the generator alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insect_converter import trivial_augment
from support.photographs import draw

VIEW = draw("mantis", seed=5, width=64, height=64)
BY_NAME = {operation.__name__: operation for operation in trivial_augment.OPERATIONS}


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("strength", [-1.0, -0.3, 0.0, 0.5, 1.0])
def test_every_operation_gives_a_picture(name: str, strength: float) -> None:
    """Of the same size and type, and what it was given stays as it was."""
    before = VIEW.copy()
    made = BY_NAME[name](VIEW, strength)
    assert (made.shape, made.dtype) == (VIEW.shape, np.uint8)
    assert np.array_equal(VIEW, before)


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {"_auto_contrast", "_equalize"}))
def test_no_strength_changes_nothing(name: str) -> None:
    """At a strength of 0 the view stays, up to rounding; the two operations without a strength are exempt."""
    assert np.abs(BY_NAME[name](VIEW, 0.0).astype(int) - VIEW).max() <= 1


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {"_identity"}))
def test_full_strength_changes_something(name: str) -> None:
    """No operation of the list does nothing but the one that is meant to."""
    assert np.abs(BY_NAME[name](VIEW, 1.0).astype(int) - VIEW).mean() > 1


def test_operations_do_what_they_say() -> None:
    """Brighter, paler, coarser, inverted, moved, stretched."""
    assert BY_NAME["_brightness"](VIEW, 0.5).mean() > VIEW.mean() > BY_NAME["_brightness"](VIEW, -0.5).mean()
    grey = BY_NAME["_colour"](VIEW, -1.0).astype(int)
    assert np.ptp(grey, axis=-1).max() <= 3
    assert BY_NAME["_contrast"](VIEW, -1.0).std() < 2
    assert len(np.unique(BY_NAME["_posterize"](VIEW, 1.0))) <= 4
    assert np.array_equal(BY_NAME["_solarize"](VIEW, 1.0)[VIEW > 0], (255 - VIEW)[VIEW > 0])
    shifted = BY_NAME["_translate_x"](VIEW, 0.875)
    assert np.array_equal(shifted[:, 8:], VIEW[:, :-8])
    stretched = BY_NAME["_auto_contrast"](np.clip(VIEW, 100, 150), 0.0)
    assert (stretched.min(), stretched.max()) == (0, 255)
    flat = np.full((8, 8, 3), 90, np.uint8)
    assert np.array_equal(BY_NAME["_auto_contrast"](flat, 1.0), flat)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_the_same_state_gives_the_same_view(seed: int) -> None:
    """Operation, strength and sign come from the generator."""
    one, other = (trivial_augment.apply(VIEW, generator=np.random.default_rng(seed)) for _ in range(2))
    assert np.array_equal(one, other)


def test_all_operations_occur() -> None:
    """Many draws give many different views."""
    seen = {trivial_augment.apply(VIEW, generator=np.random.default_rng(seed)).tobytes() for seed in range(60)}
    assert len(seen) > 30

"""Neighbours by the features of a model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_converter.report import uniqueness


@given(st.integers(2, 40), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_the_nearest_is_the_nearest(count: int, rows: int, seed: int) -> None:
    """Block by block comes out what comparing each with each gives, and nobody is their own neighbour."""
    features = np.random.default_rng(seed).normal(size=(count, 5)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uniqueness, "_ROWS", rows)
        found = uniqueness.nearest(features)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    distances = 1 - unit @ unit.T
    np.fill_diagonal(distances, np.inf)
    assert (found.other != np.arange(count)).all()
    assert found.distance == pytest.approx(distances.min(axis=1), abs=1e-5)


def test_the_odd_one_and_the_twins_are_found() -> None:
    """Two equal directions are one pair, told once; what points elsewhere is the most unusual."""
    features = np.array([[1, 0.1, 0], [0, 0, 1], [2, 0.2, 0], [0.9, 0.4, 0]], dtype=np.float32)
    found = uniqueness.nearest(features)
    assert uniqueness.unusual(found, among=range(4), count=1) == [1]
    assert uniqueness.unusual(found, among=[0, 3], count=1) == [3]
    first, second, *_ = uniqueness.repeated(found)
    assert (first.first, first.second, first.distance) == (0, 2, pytest.approx(0, abs=1e-6))
    assert (second.first, second.second) != (0, 2)


def test_empty_features_have_neighbours_too() -> None:
    """A picture for which every feature is 0 is far from all, without a division by zero."""
    found = uniqueness.nearest(np.array([[0, 0], [1, 0], [1, 0]], dtype=np.float32))
    assert found.distance.tolist() == [1, 0, 0]

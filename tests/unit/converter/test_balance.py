"""Labels with few photographs come to count as much as the others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_converter import balance

LABELS = st.lists(st.integers(0, 5), min_size=1, max_size=60).map(np.array)


def test_weights_fall_with_the_number_of_photographs() -> None:
    """Three photographs of one label weigh as much as one of the other; a label without any has no weight."""
    assert balance.label_weights(np.array([0, 0, 0, 2]), count=4).tolist() == pytest.approx([2 / 3, 0, 2, 0])


@given(labels=LABELS)
def test_all_labels_count_the_same_and_the_mean_weight_is_one(labels: np.ndarray) -> None:
    """Learning rates keep their meaning, whatever the distribution."""
    weights = balance.label_weights(labels, count=6)
    totals = np.bincount(labels, weights=weights[labels], minlength=6)
    assert np.allclose(totals[totals > 0], len(labels) / len(np.unique(labels)), rtol=1e-5)
    assert weights[labels].mean() == pytest.approx(1, rel=1e-5)


@given(labels=LABELS, seed=st.integers(0, 10**6))
def test_an_epoch_has_as_many_of_each_label_to_one(labels: np.ndarray, seed: int) -> None:
    """It is as long as before, and no photograph is used once more before all of its label were used."""
    chosen = balance.sampled(labels, generator=np.random.default_rng(seed))
    assert len(chosen) == len(labels)
    counts = np.bincount(labels[chosen], minlength=6)[np.unique(labels)]
    assert counts.max() - counts.min() <= 1
    uses = np.bincount(chosen, minlength=len(labels))
    for label in np.unique(labels[chosen]):
        assert np.ptp(uses[labels == label]) <= 1


def test_the_generator_decides() -> None:
    """The same state gives the same epoch, another one another."""
    labels = np.arange(30) % 3
    first, again, other = (balance.sampled(labels, generator=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)

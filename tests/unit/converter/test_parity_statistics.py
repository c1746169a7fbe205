"""Intervals, recalls, drift and flips of two models' answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insect_converter.parity_report import statistics

LABELS = ("ant", "bee", "slug")


def logits(said: list[int], *, height: float = 5.0) -> np.ndarray:
    """Answers of which each names one label."""
    return (np.eye(len(LABELS)) * height)[said].astype(np.float32)


def test_the_interval_is_that_of_resampled_photographs() -> None:
    """90 of 100: the interval is the binomial one, some 0.84 to 0.96, and the same for the same seed."""
    truth = np.zeros(100, np.int64)
    said = logits([0] * 90 + [1] * 10)
    found = statistics.accuracies(said, said, truth, seed=3)
    assert found.floating.value == pytest.approx(0.9)
    assert found.floating.low == pytest.approx(0.84, abs=0.011)
    assert found.floating.high == pytest.approx(0.95, abs=0.011)
    assert statistics.accuracies(said, said, truth, seed=3) == found


def test_the_drop_is_paired() -> None:
    """Models that err on the same photographs have a drop of nothing, for certain."""
    truth = np.zeros(100, np.int64)
    before = logits([0] * 60 + [1] * 40)
    same = statistics.accuracies(before, before, truth, seed=1).drop
    assert (same.value, same.low, same.high) == (0, 0, 0)
    after = logits([0] * 58 + [1] * 42)
    lost = statistics.accuracies(before, after, truth, seed=1).drop
    assert lost.value == pytest.approx(0.02)
    assert 0 <= lost.low < lost.value < lost.high < 0.06


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=40))
def test_values_lie_in_their_intervals_and_agree_with_each_other(rows: list[tuple[int, int, int]]) -> None:
    """The drop is the difference of the two, each share is inside [0, 1] and its own interval, recalls add up."""
    before, after, truth = (np.array(column) for column in zip(*rows, strict=True))
    floating, integer = logits(before.tolist()), logits(after.tolist())
    found = statistics.accuracies(floating, integer, truth, seed=1)
    assert found.drop.value == pytest.approx(found.floating.value - found.integer.value)
    for interval in (found.floating, found.integer, found.drop):
        assert interval.low - 1e-9 <= interval.value <= interval.high + 1e-9
    recalls = statistics.recall_changes(floating, integer, truth, labels=LABELS)
    right = sum(row.integer * row.photographs for row in recalls)
    assert right / len(rows) == pytest.approx(found.integer.value)
    flipped = statistics.flips(floating, integer, truth, names=["x"] * len(rows), labels=LABELS, temperature=1.0)
    assert len(flipped) == np.sum(before != after)
    kinds = [flip.kind for flip in flipped]
    assert (kinds.count("lost") - kinds.count("won")) / len(rows) == pytest.approx(found.drop.value)


def test_recall_changes_tell_the_greatest_loss_first() -> None:
    """By label, of the labels that have photographs."""
    truth = np.array([0, 0, 1, 1])
    rows = statistics.recall_changes(logits([0, 0, 0, 1]), logits([0, 0, 0, 0]), truth, labels=LABELS)
    assert [(row.label, row.photographs, row.floating, row.integer, row.change) for row in rows] == [
        ("bee", 2, 0.5, 0.0, -0.5),
        ("ant", 2, 1.0, 1.0, 0.0),
    ]


def test_drift_is_of_calibrated_scores() -> None:
    """Integer less float, after the card's temperature; a model that is surer throughout drifts upwards."""
    before, after = logits([0, 1, 2], height=1.0), logits([0, 1, 2], height=2.0)
    found = statistics.drift(before, after, temperature=0.5)
    surer = np.exp(4) / (np.exp(4) + 2) - np.exp(2) / (np.exp(2) + 2)
    assert found.mean == pytest.approx(surer, abs=1e-5)
    assert found.largest == pytest.approx(surer, abs=1e-5)
    assert found.quantiles[50] == pytest.approx(surer, abs=1e-5)
    assert found.beyond_a_tenth == 1.0
    assert statistics.drift(before, before, temperature=0.5).beyond_a_tenth == 0.0


def test_flips_say_who_was_right() -> None:
    """Lost before moved before won; the surest float answer first."""
    truth = np.array([0, 0, 1, 2, 2])
    before = logits([0, 0, 0, 0, 2])
    before[1] *= 2
    flipped = statistics.flips(
        before, logits([1, 1, 1, 1, 2]), truth, names=list("abcde"), labels=LABELS, temperature=1.0
    )
    assert [(flip.name, flip.kind) for flip in flipped] == [("b", "lost"), ("a", "lost"), ("d", "moved"), ("c", "won")]
    assert (flipped[0].truth, flipped[0].floating, flipped[0].integer) == ("ant", "ant", "bee")
    assert flipped[0].floating_score == pytest.approx(1.0, abs=1e-3)

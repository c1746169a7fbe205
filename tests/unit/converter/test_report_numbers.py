"""What the page counts can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the converter's extra is not installed")

from insect_converter.report import numbers

TRUTH = np.array([0, 0, 0, 0, 1, 1, 2])
SAID = np.array([0, 1, 1, 2, 1, 1, 0])
ALL = np.ones(7, dtype=np.bool_)


def test_the_interval_is_wilsons() -> None:
    """81 of 263 is the textbook's example; all and none right stay within 0 and 1."""
    low, high = numbers.interval(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert numbers.interval(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert numbers.interval(0, 10)[0] == 0.0


def test_confusions_are_ordered_by_how_often_they_happen() -> None:
    """The matrix holds truth in rows; pairs come with their label's total, the most frequent first."""
    matrix = numbers.confusion_matrix(TRUTH, SAID, labels=3)
    assert matrix.tolist() == [[1, 2, 1], [0, 2, 0], [1, 0, 0]]
    assert [(pair.truth, pair.said, pair.count, pair.of) for pair in numbers.confusions(matrix)] == [
        (0, 1, 2, 4),
        (2, 0, 1, 1),
        (0, 2, 1, 4),
    ]


def test_a_threshold_trades_recall_for_precision() -> None:
    """Four verdicts counted at three thresholds; where there is no verdict, precision is not a number."""
    scores = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8], [0.4, 0.6]], dtype=np.float32)
    truth = np.array([0, 1, 0, 1, 0])
    curve = numbers.threshold_curve(scores, truth, label=0, thresholds=np.array([0.0, 0.65, 0.95]), nameable=ALL[:5])
    assert curve.precision[:2].tolist() == [pytest.approx(2 / 3), 1.0]
    assert np.isnan(curve.precision[2])
    assert curve.recall.tolist() == [pytest.approx(2 / 3), pytest.approx(2 / 3), 0.0]


def test_a_label_without_photographs_has_no_recall() -> None:
    """Recall of nothing is not a number, without a warning."""
    curve = numbers.threshold_curve(
        np.array([[0.9, 0.1]], dtype=np.float32), np.array([0]), label=1, thresholds=np.array([0.5]), nameable=ALL[:1]
    )
    assert np.isnan(curve.recall[0])


def test_what_may_not_be_named_is_no_verdict_at_any_threshold() -> None:
    """A photograph that is rejected counts neither for precision nor for recall, but stays one of its label's."""
    scores = np.array([[0.9, 0.1], [0.8, 0.2]], dtype=np.float32)
    truth, nameable = np.array([0, 0]), np.array([True, False])
    curve = numbers.threshold_curve(scores, truth, label=0, thresholds=np.array([0.5]), nameable=nameable)
    assert (curve.precision.tolist(), curve.recall.tolist()) == ([1.0], [0.5])

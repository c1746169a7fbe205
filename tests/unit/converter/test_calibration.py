"""Temperature and thresholds make scores mean what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="the converter's extra is not installed")

from insect_converter import calibration
from insect_converter.calibration import (
    calibration_error,
    cross_validated_error,
    fit_temperature,
    fit_thresholds,
    reliability,
)
from insect_edge.postprocess import softmax


def honest(count: int, *, seed: int = 1, labels: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose softmax is right as often as it says, and the truth drawn from it."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, size=(count, labels)).astype(np.float32)
    scores = softmax(logits, temperature=1.0)
    truth = np.array([generator.choice(labels, p=row / row.sum()) for row in scores.astype(np.float64)])
    return logits, truth


@pytest.mark.parametrize("factor", [0.4, 1.0, 3.0])
def test_the_temperature_undoes_a_factor(factor: float) -> None:
    """Honest logits times a factor need that factor as their temperature."""
    logits, truth = honest(4000)
    assert fit_temperature(logits * np.float32(factor), truth) == pytest.approx(factor, rel=0.08)


def test_perfect_answers_have_a_temperature() -> None:
    """Where everything is right the temperature goes to its lower end and stays a number."""
    logits = np.eye(3, dtype=np.float32)[[0, 1, 2] * 5] * 4
    temperature = fit_temperature(logits, np.array([0, 1, 2] * 5))
    assert 0.05 <= temperature < 1


def test_honest_scores_have_no_calibration_error() -> None:
    """Scores that are right as often as they say score near nothing; overconfident ones do not."""
    logits, truth = honest(4000)
    assert calibration_error(softmax(logits, temperature=1.0), truth) < 0.03
    assert calibration_error(softmax(logits, temperature=0.2), truth) > 0.1


def test_the_calibration_error_is_known_for_two_answers() -> None:
    """Sure and right is 0; a score of 0.75 that is always wrong is 0.75, also for fewer photographs than bins."""
    scores = np.array([[1.0, 0.0]] * 3, dtype=np.float32)
    assert calibration_error(scores, np.zeros(3, dtype=np.int64)) == 0
    scores = np.array([[0.75, 0.25]] * 4, dtype=np.float32)
    assert calibration_error(scores, np.ones(4, dtype=np.int64)) == pytest.approx(0.75)


def test_cross_validation_scales_away_a_factor() -> None:
    """Overconfident logits come out calibrated, the same for the same seed."""
    logits, truth = honest(4000)
    assert calibration_error(softmax(logits * np.float32(5), temperature=1.0), truth) > 0.1
    error = cross_validated_error(logits * np.float32(5), truth, seed=1)
    assert error < 0.04
    assert error == cross_validated_error(logits * np.float32(5), truth, seed=1)


def test_no_photograph_has_a_part_in_its_own_temperature(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fold is left out of one fit, and of no other."""
    logits, truth = honest(50)
    logits[:, 0] = np.arange(50)
    fitted: list[set[float]] = []

    def remembered(some: np.ndarray, _: np.ndarray) -> float:
        fitted.append(set(some[:, 0].tolist()))
        return 1.0

    monkeypatch.setattr(calibration, "fit_temperature", remembered)
    cross_validated_error(logits, truth, seed=1)
    left_out = [set(range(50)) - used for used in fitted]
    assert [len(fold) for fold in left_out] == [10] * 5
    assert set().union(*left_out) == set(range(50))


def test_cross_validation_takes_fewer_photographs_than_folds() -> None:
    """Three photographs in five folds still give a number."""
    assert 0 <= cross_validated_error(np.eye(3, dtype=np.float32), np.arange(3), seed=1) <= 1


def scores_of(said: int, score: float, *, labels: int = 3) -> np.ndarray:
    """One row whose top label has a score."""
    row = np.full(labels, (1 - score) / (labels - 1), dtype=np.float32)
    row[said] = score
    return row


def test_thresholds_are_low_where_all_is_right() -> None:
    """Nothing but right answers, and sure ones, need no more than the lowest threshold."""
    scores = np.stack([scores_of(label, 0.95) for label in (0, 1, 2)] * 4)
    assert fit_thresholds(scores, np.array([0, 1, 2] * 4), precision=0.9) == [0.5, 0.5, 0.5]


def test_a_label_that_errs_below_a_score_gets_that_score() -> None:
    """Where many answers under 0.6 are wrong and those above right, the threshold comes to stand between."""
    scores = np.stack([scores_of(0, 0.55)] * 50 + [scores_of(0, 0.8)] * 90 + [scores_of(1, 0.95)])
    truth = np.array([1] * 50 + [0] * 90 + [1])
    assert fit_thresholds(scores, truth, precision=0.9) == [0.56, 0.5, 0.5]


def test_few_photographs_speak_softly() -> None:
    """One wrong answer among four sure ones moves nothing, ten among forty do."""
    rows = [scores_of(0, 0.97)] * 4
    assert fit_thresholds(np.stack(rows), np.array([0, 0, 0, 1]), precision=0.9)[0] == 0.5
    assert fit_thresholds(np.stack(rows * 10), np.array([0, 0, 0, 1] * 10), precision=0.9)[0] == 0.95


def test_a_background_picture_that_gets_a_name_is_a_wrong_one() -> None:
    """Pictures of the background that are called moths raise the moths' threshold."""
    scores = np.stack([scores_of(0, 0.7)] * 30 + [scores_of(0, 0.95)] * 60)
    thresholds = fit_thresholds(scores, np.array([2] * 30 + [0] * 60), precision=0.9)
    assert thresholds == [0.71, 0.5, 0.5]


@given(st.integers(1, 60), st.floats(0.5, 0.99), st.integers(0, 2**32 - 1))
def test_more_precision_never_lowers_a_threshold(count: int, precision: float, seed: int) -> None:
    """Whatever the photographs are, asking for more gives thresholds as high or higher, all within their limits."""
    logits, truth = honest(count, seed=seed)
    scores = softmax(logits, temperature=1.0)
    lower = fit_thresholds(scores, truth, precision=precision * 0.9)
    higher = fit_thresholds(scores, truth, precision=precision)
    assert all(0.5 <= low <= high <= 0.95 for low, high in zip(lower, higher, strict=True))


def test_the_reliability_diagram_holds_every_photograph() -> None:
    """Ten bins of equal mass by rising score, whose weighted gaps are the calibration error."""
    logits, truth = honest(1003)
    scores = softmax(logits, temperature=0.5)
    bins = reliability(scores, truth)
    assert sorted({entry.photographs for entry in bins}) == [100, 101]
    assert [entry.score for entry in bins] == sorted(entry.score for entry in bins)
    assert sum(entry.photographs * entry.right for entry in bins) == pytest.approx(
        (scores.argmax(axis=1) == truth).sum()
    )
    gaps = sum(entry.photographs * abs(entry.score - entry.right) for entry in bins) / 1003
    assert gaps == pytest.approx(calibration_error(scores, truth))

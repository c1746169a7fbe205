"""Make scores mean something: one temperature for all, one threshold a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

from insect_edge.postprocess import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 10
_TEMPERATURES = (0.05, 10.0)
_GRID = tuple(hundredth / 100 for hundredth in range(50, 96))
"""Below one half all other labels together may be likelier, and an open event would outlive its insect: it goes on from
a fraction of the threshold."""
_HIGHEST_THRESHOLD = _GRID[-1]
PRIOR = 20
"""Made-up photographs a label; of 0, 10, 20 and 40 this kept most right names at the same precision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """A tenth of the photographs.

    Attributes:
        score: mean of their top categories' scores.
        right: share of those that are right.
        photographs: how many.
    """

    score: float
    right: float
    photographs: int


def fit_temperature(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """The temperature with the least negative log-likelihood (Guo et al., 2017).

    Args:
        logits: (photographs, labels).
        truth: (photographs,) label indices.
    """
    return _fit(logits, truth)[0]


def least_loss(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """The negative log-likelihood at the temperature that `fit_temperature` finds; lower is better."""
    return _fit(logits, truth)[1]


def _fit(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> tuple[float, float]:
    """Temperature and negative log-likelihood."""

    def cost(log_temperature: float) -> float:
        scores = softmax(logits, temperature=float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(scores[np.arange(len(truth)), truth], 1e-12)).mean())

    result = minimize_scalar(cost, bounds=tuple(np.log(_TEMPERATURES)), method="bounded")
    return float(np.exp(result.x)), float(result.fun)


def calibration_error(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Expected calibration error of the top category over ten bins of equal mass.

    Args:
        scores: (photographs, labels), summing to one.
        truth: (photographs,) label indices.

    Returns:
        Mean over photographs of |mean score - share right| in the bin they fall into.
    """
    gaps = (entry.photographs * abs(entry.score - entry.right) for entry in reliability(scores, truth))
    return float(sum(gaps) / len(truth))


def reliability(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> list[ReliabilityBin]:
    """The reliability diagram of the top category: ten bins of equal mass, by rising score.

    Args:
        scores: (photographs, labels), summing to one.
        truth: (photographs,) label indices.
    """
    best = scores.max(axis=1)
    right = scores.argmax(axis=1) == truth
    bins = np.array_split(np.argsort(best, kind="stable"), BINS)
    return [
        ReliabilityBin(score=float(best[bin_].mean()), right=float(right[bin_].mean()), photographs=len(bin_))
        for bin_ in bins
        if len(bin_)
    ]


def cross_validated_error(logits: NDArray[np.float32], truth: NDArray[np.int64], *, seed: int, folds: int = 5) -> float:
    """Calibration error of the scores that `cross_validated_scores` gives for the same arguments."""
    return calibration_error(cross_validated_scores(logits, truth, seed=seed, folds=folds), truth)


def cross_validated_scores(
    logits: NDArray[np.float32], truth: NDArray[np.int64], *, seed: int, folds: int = 5
) -> NDArray[np.float32]:
    """Scores after temperature scaling, each photograph scaled by a temperature it had no part in.

    Args:
        logits: (photographs, labels) of validation and test photographs together.
        truth: (photographs,) label indices.
        seed: of the division into folds.
        folds: how many.
    """
    fold = np.random.default_rng(seed).permutation(len(truth)) % folds
    scores = np.empty_like(logits)
    for number in range(folds):
        inside = fold == number
        temperature = fit_temperature(logits[~inside], truth[~inside])
        scores[inside] = softmax(logits[inside], temperature=temperature)
    return scores


def fit_thresholds(scores: NDArray[np.float32], truth: NDArray[np.int64], *, precision: float) -> list[float]:
    """For each label the lowest score, from one half on, from which its name is right often enough.

    How often that is, a few dozen photographs of a label tell badly. So each label's count is joined by that of
    `PRIOR` made-up photographs that are right as often as their calibrated scores say (an empirical Bayes estimate):
    a label leaves the common line only as far as its own photographs speak for it.

    Args:
        scores: (photographs, labels), calibrated; of photographs that could get a name.
        truth: (photographs,) label indices, those of background pictures among them.
        precision: wanted share of right names among those given.

    Returns:
        One threshold a label; those of the background are never used.
    """
    said, best = scores.argmax(axis=1), scores.max(axis=1)

    def precise(label: int, step: float) -> bool:
        given = (said == label) & (best >= step)
        if not given.any():
            return True
        right, expected = int(np.sum(truth[given] == label)), float(best[given].mean())
        return (right + PRIOR * expected) / (int(given.sum()) + PRIOR) >= precision

    return [
        next((step for step in _GRID if precise(label, step)), _HIGHEST_THRESHOLD) for label in range(scores.shape[1])
    ]

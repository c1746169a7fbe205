"""Make scores mean something: one temperature for all, one threshold a label."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

from insect_edge.postprocess import softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from numpy.typing import NDArray

    from insect_converter.recipes import ThresholdTarget

BINS = 10
_TEMPERATURES = (0.05, 10.0)
_GRID = tuple(hundredth / 100 for hundredth in range(30, 96))
_LOWEST_THRESHOLD, _HIGHEST_THRESHOLD = _GRID[0], _GRID[-1]


def fit_temperature(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """The temperature with the least negative log-likelihood (Guo et al., 2017).

    Args:
        logits: (photographs, labels).
        truth: (photographs,) label indices.
    """

    def cost(log_temperature: float) -> float:
        scores = softmax(logits, temperature=float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(scores[np.arange(len(truth)), truth], 1e-12)).mean())

    result = minimize_scalar(cost, bounds=tuple(np.log(_TEMPERATURES)), method="bounded")
    return float(np.exp(result.x))


def calibration_error(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Expected calibration error of the top category over ten bins of equal mass.

    Args:
        scores: (photographs, labels), summing to one.
        truth: (photographs,) label indices.

    Returns:
        Mean over photographs of |mean score - share right| in the bin they fall into.
    """
    best = scores.max(axis=1)
    right = scores.argmax(axis=1) == truth
    bins = np.array_split(np.argsort(best, kind="stable"), BINS)
    gaps = [len(bin_) * abs(float(best[bin_].mean()) - float(right[bin_].mean())) for bin_ in bins if len(bin_)]
    return float(sum(gaps) / len(best))


def cross_validated_error(logits: NDArray[np.float32], truth: NDArray[np.int64], *, seed: int, folds: int = 5) -> float:
    """Calibration error after temperature scaling, each photograph scaled by a temperature it had no part in.

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
    return calibration_error(scores, truth)


def fit_thresholds(
    scores: NDArray[np.float32], truth: NDArray[np.int64], *, background: Collection[int], target: ThresholdTarget
) -> list[float]:
    """For each label the lowest score from which on a verdict is worth giving.

    First one threshold for all, the lowest at which no more than `target.false_alarms` of the background pictures
    would get a label; then, label by label, higher where that does not give `target.precision`.

    Args:
        scores: (photographs, labels) of the validation photographs, calibrated.
        truth: (photographs,) label indices.
        background: indices of the labels that are background; none where there is no such.
        target: what is wanted.

    Returns:
        One threshold a label; those of the background are never used.
    """
    said, best = scores.argmax(axis=1), scores.max(axis=1)
    common = _LOWEST_THRESHOLD
    alarming = np.isin(truth, list(background))
    if alarming.any():
        alarms = np.where(np.isin(said, list(background)), 0.0, best)[alarming]
        common = _first(lambda step: float(np.mean(alarms >= step)) <= target.false_alarms, least=common)

    def precise(label: int, step: float) -> bool:
        given = truth[(said == label) & (best >= step)]
        return not len(given) or float(np.mean(given == label)) >= target.precision

    return [_first(partial(precise, label), least=common) for label in range(scores.shape[1])]


def _first(holds: Callable[[float], bool], *, least: float) -> float:
    """The lowest threshold from `least` on for which something holds; the highest there is where it never does."""
    return next((step for step in _GRID if step >= least and holds(step)), _HIGHEST_THRESHOLD)

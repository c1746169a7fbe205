"""Is there an animal, and does the model know it? What stands between a name and the verdicts `unknown` and none. Pure.

Two numbers are taken from one output of the graph. *Presence* is the calibrated score that there is any animal at all,
whichever: it tells an animal from an empty scene better than the score of the best label, which also falls when two
animals look alike. *Familiarity* is how strongly the graph answers at all: an insect of a kind it never saw may get
any label, but seldom a loud answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.domain import Evidence, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_edge.domain import Label

SOFTMAX = "softmax"
SCORES = (SOFTMAX, "max_logit", "energy", "margin")
"""Ways to compute the familiarity; the converter finds out which one tells most for a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """When a name is withheld.

    Attributes:
        score: how familiarity is computed, one of `SCORES`.
        threshold: the familiarity from which on an animal is taken for one the model knows, in units of `score`.
        presence: the presence from which on there is an animal, in [0, 1].
        auroc: chance that an insect the model knows is more familiar than one it does not; None where no photographs
            of such were at hand.
        fpr_at_95_tpr: share of unknown insects that pass at the familiarity 95 % of the known ones reach; see `auroc`.
        fitted_on: which photographs decided, in words.
    """

    score: str
    threshold: float
    presence: float
    auroc: float | None
    fpr_at_95_tpr: float | None
    fitted_on: str


def animals(labels: Sequence[Label]) -> NDArray[np.bool_]:
    """Which labels are no background: (labels,) bool."""
    return np.array([label.role is not Role.BACKGROUND for label in labels])


def presence(scores: NDArray[np.float32], among: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Score that any animal is there, in [0, 1].

    Args:
        scores: (..., labels), summing to one.
        among: as `animals` gives it.
    """
    total: NDArray[np.float32] = scores[..., among].sum(axis=-1)
    return total


def familiarity(
    logits: NDArray[np.float32],
    scores: NDArray[np.float32],
    *,
    score: str,
    temperature: float,
    among: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """How well a picture fits what the model knows; higher is more familiar.

    `softmax` after Hendrycks and Gimpel, "A Baseline for Detecting Misclassified and Out-of-Distribution Examples in
    Neural Networks", 2017; `max_logit` after Hendrycks et al., "Scaling Out-of-Distribution Detection for Real-World
    Settings", 2022; `energy` after Liu et al., "Energy-based Out-of-distribution Detection", 2020, here at the card's
    temperature. The background takes part in none but `margin`: knowing a wall well says nothing of an insect.

    Args:
        logits: (..., labels), dequantized.
        scores: (..., labels), what softmax makes of them.
        score: one of `SCORES`.
        temperature: of the card.
        among: as `animals` gives it.

    Raises:
        KeyError: when there is no such score.
    """
    if score == "margin":
        ordered = np.sort(logits, axis=-1)
        return ordered[..., -1] - ordered[..., -2]
    if score == SOFTMAX:
        best: NDArray[np.float32] = scores[..., among].max(axis=-1)
        return best
    loud: NDArray[np.float32] = logits[..., among].max(axis=-1)
    if score == "max_logit":
        return loud
    if score != "energy":
        raise KeyError(score)
    scale = np.float32(temperature)
    rest = np.exp((logits[..., among] - loud[..., np.newaxis]) / scale).sum(axis=-1)
    energy: NDArray[np.float32] = loud + scale * np.log(rest)
    return energy


def evidence_of(
    logits: NDArray[np.float32],
    scores: NDArray[np.float32],
    *,
    rejection: Rejection,
    temperature: float,
    among: NDArray[np.bool_],
) -> Evidence:
    """Both numbers of one picture; see `familiarity` for the arguments."""
    known = familiarity(logits, scores, score=rejection.score, temperature=temperature, among=among)
    return Evidence(presence=min(1.0, float(presence(scores, among))), familiarity=float(known))

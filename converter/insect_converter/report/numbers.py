"""What the page counts, from scores and true labels alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Z_95 = 1.959963984540054
"""97.5 % quantile of the normal distribution: 95 % lie between it and its negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Photographs of one label that got another.

    Attributes:
        truth: index of their label.
        said: index of the answer.
        count: how many.
        of: photographs of that label in all.
    """

    truth: int
    said: int
    count: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCurve:
    """What a label's verdicts are worth, by the threshold one would choose.

    Attributes:
        thresholds: (steps,) in [0, 1].
        precision: (steps,) share of the label's verdicts that are right; NaN where there is none.
        recall: (steps,) share of the label's photographs that get it as their verdict; NaN where it has none.
    """

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def interval(right: int, of: int) -> tuple[float, float]:
    """Between which shares the truth lies with 95 % certainty (Wilson's score interval, 1927).

    Args:
        right: photographs that count.
        of: photographs in all, at least one.
    """
    share, squared = right / of, _Z_95**2
    middle = (share + squared / (2 * of)) / (1 + squared / of)
    reach = _Z_95 / (1 + squared / of) * float(np.sqrt(share * (1 - share) / of + squared / (4 * of**2)))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def confusion_matrix(truth: NDArray[np.int64], said: NDArray[np.int64], *, labels: int) -> NDArray[np.int64]:
    """How often each true label (rows) got each answer (columns): (labels, labels)."""
    matrix = np.zeros((labels, labels), dtype=np.int64)
    np.add.at(matrix, (truth, said), 1)
    return matrix


def confusions(matrix: NDArray[np.int64]) -> list[Confusion]:
    """All pairs that were mixed up: the most frequent first, then the largest share of their label's photographs."""
    totals = matrix.sum(axis=1)
    pairs = [
        Confusion(truth=int(truth), said=int(said), count=int(matrix[truth, said]), of=int(totals[truth]))
        for truth, said in zip(*np.nonzero(matrix), strict=True)
        if truth != said
    ]
    return sorted(pairs, key=lambda pair: (-pair.count, -pair.count / pair.of, pair.truth, pair.said))


def threshold_curve(
    scores: NDArray[np.float32],
    truth: NDArray[np.int64],
    *,
    label: int,
    thresholds: NDArray[np.float64],
    nameable: NDArray[np.bool_],
) -> ThresholdCurve:
    """Precision and recall of one label's verdicts at each threshold.

    A verdict carries the label where it is the top category, its score reaches the threshold, and nothing else speaks
    against giving a name.

    Args:
        scores: (photographs, labels), calibrated.
        truth: (photographs,) label indices.
        label: index.
        thresholds: (steps,) to look at.
        nameable: (photographs,) whether each could get a name, whatever its score.
    """
    given = nameable & (scores.argmax(axis=1) == label) & (scores.max(axis=1) >= thresholds[:, np.newaxis])
    hits = (given & (truth == label)).sum(axis=1).astype(np.float64)
    verdicts, photographs = given.sum(axis=1).astype(np.float64), float((truth == label).sum())
    nothing = np.full_like(hits, np.nan)
    return ThresholdCurve(
        thresholds=thresholds,
        precision=np.divide(hits, verdicts, out=nothing.copy(), where=verdicts > 0),
        recall=hits / photographs if photographs else nothing,
    )

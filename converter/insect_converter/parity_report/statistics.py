"""Float against integer in numbers: intervals, recall by label, drift of the score, the photographs that flipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.postprocess import softmax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RESAMPLES = 10_000
_TAILS = (2.5, 97.5)
_DRIFT_QUANTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A share, or a difference of shares, with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracies:
    """Top-1 of both models and what integer lost, from the same resampled photographs.

    Attributes:
        floating: share that the float model gets right.
        integer: share that the integer model gets right.
        drop: the first less the second; paired, so it is known far better than either.
    """

    floating: Interval
    integer: Interval
    drop: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallChange:
    """One label: shares in [0, 1] of its photographs that get its name; `change` is integer less float."""

    label: str
    photographs: int
    floating: float
    integer: float
    change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How the calibrated score of the top category moved, integer less float, over the photographs.

    Attributes:
        mean: of the changes; near 0 unless integer is surer or less sure throughout.
        quantiles: by percent: 5, 25, 50, 75, 95.
        largest: the change with the largest size.
        beyond_a_tenth: share of photographs whose score moved by more than 0.1.
    """

    mean: float
    quantiles: dict[int, float]
    largest: float
    beyond_a_tenth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A photograph whose top category is another one in integer.

    Attributes:
        name: of the photograph.
        truth: its label.
        floating: what the float model says.
        floating_score: calibrated.
        integer: what the integer model says.
        integer_score: calibrated.
        kind: `lost` (float was right), `won` (integer is), or `moved` (neither).
    """

    name: str
    truth: str
    floating: str
    floating_score: float
    integer: str
    integer_score: float
    kind: str


def accuracies(
    floating: NDArray[np.float32], integer: NDArray[np.float32], truth: NDArray[np.int64], *, seed: int
) -> Accuracies:
    """Top-1 with percentile bootstrap intervals (Efron, 1979), both models on the same resampled photographs.

    A photograph is one of four kinds, by who got it right; drawing photographs with replacement is drawing how many of
    each kind there are from a multinomial distribution, which takes no memory however many photographs there are.

    Args:
        floating: (photographs, labels) logits.
        integer: (photographs, labels) logits.
        truth: (photographs,) label indices.
        seed: of the resampling.
    """
    right = np.stack([floating.argmax(axis=1) == truth, integer.argmax(axis=1) == truth])
    kinds = np.bincount(2 * right[0] + right[1], minlength=4) / len(truth)
    drawn = np.random.default_rng(seed).multinomial(len(truth), kinds, size=RESAMPLES) / len(truth)
    integer_only, float_only, both = (drawn[:, kind] for kind in (1, 2, 3))
    return Accuracies(
        floating=_interval(kinds[3] + kinds[2], both + float_only),
        integer=_interval(kinds[3] + kinds[1], both + integer_only),
        drop=_interval(kinds[2] - kinds[1], float_only - integer_only),
    )


def recall_changes(
    floating: NDArray[np.float32], integer: NDArray[np.float32], truth: NDArray[np.int64], *, labels: Sequence[str]
) -> tuple[RecallChange, ...]:
    """Recall by label, of the labels that have photographs, the largest loss first."""
    rows = []
    for index, label in enumerate(labels):
        own = truth == index
        if own.any():
            before, after = (float(np.mean(logits[own].argmax(axis=1) == index)) for logits in (floating, integer))
            count = int(own.sum())
            rows.append(
                RecallChange(label=label, photographs=count, floating=before, integer=after, change=after - before)
            )
    return tuple(sorted(rows, key=lambda row: row.change))


def drift(floating: NDArray[np.float32], integer: NDArray[np.float32], *, temperature: float) -> Drift:
    """How the top category's calibrated score moved.

    Args:
        floating: (photographs, labels) logits.
        integer: (photographs, labels) logits.
        temperature: from the card; the same for both, as the Pi has but one.
    """
    before, after = (softmax(logits, temperature=temperature).max(axis=1) for logits in (floating, integer))
    change = after.astype(np.float64) - before
    return Drift(
        mean=float(change.mean()),
        quantiles={percent: float(np.percentile(change, percent)) for percent in _DRIFT_QUANTILES},
        largest=float(change[np.abs(change).argmax()]),
        beyond_a_tenth=float(np.mean(np.abs(change) > 0.1)),  # noqa: PLR2004 - the golden vector's tolerance too
    )


def flips(
    floating: NDArray[np.float32],
    integer: NDArray[np.float32],
    truth: NDArray[np.int64],
    *,
    names: Sequence[str],
    labels: Sequence[str],
    temperature: float,
) -> tuple[Flip, ...]:
    """The photographs that integer calls otherwise: lost ones first, the surest float answers first."""
    before, after = (softmax(logits, temperature=temperature) for logits in (floating, integer))
    said, heard = before.argmax(axis=1), after.argmax(axis=1)
    found = [
        Flip(
            name=names[row],
            truth=labels[truth[row]],
            floating=labels[said[row]],
            floating_score=float(before[row].max()),
            integer=labels[heard[row]],
            integer_score=float(after[row].max()),
            kind="lost" if said[row] == truth[row] else "won" if heard[row] == truth[row] else "moved",
        )
        for row in np.flatnonzero(said != heard).tolist()
    ]
    return tuple(sorted(found, key=lambda flip: (flip.kind, -flip.floating_score)))


def _interval(value: float, resampled: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(resampled, _TAILS)
    return Interval(value=float(value), low=float(low), high=float(high))

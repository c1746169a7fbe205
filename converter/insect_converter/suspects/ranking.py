"""Which labels are probably wrong: confident learning on out-of-fold scores.

Northcutt, Jiang, Chuang: "Confident Learning: Estimating Uncertainty in Dataset Labels", 2021, as cleanlab has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from cleanlab.count import num_label_issues
from cleanlab.rank import get_label_quality_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


_QUALITY = "normalized_margin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A photograph to which the classifier gives another label than its folder.

    Attributes:
        position: of the photograph.
        suggested: index of the label it would get.
        quality: of its own label, 0 (surely wrong) to 1 (surely right): (1 + score of its label - highest score of
            the others) / 2, so under 0.5.
        counted: whether it is among the first so many as confident learning estimates to be mislabelled: those that
            another label claims at least as surely as it claims its own photographs on average.
    """

    position: int
    suggested: int
    quality: float
    counted: bool


def rank(scores: NDArray[np.float64], labels: Sequence[int]) -> list[Suspect]:
    """All photographs that would get another label, the most suspicious first.

    Args:
        scores: (photographs, labels), out of fold.
        labels: index of each photograph.
    """
    given = np.asarray(labels)
    suggested = scores.argmax(axis=1)
    quality = get_label_quality_scores(given, scores, method=_QUALITY)
    positions = np.flatnonzero(suggested != given).tolist()
    positions.sort(key=lambda position: (quality[position], position))
    estimate = int(num_label_issues(given, scores)) if positions else 0
    return [
        Suspect(
            position=position,
            suggested=int(suggested[position]),
            quality=float(quality[position]),
            counted=place < estimate,
        )
        for place, position in enumerate(positions)
    ]

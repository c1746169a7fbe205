"""What several looks at one animal say together.

Scores are calibrated, so their log-odds can be averaged: with the looks' scores s for a label, the mean M of
ln(s / (1 - s)) is the pooled opinion that stays the same however often the same look is repeated. Several looks that
differ say more than one, so the mean is made more extreme by a factor w, as in Satopää et al. 2014 (*International
Journal of Forecasting* 30: 344-356):

    ln(p / (1 - p)) = w M - (w - 1) N

There w is fitted; here it is the number of independent looks that n correlated ones are worth, n / (1 + (n - 1) r)
(Kish 1965, *Survey Sampling*), with r the correlation between two looks at the same animal: 1 for the first look, less
than 1 / r for any number. N is the point from which on looks add up, one half or the label's threshold, whichever is
less: looks that pass the threshold never add up to a score that does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from insect_edge.domain import Category

CORRELATION = 0.5
"""Between two looks at the same animal. Chosen, not measured: looks are worth no more than two independent ones."""
LEAST = 0.05
"""Scores are taken to be from this to one less this: a model may be off by so much and still pass for calibrated. It
is also the score of a label that is not among a look's top categories."""
MEMORY = 6
"""Looks after which an old one counts for about a third of what it did: animals turn, and light changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Looks at one animal, taken together.

    Attributes:
        looks: how many.
        means: label → mean of its log-odds; other labels were never among the top categories.
    """

    looks: int = 0
    means: Mapping[str, float] = field(default_factory=dict)

    def plus(self, categories: Iterable[Category]) -> Pool:
        """With one look more."""
        looks = self.looks + 1
        weight = 1 / min(looks, MEMORY)
        scores = {category.label.name: category.score for category in categories}
        means = {
            label: mean + weight * (_log_odds(scores.get(label, LEAST)) - mean)
            for label, mean in {**dict.fromkeys(scores, _log_odds(LEAST)), **self.means}.items()
        }
        return Pool(looks=looks, means=means)

    @property
    def leader(self) -> str | None:
        """The label that most speaks for; None before the first look."""
        return max(self.means, key=lambda label: (self.means[label], label), default=None)

    def score(self, label: str, *, threshold: float) -> float:
        """Of the label, in [0, 1]; `threshold` is the label's own."""
        if label not in self.means:
            return 0.0
        worth = self.looks / (1 + (self.looks - 1) * CORRELATION)
        neutral = _log_odds(min(threshold, 0.5))
        return 1 / (1 + math.exp(-(worth * self.means[label] - (worth - 1) * neutral)))


def _log_odds(score: float) -> float:
    held = min(max(score, LEAST), 1 - LEAST)
    return math.log(held / (1 - held))

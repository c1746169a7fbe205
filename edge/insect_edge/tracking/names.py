"""What the model called an animal, and how likely one that is called something else is the same.

A model wavers, so one other name says little, and the less the fewer looks there were. With n looks at an animal, c of
which gave it a name, the next look gives it that name with probability (c + a) / (n + 1), as in Laplace's rule of
succession; an animal of which nothing is known gets it with the share that one kind among several has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ODD = 0.3
"""Looks that any other name is thought to have had: of an animal looked at once, every seventh look differs."""
USUAL = 0.2
"""How often a newcomer has any one name: some five kinds are about."""
NAMELESS = 2.0
"""An animal that has a name gets none in every tenth look, a leaf in nearly all: the logarithm of their ratio."""
KEPT = 0.95
"""Of what older looks count, with each new one: an animal has at most 20."""
MOST_LOOKS = round(1 / (1 - KEPT))
"""What all looks together count for at most."""
ROUNDING = 1e-9
SHARE = 1 / 3
"""Of all looks at an animal those that gave it its name, at least: a leaf looked at for long is called something
now and then. Of 290 events in drawn beds four began with less, two of leaves and two of animals told before."""
SURE = 2
"""Looks that agree, from which on a name is taken to be an animal's."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one animal.

    Attributes:
        counts: name → looks that gave it, the older ones for less than one each.
        without: looks that gave none, likewise.
    """

    counts: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    without: float = 0.0

    def plus(self, name: str | None) -> Names:
        """With one look more; one that named nothing says nothing of which name is right."""
        if name is None:
            return replace(self, without=min(self.without + 1.0, MOST_LOOKS))
        counts = {other: KEPT * count for other, count in self.counts.items()}
        return Names({**counts, name: counts.get(name, 0.0) + 1.0}, KEPT * self.without)

    def and_later(self, later: Names) -> Names:
        """With the looks at what proved to be the same animal."""
        kept = KEPT ** sum(later.counts.values())
        known = {**self.counts, **later.counts}
        counts = {name: kept * self.counts.get(name, 0.0) + later.counts.get(name, 0.0) for name in known}
        return Names(counts, min(kept * self.without + later.without, MOST_LOOKS))

    @property
    def is_usual(self) -> bool:
        """Whether the leader is what it is called in a good part of all looks."""
        return self.leader is not None and self.share(self.leader) >= SHARE

    def share(self, name: str) -> float:
        """Of all looks those that gave this name, in [0, 1]."""
        looks = sum(self.counts.values()) + self.without
        return self.counts.get(name, 0.0) / looks if looks else 0.0

    @property
    def leader(self) -> str | None:
        """The name it got most; None before it got any."""
        return max(self.counts, key=lambda name: (self.counts[name], name), default=None)

    @property
    def sure(self) -> str | None:
        """The leader, where enough looks agree on it."""
        return self.leader if self.agree(SURE) else None

    def agree(self, looks: int) -> bool:
        """Whether at least so many looks gave the same name."""
        # One look in between that says otherwise takes nothing from it.
        least = KEPT * (1 - KEPT**looks) / (1 - KEPT)
        return max(self.counts.values(), default=0.0) >= least - ROUNDING

    def cost(self, name: str | None) -> float:
        """How much less likely this animal gets that name, or none, than another: a natural logarithm, at least 0."""
        if not self.counts:
            return 0.0
        if name is None:
            return NAMELESS if self.sure is not None else 0.0
        likely = (self.counts.get(name, 0.0) + ODD) / (sum(self.counts.values()) + 1)
        return max(math.log(USUAL / likely), 0.0)

    def contradicts(self, other: Names) -> bool:
        """Whether both have a sure name, and not the same."""
        return self.sure is not None and other.sure is not None and self.sure != other.sure

"""What the policy knows of one animal that is followed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from insect_edge.policy.pooling import Pool

if TYPE_CHECKING:
    from insect_edge.policy.state import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    """What is known of one animal that is followed.

    Attributes:
        looks: the newest, oldest first, at most `window`.
        pool: of all that showed anything.
        told: whether it has, or had, its event.
    """

    looks: tuple[Look, ...] = ()
    pool: Pool = field(default_factory=Pool)
    told: bool = False

    def plus(self, look: Look, *, window: int) -> Animal:
        """After one more look; one that shows nothing but background does not say which animal it is."""
        looks = (*self.looks, look)[-window:]
        return replace(self, looks=looks, pool=self.pool if look.empty else self.pool.plus(look.categories))

    def agreeing(self, label: str) -> list[Look]:
        """The looks whose verdict is the label, oldest first."""
        return [look for look in self.looks if look.names(label)]

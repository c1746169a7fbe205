"""More places to look at than one frame allows: they take turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.regions.merge import bounded
from insect_edge.sightings import Proposal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Region
    from insect_edge.sightings import Found, Origin


class Turns:
    """Orders the same places anew for every frame, so that each comes to be among the first."""

    def __init__(self, *, origin: Origin, at_once: int, most: int) -> None:
        """Start with the first place.

        Args:
            origin: of the proposals.
            at_once: how many are looked at in one frame; the next frame begins behind them.
            most: proposals of one frame.
        """
        self._origin = origin
        self._at_once = at_once
        self._most = most
        self._next = 0

    def take(self, places: Sequence[Region]) -> Found:
        """Every place, beginning where the last frame's looks ended.

        Args:
            places: the same for every frame of one size; none are none.
        """
        count = len(places)
        if count == 0:
            return bounded((), most=self._most)
        start = self._next % count if count > self._at_once else 0
        self._next = start + self._at_once
        ordered = [*places[start:], *places[:start]]
        return bounded(
            (
                Proposal(region=place, origin=self._origin, strength=1 - rank / count)
                for rank, place in enumerate(ordered)
            ),
            most=self._most,
        )

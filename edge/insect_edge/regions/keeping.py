"""A finder without memory, and what it need not find again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from insect_edge.regions.merge import bounded, strangers
from insect_edge.regions.reduce import reduced
from insect_edge.regions.rest import Resting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Frame, Region
    from insect_edge.regions.finder import Finder
    from insect_edge.sightings import Found


class Keeping:
    """Another finder, for which watched animals that have not changed are given back as they were.

    Args:
        finder: finds things in each frame by itself.
        most: proposals of one frame.
    """

    def __init__(self, finder: Finder, *, most: int) -> None:
        self._finder = finder
        self._most = most
        self._resting = Resting()

    def find(self, frame: Frame, *, watched: Sequence[Region] = ()) -> Found:
        """What the other finder found, and in its place what is known already."""
        picture = reduced(frame).astype(np.float32)
        rest = self._resting.unchanged(picture, watched)
        found = self._finder.find(frame)
        news = strangers(found.proposals, rest)
        self._resting.remember(picture, [*rest, *news])
        joined = bounded([*rest, *news], most=self._most)
        return type(found)(proposals=joined.proposals, skipped=found.skipped + joined.skipped, settled=found.settled)

"""The whole frame, or its middle: one look a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.domain import Region
from insect_edge.sightings import Found, Origin, Proposal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Frame


class WholeFinder:
    """Proposes one region, and the same always."""

    def __init__(self, view: Region | None) -> None:
        """Take what is looked at.

        Args:
            view: None for the centred square of whatever frame comes.
        """
        self._view = view

    def find(self, frame: Frame, *, watched: Sequence[Region] = ()) -> Found:
        """That region."""
        del watched
        view = self._view or Region.centred_square(frame_width=frame.width, frame_height=frame.height)
        return Found(proposals=(Proposal(region=view, origin=Origin.WHOLE, strength=1.0),))

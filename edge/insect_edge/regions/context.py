"""What the model is shown of a proposal: a square, never squeezed out of shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.domain import Region
from insect_edge.sightings import Origin

if TYPE_CHECKING:
    from insect_edge.sightings import Proposal

MARGIN = 0.4
"""Of the animal's longer side, on each side of it: about what the photographs leave from which the model learned."""
SMALLEST = 64
"""Pixels: less, enlarged to the model's input, is a blur in which it sees anything."""


def square(
    region: Region, *, frame_width: int, frame_height: int, margin: float = MARGIN, smallest: int = SMALLEST
) -> Region:
    """The square around a region, on whole pixels.

    Its middle is the region's, unless it would reach outside the frame: then it is moved, not squeezed. Where the frame
    is too small for it, it is as large as the frame allows.

    Args:
        region: tight around something.
        frame_width: in pixels.
        frame_height: in pixels.
        margin: added on each side, in parts of the region's longer side, at least 0.
        smallest: side of the square in pixels, at least.
    """
    longer = max(region.width * frame_width, region.height * frame_height)
    side = min(max(round(longer * (1 + 2 * margin)), smallest), frame_width, frame_height)
    left = _placed((region.x + region.width / 2) * frame_width, side=side, room=frame_width)
    top = _placed((region.y + region.height / 2) * frame_height, side=side, room=frame_height)
    return Region(x=left / frame_width, y=top / frame_height, width=side / frame_width, height=side / frame_height)


def shown(proposal: Proposal, *, frame_width: int, frame_height: int) -> Region:
    """What the model is shown of a proposal.

    The whole frame's region is taken as it is, areas and tiles without a margin, since they are no animals' outlines;
    all else with one.
    """
    if proposal.origin is Origin.WHOLE:
        return proposal.region
    margin = 0.0 if proposal.origin in {Origin.AREA, Origin.TILE} else MARGIN
    return square(proposal.region, frame_width=frame_width, frame_height=frame_height, margin=margin)


def _placed(middle: float, *, side: int, room: int) -> int:
    """Where a side around that middle begins, moved to lie within the room."""
    return min(max(round(middle - side / 2), 0), room - side)

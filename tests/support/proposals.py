"""Frames and proposals in a few letters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.domain import Frame, Moment, Region
from insect_edge.sightings import Origin, Proposal

if TYPE_CHECKING:
    from numpy.typing import NDArray

_START = datetime(2026, 6, 1, tzinfo=UTC)


def box(x: float, y: float, width: float, height: float) -> Region:
    """A region."""
    return Region(x=x, y=y, width=width, height=height)


def proposal(region: Region, *, strength: float = 0.5, origin: Origin = Origin.MOTION) -> Proposal:
    """That something may be there."""
    return Proposal(region=region, origin=origin, strength=strength)


def frame(pixels: NDArray[np.uint8], *, seconds: float = 0.0) -> Frame:
    """A frame of that instant."""
    at = Moment(monotonic=seconds, utc=_START + timedelta(seconds=seconds), clock_synced=True)
    return Frame(pixels=pixels, captured=at, sequence=0)


def empty_frame(width: int, height: int) -> Frame:
    """A black frame."""
    return frame(np.zeros((height, width, 3), np.uint8))

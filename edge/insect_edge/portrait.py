"""The picture of an event: the frame that shows it, or of a single animal its surroundings alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge import preprocess
from insect_edge.regions import context

if TYPE_CHECKING:
    from insect_edge.domain import Frame
    from insect_edge.sightings import Path

MARGIN = 1.0
"""Of the animal's longer side on each side of it: enough to see what it sits on."""
SMALLEST = 160
"""Pixels; less is too little for people."""


def portrait(frame: Frame, path: Path | None) -> Frame:
    """What of a frame is kept and sent as the picture of an event that it shows.

    Args:
        frame: one in which the event's animal was seen, at its path's end.
        path: of the event's animal; None where no single animal is followed.

    Returns:
        The frame itself where no single animal is followed; else a view of its pixels, at full resolution.
    """
    if path is None:
        return frame
    around = context.square(
        path.last, frame_width=frame.width, frame_height=frame.height, margin=MARGIN, smallest=SMALLEST
    )
    return replace(frame, pixels=preprocess.crop(frame.pixels, around), luma=None)

"""What there really is to be seen in a frame: one noun for all scenes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_edge.domain import Region

MOVED = 1 / 1280
"""An animal moves when its head or its tail has got further than this over the ground within the last second, in frame
widths: a quarter of a pixel where the frame is reduced to 320 columns."""
HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One animal that can really be seen in a frame.

    Attributes:
        identity: the same for as long as it stays; no other animal of the scene ever has it.
        label: who.
        box: the smallest upright box around what can be seen of it.
        moving: whether it has moved over the ground within the last second (see `MOVED`).
        visible: share of it that is inside the frame and not covered, in (0, 1].
    """

    identity: int
    label: str
    box: Region
    moving: bool
    visible: float = 1.0

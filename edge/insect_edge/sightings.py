"""The nouns between a frame and its events where small animals are looked for: where, then what, then who.

A *proposal* is a part of a frame in which something may be; a *sighting* is a proposal with what the model says of it;
sightings of the same animal in frame after frame are its *track*.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_edge.domain import Classification, Region


class Origin(enum.StrEnum):
    """Why a part of a frame is worth a look."""

    WHOLE = "whole"
    """It is all that is looked at."""
    AREA = "area"
    """The configuration names it."""
    TILE = "tile"
    """It is one of the tiles that cover the frame."""
    MOTION = "motion"
    """Something moves there."""
    CONTRAST = "contrast"
    """Something there stands out from what is around it."""
    REST = "rest"
    """An animal was there, and what is to be seen there has not changed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Where something may be, before anyone has said what.

    Attributes:
        region: tight around the thing; the model is shown more than that (`regions.context`).
        origin: why it is proposed.
        strength: how much speaks for it, in [0, 1]; the strongest are looked at first.
    """

    region: Region
    origin: Origin
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a finder has to say of one frame.

    Attributes:
        proposals: strongest first.
        skipped: how many more there were, past the most that are given.
        settled: whether the finder knows the scene well enough; until then nothing it is silent about is known to be
            absent.
    """

    proposals: tuple[Proposal, ...]
    skipped: int = 0
    settled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A proposal and what the model says of it.

    Attributes:
        proposal: where.
        classification: of its surroundings; None where the model was not asked, since the animal rests and was looked
            at before, or the frame's budget was spent.
    """

    proposal: Proposal
    classification: Classification | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Where one animal has been.

    Attributes:
        track_id: the same for as long as the animal stays; never used again.
        first: where it was seen first.
        last: where it was seen last.
        length: of the way of its middle, in frame widths, at least 0.
        seconds: from the first sight to the last, at least 0.
    """

    track_id: str
    first: Region
    last: Region
    length: float
    seconds: float

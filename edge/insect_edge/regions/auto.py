"""The finder that picks by what the scene does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge.regions.merge import bounded, strangers
from insect_edge.sightings import Found, Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Frame, Region
    from insect_edge.regions.finder import Finder
    from insect_edge.regions.motion import MotionFinder
    from insect_edge.sightings import Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoSettings:
    """When to look for what stands out, and not only for what moves.

    Attributes:
        still: share of the scene that is restless by itself below which it counts as still.
        restless: the same above which it does no longer; in between it stays what it was.
        looks: frames that such a look takes, so that what is found can be named by more than one.
        every: seconds after which a still scene is looked over again.
        busy: where more things than these stand out, it is no sheet with animals on it but a bed full of pebbles: none
            of them is looked at.
        most: proposals of one frame.
    """

    still: float = 0.01
    restless: float = 0.03
    looks: int = 6
    every: float = 60.0
    busy: int = 60
    most: int = 500


class AutoFinder:
    """What moves, always; and what stands out, where the scene stands still or is not known yet.

    Looking for what stands out costs more, and finds the same again as long as nothing happens. So that is done for a
    few frames at the beginning, whenever something has come to rest, and once in a while.

    Args:
        motion: finds what moves, and knows how restless the scene is.
        contrast: finds what stands out in a single picture.
        settings: the numbers.
    """

    def __init__(self, *, motion: MotionFinder, contrast: Finder, settings: AutoSettings) -> None:
        self._motion = motion
        self._contrast = contrast
        self._settings = settings
        self._still = False
        self._moved = False
        self._looks_left = 0
        self._last_look = -math.inf

    def find(self, frame: Frame, *, watched: Sequence[Region] = ()) -> Found:
        """What is to be looked at in this frame."""
        found = self._motion.find(frame, watched=watched)
        if not self._looks_over(found, at=frame.captured.monotonic):
            return found
        standing = self._contrast.find(frame)
        if len(standing.proposals) + standing.skipped > self._settings.busy:
            return found
        news = strangers(standing.proposals, found.proposals)
        self._motion.also_proposed(news)
        joined = bounded([*found.proposals, *news], most=self._settings.most, settled=found.settled)
        skipped = found.skipped + standing.skipped + joined.skipped
        return Found(proposals=joined.proposals, skipped=skipped, settled=found.settled)

    def _looks_over(self, found: Found, *, at: float) -> bool:
        """Whether this frame is one in which to look for what stands out."""
        settings = self._settings
        if not found.settled:
            self._looks_left = settings.looks
            return True
        self._still = self._motion.restlessness < (settings.restless if self._still else settings.still)
        moves = any(_moves(one) for one in found.proposals)
        if (self._moved and not moves) or at - self._last_look >= settings.every:
            self._looks_left = settings.looks
        self._moved = moves
        if not self._still or self._looks_left == 0:
            return False
        self._looks_left -= 1
        self._last_look = at
        return True


def _moves(proposal: Proposal) -> bool:
    return proposal.origin is Origin.MOTION

"""Whether what is called an animal's name may be called so because of that animal beside it.

The model is shown a square with a margin around each thing. A leaf next to a wasp, or a second box around a part of
it, shows the wasp as well, and is called one. So it takes a look at which the wasp is elsewhere to tell two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.tracking.box import Box

if TYPE_CHECKING:
    from collections.abc import Iterable

    from insect_edge.tracking.state import Track

COMMON = 0.25
"""Part of the smaller of two boxes that both cover, from which on they may be of one animal."""
PIECE = 0.25
"""What is at most so large a part of an animal in the same square, by area, may be a bit of leaf that is called so
because of the animal."""
ONE = 1.3
"""Two boxes of one animal reach together along either side no further than so many times the animal itself; those of
two that touch do, one way or the other."""
HERE = 1.0
"""Seconds since it was seen by itself for which an animal is taken to be there still: a leaf that covers it takes its
place."""


def may_show_another(track: Track, others: Iterable[Track], *, now: float, aspect: float) -> bool:
    """Whether the newest look at `track` may have shown one of `others`.

    Args:
        track: one that was looked at in this frame.
        others: animals of the name that this one got.
        now: monotonic seconds.
        aspect: the frame's width over its height.
    """
    here = (other for other in others if now - other.alone <= HERE)
    return any(other.track_id != track.track_id and _may_be_of(track, other, aspect=aspect) for other in here)


def is_bit(track: Track, *, beside: Track) -> bool:
    """Whether something is much smaller than an animal."""
    return track.box.area <= PIECE * beside.box.area


def _may_be_of(track: Track, other: Track, *, aspect: float) -> bool:
    own, theirs = Box.of(track.last, aspect=aspect), Box.of(other.last, aspect=aspect)
    if own.shared(theirs) >= COMMON * min(own.area, theirs.area) or _are_one(own, theirs, other.box):
        return True
    look = None if track.seen is None else track.seen.classification
    if look is None or own.area > PIECE * theirs.area:
        return False
    return theirs.covered(by=Box.of(look.region, aspect=aspect)) >= COMMON


def _are_one(own: Box, theirs: Box, whole: Box) -> bool:
    """Whether both boxes together are no larger than an animal of that size: a leaf lies across it."""
    both = own.around(theirs)
    return both.width <= ONE * whole.width and both.height <= ONE * whole.height

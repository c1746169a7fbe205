"""How long things that differ from the background have stood still."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.regions.movers import meetings
from insect_edge.regions.rest import alike

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_edge.regions.movers import Mover

    Picture = NDArray[np.float32]
    Window = tuple[slice, slice]

_SAME_BOX = 0.5
"""Intersection over union of a thing's box now and when it stopped."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stand:
    mover: Mover
    picture: Picture
    since: float
    unwatched_since: float


class Standing:
    """Remembers where things are and what they look like, for as long as they stay."""

    def __init__(self) -> None:
        self._stands: list[_Stand] = []

    def forget(self) -> None:
        """All of it."""
        self._stands = []

    def seconds(
        self, picture: Picture, found: Sequence[Mover], *, at: float, watched: Sequence[Window]
    ) -> list[tuple[Mover, float, float]]:
        """Each thing with how long it has not moved, and how much of that without anybody watching it.

        Args:
            picture: (rows, columns) float32, moved to where the background lies.
            found: in its places.
            at: seconds.
            watched: in its places.
        """
        boxes = [mover.window for mover in found]
        is_watched = meetings(boxes, watched)
        touched = meetings(boxes, [stand.mover.window for stand in self._stands])
        stands = []
        for mover, near, seen in zip(found, touched, is_watched, strict=True):
            stand = self._now(picture, mover, [self._stands[number] for number in near], at=at)
            stands.append(replace(stand, unwatched_since=at) if seen else stand)
        self._stands = stands
        return [
            (mover, at - stand.since, at - stand.unwatched_since) for mover, stand in zip(found, stands, strict=True)
        ]

    def _now(self, picture: Picture, mover: Mover, stands: Sequence[_Stand], *, at: float) -> _Stand:
        for stand in stands:
            if _overlap(stand.mover, mover) >= _SAME_BOX and alike(stand.picture, _smooth(picture, stand.mover)):
                return stand
        return _Stand(mover=mover, picture=_smooth(picture, mover), since=at, unwatched_since=at)


def holds(window: Window, mover: Mover) -> bool:
    """Whether all of a thing lies in a box."""
    return all(
        outer.start <= inner.start and inner.stop <= outer.stop
        for outer, inner in zip(window, mover.window, strict=True)
    )


def _smooth(picture: Picture, mover: Mover) -> Picture:
    return cv2.blur(picture[mover.window], (3, 3)).astype(np.float32, copy=False)


def _overlap(one: Mover, other: Mover) -> float:
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(across, 0) * max(down, 0)
    return shared / (one.box_area + other.box_area - shared)

"""The numbers by which animals are followed."""

from __future__ import annotations

from dataclasses import dataclass, replace

LEAST_PATIENCE_SECONDS = 30.0
"""Shorter, an animal that walks behind a leaf would be counted twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSettings:
    """How animals move, and how long they are waited for; a *body length* is the mean of a box's two sides.

    Attributes:
        speed: how fast animals walk along each axis, in body lengths per second, root mean square.
        flight: the same of one just found, of which nobody knows whether it walks or flies.
        persistence: seconds after which an animal's direction says little about where it goes next.
        jitter: standard deviation of the middle of a box about the animal's, in body lengths.
        farthest: body lengths; past that from where it is expected nothing is taken for the same animal.
        confirm: sightings from which on something is taken for more than a flicker, from 1.
        patience: seconds unseen after which an animal in the middle of the frame is given up.
        sitting: the same of one that hardly moved when it was seen last, or has a name: it may be there, like the
            ground around it, or behind a leaf.
        left_after: seconds unseen after which one that was going out at the border is given up.
        empty_looks: looks at which no animal was seen, none in between that gave it a name, after which a recognised
            one is no longer where it rested.
        most: animals followed at once, from 1, not counted those that are known and rest.
        resting: those besides: moths and specks on a sheet. Each costs little; forgotten, it would be new in every
            frame, and looked at again. As many as finders propose.
    """

    speed: float = 1.2
    flight: float = 2.0
    persistence: float = 2.0
    jitter: float = 0.15
    farthest: float = 8.0
    confirm: int = 3
    patience: float = LEAST_PATIENCE_SECONDS
    sitting: float = 180.0
    left_after: float = 2.0
    empty_looks: int = 5
    most: int = 64
    resting: int = 500

    def waiting(self, seconds: float) -> TrackerSettings:
        """The same with that patience, as far as it is not too short to tell one animal from two."""
        return replace(self, patience=max(LEAST_PATIENCE_SECONDS, seconds))

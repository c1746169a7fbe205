"""Who was lost and is found again elsewhere: what has just been confirmed may be an animal that is missed.

A single box far from where an animal was expected is more often chance than the animal, so it is not followed there at
once. Something that has been seen several times is no chance; if an animal had vanished by then from where this one
could have come from, taking off or behind a leaf, it is that animal, and keeps its identity.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.tracking.assignment import assign
from insect_edge.tracking.association import Expected, expected_of, likeness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.tracking.settings import TrackerSettings
    from insect_edge.tracking.state import Track

DEVIATIONS = 3.0
"""How far from where it was expected by then, in standard deviations, an animal is taken to be itself."""
SAT = 1.5
"""Body lengths from where it sat in which an animal that was unseen for long is taken to be itself."""
LEAP = 8.0
"""Body lengths a second it may have come beyond that, while nobody saw it: it took off."""


def reunited(tracks: Sequence[Track], *, before: Sequence[Expected], settings: TrackerSettings) -> list[Track]:
    """These tracks, with those confirmed in this very frame put in the place of animals that are missed.

    Args:
        tracks: after the frame.
        before: the animals as they were expected in it.
        settings: of the tracker.
    """
    known = {one.track.track_id for one in before if one.track.confirmed}
    fresh = [number for number, track in enumerate(tracks) if track.confirmed and track.track_id not in known]
    lost = [number for number, track in enumerate(tracks) if track.missed and track.track_id in known]
    costs = {
        (old, new): cost
        for old in lost
        for new in fresh
        if (by_then := _by_then(tracks[old], tracks[new])) is not None
        and (cost := _cost(by_then, tracks[new], settings=settings)) is not None
    }
    pairs = assign(costs, limit=math.inf if not costs else max(costs.values()) + 1)
    found, fresh_of = set(pairs.values()), {old: tracks[new] for old, new in pairs.items()}
    return [
        _again(_by_then(track, new) or track, new) if (new := fresh_of.get(number)) is not None else track
        for number, track in enumerate(tracks)
        if number not in found
    ]


def _by_then(old: Track, new: Track) -> Track | None:
    """The old animal before the new one was first seen; without its last sighting, where that was meanwhile."""
    return next(
        (one for one in (old, old.doubt) if one is not None and one.last_seen.monotonic < new.started.monotonic), None
    )


def _cost(old: Track, new: Track, *, settings: TrackerSettings) -> float | None:
    """How unlike the two are; None where they cannot be one."""
    expected = expected_of(old, now=new.started.monotonic, settings=settings)
    x, y = new.step_from if not new.length else (new.box.x, new.box.y)
    size = old.box.size
    off = math.hypot(x - expected.box.x, y - expected.box.y)
    deviation = math.sqrt((expected.motion.x.place_variance + expected.motion.y.place_variance) / 2)
    flown = LEAP * size * (new.started.monotonic - old.last_seen.monotonic)
    if new.started.monotonic - old.absent_from >= settings.patience:
        # Only one that sits is waited for so long, and it is where it sat.
        return off / SAT if off < SAT * max(size, new.box.size) else None
    reach = min(DEVIATIONS * deviation + flown, settings.farthest * size)
    if off > reach:
        return None
    return off / reach + likeness(old, new.box, name=new.label)


def _again(old: Track, new: Track) -> Track:
    """The old animal where the new one is."""
    gap = math.hypot(new.step_from[0] - old.step_from[0], new.step_from[1] - old.step_from[1])
    return replace(
        new,
        track_id=old.track_id,
        first=old.first,
        started=old.started,
        seconds=old.seconds + new.seconds + new.started.monotonic - old.last_seen.monotonic,
        length=old.length + gap,
        sightings=old.sightings + new.sightings,
        looks=old.looks + new.looks,
        label=old.label if new.label is None else new.label,
    )

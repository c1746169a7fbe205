"""Who was lost and is found again elsewhere: what has just been confirmed may be an animal that is missed.

A single box far from where an animal was expected is more often chance than the animal, so it is not followed there at
once. Something that has been seen several times is no chance; if an animal had vanished by then from where this one
could have come from, taking off or behind a leaf, it is that animal, and keeps its identity. So it is with what has
been followed for a while and gets its name now, with an animal that has slipped away from where it seems to rest, and
with one that was told, when a track that has its name and is not told has its boxes since.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.sightings import Origin
from insect_edge.tracking.assignment import assign
from insect_edge.tracking.association import Expected, expected_of, likeness
from insect_edge.tracking.box import Box
from insect_edge.tracking.joints import found_again
from insect_edge.tracking.neighbours import is_bit

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from insect_edge.tracking.settings import TrackerSettings
    from insect_edge.tracking.state import Track

    Offers = dict[tuple[int, int], tuple[float, Track]]
    """Numbers of an old and a new track that may be one → what that costs, and the new one as it would be taken."""

DEVIATIONS = 3.0
"""How far from where it was expected by then, in standard deviations, an animal is taken to be itself."""
SAT = 1.5
"""Body lengths from where it sat in which an animal that was unseen for long is taken to be itself."""
HIDDEN = 4.0
"""The same where the model calls both the same, and it was behind a leaf, or under it: in five drawn scenes those that
came out again were up to 4 away."""
NEAR = 3.0
"""The same of one that has no name, or was first seen at the border, where mostly another has come in, or was told, and
may have got another track: in all of these it is the same only if it hardly went."""
SLIPPED = 2.0
"""The same from where it seems to rest still: it slipped away."""
LEAP = 8.0
"""Body lengths a second it may have come beyond that, while nobody saw it: it took off."""
FLIGHT = 16.0
"""Body lengths away, at most, where the model calls both the same and the new one did not come in from outside."""
PACE = 2.0
"""Body lengths a second by which that may be further than usual: it walked on behind leaves, or flew."""
HANDOVER = 0.35
MOMENT = 3.0
FRAMES = 3.3
"""Seconds, from and to, that an animal is missed for when another track proves to have it; three frames, and a little
for a clock that is not even, where they are slower."""
RATHER = 10.0
"""What it costs to take it for one that seems to rest: whoever is missed is rather the one that is found."""


def reunited(
    tracks: Sequence[Track],
    *,
    before: Sequence[Expected],
    settings: TrackerSettings,
    aspect: float,
    told: Container[str] = (),
) -> list[Track]:
    """These tracks, with those that prove in this very frame to be animals known before put in their place.

    Args:
        tracks: after the frame.
        before: the animals as they were expected in it.
        settings: of the tracker.
        aspect: the frame's width over its height.
        told: identifiers of those whose event is open.
    """
    known = {one.track.track_id: one.track for one in before if one.track.confirmed}
    fresh = _fresh(tracks, known=known)
    lost = [
        number for number, track in enumerate(tracks) if track.missed and (track.vanished or track.track_id in known)
    ]
    longest = max(MOMENT, FRAMES * min((one.unseen for one in before), default=0.0))
    offers = _left(tracks, lost=lost, told=told, longest=longest, settings=settings)
    left_to = {tracks[number].track_id for _, number in offers}
    offers |= _lost(tracks, fresh, lost=lost, settings=settings, aspect=aspect)
    # Nobody can be found and be left behind.
    offers |= _slips(tracks, fresh, known=known.keys() - left_to, aspect=aspect)
    costs = {pair: cost for pair, (cost, _) in offers.items()}
    pairs = assign(costs, limit=max(costs.values(), default=0.0) + 1)
    found = set(pairs.values())
    return [
        _found(track, offers[number, pairs[number]][1]) if number in pairs else track
        for number, track in enumerate(tracks)
        if number not in found
    ]


def _lost(
    tracks: Sequence[Track],
    fresh: Mapping[int, Track],
    *,
    lost: Sequence[int],
    settings: TrackerSettings,
    aspect: float,
) -> Offers:
    """Animals that were lost before what is fresh was seen first."""
    return {
        (old, number): (cost, new)
        for old in lost
        for number, new in fresh.items()
        if (by_then := _by_then(tracks[old], new)) is not None
        and (cost := _cost(by_then, new, settings=settings, aspect=aspect)) is not None
    }


def _slips(tracks: Sequence[Track], fresh: Mapping[int, Track], *, known: Container[str], aspect: float) -> Offers:
    """Animals that seem to rest beside what is fresh."""
    return {
        (old, number): (RATHER + off, new)
        for number, new in fresh.items()
        for old, track in enumerate(tracks)
        if old not in fresh and track.track_id in known and (off := _slipped(track, new, aspect=aspect)) is not None
    }


def _left(
    tracks: Sequence[Track], *, lost: Sequence[int], told: Container[str], longest: float, settings: TrackerSettings
) -> Offers:
    """Animals told and lost a moment ago, and tracks not told that have their boxes since."""
    untold = [
        (number, track)
        for number, track in enumerate(tracks)
        if track.confirmed and not track.missed and track.track_id not in told and track.names.is_usual
    ]
    return {
        (old, number): (off, _as_if_now(track))
        for old in lost
        if tracks[old].track_id in told
        for number, track in untold
        if (off := _off(tracks[old], track, longest=longest, settings=settings)) is not None
    }


def _found(old: Track, new: Track) -> Track:
    by_then = _by_then(old, new)
    if by_then is not None:
        return _again(by_then, new)
    ended = max(old.seconds - (old.last_seen.monotonic - new.started.monotonic), 0.0)
    again = _again(replace(old, last_seen=new.started, seconds=ended), new)
    return replace(again, slipped=(old.box.x, old.box.y))


def _fresh(tracks: Sequence[Track], *, known: Mapping[str, Track]) -> dict[int, Track]:
    """What was confirmed in this frame, and what got its name in it, as if it had come now.

    Before that it was a leaf, or a stone, and has become an animal by one's walking over it.
    """
    fresh = {}
    for number, track in enumerate(tracks):
        if not track.confirmed or track.vanished:
            continue
        before = known.get(track.track_id)
        if before is None:
            fresh[number] = track
        elif track.names.sure not in {None, before.names.sure}:
            fresh[number] = _as_if_now(track)
    return fresh


def _as_if_now(track: Track) -> Track:
    """A track without its way until now: another was there."""
    place = (track.box.x, track.box.y)
    return replace(track, first=track.last, started=track.last_seen, step_from=place, length=0.0, seconds=0.0)


def _off(old: Track, new: Track, *, longest: float, settings: TrackerSettings) -> float | None:
    """How far, in body lengths, a lost animal is from a track of its name; None where that has not taken it over.

    It walked over a leaf, or out of one of two boxes around it, and the other box has it now. A bit of leaf that has
    its name from it is not it.
    """
    now = new.last_seen.monotonic
    is_same = old.names.sure is not None and old.names.sure == new.names.sure and not is_bit(new, beside=old)
    if not is_same or not HANDOVER <= now - old.last_seen.monotonic <= longest:
        return None
    expected = expected_of(old, now=now, settings=settings).box
    off = math.hypot(new.box.x - expected.x, new.box.y - expected.y) / max(old.box.size, new.box.size)
    return off if off < NEAR else None


def _by_then(old: Track, new: Track) -> Track | None:
    """The old animal before the new one was first seen; without its last sighting, where that was meanwhile."""
    return next(
        (one for one in (old, old.doubt) if one is not None and one.last_seen.monotonic < new.started.monotonic), None
    )


def _cost(old: Track, new: Track, *, settings: TrackerSettings, aspect: float) -> float | None:
    """How unlike the two are; None where they cannot be one."""
    nameless = [one.label is None and one.looks > 0 for one in (old, new)]
    if old.names.contradicts(new.names) or any(nameless) != all(nameless):
        # What was looked at and has no name is no animal, for all one knows; once it gets one there is time enough.
        return None
    expected = expected_of(old, now=new.started.monotonic, settings=settings)
    x, y = new.step_from if not new.length else (new.box.x, new.box.y)
    size = old.box.size
    off = math.hypot(x - expected.box.x, y - expected.box.y)
    deviation = math.sqrt((expected.motion.x.place_variance + expected.motion.y.place_variance) / 2)
    gap = new.started.monotonic - old.last_seen.monotonic
    is_same = new.label is not None and new.label == old.label and not _came_in(new, aspect=aspect)
    if new.started.monotonic - old.absent_from >= settings.patience:
        # Only one that sits, or has a name, is waited for so long, and it is about where it was.
        reach = HIDDEN * size if is_same else SAT * max(size, new.box.size) if old.sits else 0.0
        return off / reach if off < reach else None
    farthest = min(settings.farthest + PACE * gap, FLIGHT) if is_same else settings.farthest
    reach = min(DEVIATIONS * deviation + LEAP * size * gap, farthest * size)
    if any(nameless) or _came_in(new, aspect=aspect):
        reach = min(reach, NEAR * size)
    if off > reach:
        return None
    return off / reach + likeness(old, new.box) + old.names.cost(new.label)


def _slipped(old: Track, new: Track, *, aspect: float) -> float | None:
    """How far an animal has come, in body lengths, that left a track behind where it rested; None where it did not.

    What it sat on does not look as it did before it came, so something seems to be there still. If there is, it is
    found again by itself, and gets a name of its own.
    """
    seen = old.seen
    if seen is None or seen.proposal.origin is not Origin.REST or new.label is None or new.label != old.label:
        return None
    if is_bit(new, beside=old):
        return None
    size = max(old.box.size, new.box.size)
    if old.slipped is not None and math.dist((new.box.x, new.box.y), old.slipped) < size:
        # This is what does rest where the other slipped from.
        return None
    off = math.hypot(new.box.x - old.box.x, new.box.y - old.box.y) / size
    return off if off < SLIPPED and not _came_in(new, aspect=aspect) else None


def _came_in(track: Track, *, aspect: float) -> bool:
    """Whether it was first seen so near to the border that it may have come over it."""
    first = Box.of(track.first, aspect=aspect)
    to_sides = min(first.x - first.width / 2, 1 - first.x - first.width / 2)
    to_ends = min(first.y - first.height / 2, 1 / aspect - first.y - first.height / 2)
    return min(to_sides, to_ends) < first.size


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
        roamed=max(old.roamed, new.roamed),
        sightings=old.sightings + new.sightings,
        looks=old.looks + new.looks,
        names=old.names.and_later(new.names),
        joint=None if old.names.sure is None else found_again(old, new),
        doubt=None,
    )

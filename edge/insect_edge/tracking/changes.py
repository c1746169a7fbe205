"""What one frame makes of one animal: seen, seen among others, missed, or new."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from insect_edge.sightings import Origin
from insect_edge.tracking.association import expected_of
from insect_edge.tracking.box import Box, is_at_border
from insect_edge.tracking.joints import GAP, GAP_SECONDS, SURPRISE, joined
from insect_edge.tracking.motion import Motion
from insect_edge.tracking.state import CREEPING, GROWTH, SHRINKAGE, Track, stepped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Moment
    from insect_edge.sightings import Sighting
    from insect_edge.tracking.association import Expected
    from insect_edge.tracking.settings import TrackerSettings

LONGEST_HIDDEN = 120.0
"""Seconds for which an animal may be where nobody looks; past that it is taken to be unseen."""
CROWD_NOISE = 3.0
"""How much less a box around several says of the place of one of them."""
FLICKER = 2
"""Frames in a row without a sighting from which on that is no accident."""
CUT = 0.7
"""Part of an animal that is still seen at the border, where it is more than half out; the box follows slowly."""
AHEAD = 1.0
"""Seconds: who would be over the border by then was going out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One frame.

    Attributes:
        at: when it was captured.
        aspect: its width over its height.
        settled: whether what is not sighted is known to be absent.
        settings: by which it is judged.
        overlooked: parts that are looked at in turns, and were not this time.
        turn: seconds until each of them had its turn; 0 where there are none.
    """

    at: Moment
    aspect: float
    settled: bool
    settings: TrackerSettings
    overlooked: tuple[Box, ...] = ()
    turn: float = 0.0


def new(sighting: Sighting, *, track_id: str, on: Occasion) -> Track:
    """Something nobody has seen before."""
    region, settings = sighting.proposal.region, on.settings
    box = Box.of(region, aspect=on.aspect)
    variance = (settings.jitter * box.size) ** 2
    track = Track(
        track_id=track_id,
        first=region,
        last=region,
        started=on.at,
        last_seen=on.at,
        absent_from=on.at.monotonic,
        alone=on.at.monotonic,
        origin=sighting.proposal.origin,
        found_at=(box.x, box.y),
        seconds=0.0,
        length=0.0,
        step_from=(box.x, box.y),
        stepped_at=on.at.monotonic,
        box=box,
        motion=Motion.at(box.x, box.y, variance=variance, speed=settings.flight * box.size),
        confirmed=settings.confirm <= 1,
    )
    return track.shown_by(sighting, now=on.at.monotonic)


def seen(one: Expected, sighting: Sighting, *, on: Occasion) -> Track:
    """An animal after a sighting of its own."""
    region, doubt = sighting.proposal.region, one.track.doubt
    if sighting.proposal.origin is Origin.REST and region != one.track.last and doubt is not None:
        # It never left; what was taken for it meanwhile was chance.
        one = expected_of(replace(doubt, looks=one.track.looks), now=on.at.monotonic, settings=on.settings)
    measured = Box.of(region, aspect=on.aspect)
    noise = (on.settings.jitter * one.box.size) ** 2
    surprise = one.motion.surprise(measured.x, measured.y, variance=noise)
    motion = one.motion.corrected(measured.x, measured.y, variance=noise)
    # Of one that walks in or out the border shows a part; what rests is told to be as large as it was found first.
    shrinks = not is_at_border(region) and sighting.proposal.origin is not Origin.REST
    width = _side(one.box.width, measured.width, shrinks=shrinks)
    height = _side(one.box.height, measured.height, shrinks=shrinks)
    box = Box(motion.x.place, motion.y.place, width, height)
    before = replace(one.track, doubt=None)
    now = on.at.monotonic
    track = replace(_moved(one.track, motion=motion, box=box, on=on), last=region, alone=now, doubt=before)
    was_lost = one.track.missed >= GAP and one.unseen >= GAP_SECONDS
    if one.track.names.sure is None and (surprise > SURPRISE or was_lost):
        # It did not come along from there: perhaps it is the next leaf.
        track = replace(track, found_at=(box.x, box.y), roamed=0.0)
    return joined(before, track, sighting, surprise=surprise).shown_by(sighting, now=now)


def crowded(one: Expected, sighting: Sighting, *, among: Sequence[Expected], on: Occasion) -> Track:
    """An animal after it was seen in one box with others: who is outermost `among` them is at that edge of it."""
    around = Box.of(sighting.proposal.region, aspect=on.aspect)
    x = _at_the_edge(one.box.x, [other.box.x for other in among], around.x, (around.width - one.box.width) / 2)
    y = _at_the_edge(one.box.y, [other.box.y for other in among], around.y, (around.height - one.box.height) / 2)
    motion = one.motion.corrected(x, y, variance=(CROWD_NOISE * on.settings.jitter * one.box.size) ** 2)
    box = Box(motion.x.place, motion.y.place, one.box.width, one.box.height)
    return replace(_moved(one.track, motion=motion, box=box, on=on), seen=None)


def missed(track: Track, *, on: Occasion) -> Track:
    """An animal that nobody saw; where nobody looked, or the finder does not know the scene, nobody could have."""
    now = on.at.monotonic
    hidden = not on.settled or any(track.box.covered(by=part) > 1 / 2 for part in on.overlooked)
    # On a slow board a turn may take minutes; one may come late.
    if hidden and now - track.last_seen.monotonic < max(LONGEST_HIDDEN, 2 * on.turn):
        return replace(track, seen=None, absent_from=max(track.absent_from, now))
    # After a restart the first frame may be long in coming: what is unseen in it is unseen from then on.
    return replace(track, seen=None, missed=track.missed + 1, absent_from=min(track.absent_from, now))


def checked(track: Track, *, on: Occasion) -> Track:
    """A track, or, where the model saw no animal in look after look, an animal that is no longer where it rested."""
    if track.label is None or track.empty < on.settings.empty_looks:
        return track
    now = on.at.monotonic
    return replace(track, vanished=True, seen=None, missed=FLICKER, empty=0, absent_from=now, doubt=None, joint=None)


def given_up(track: Track, *, on: Occasion) -> bool:
    """Whether an animal is not waited for any longer."""
    if track.missed < FLICKER:
        return False
    unseen = on.at.monotonic - track.absent_from
    return not track.confirmed or (unseen >= on.settings.left_after and _went_out(track, aspect=on.aspect))


def _moved(track: Track, *, motion: Motion, box: Box, on: Occasion) -> Track:
    length, step_from = stepped(track, motion)
    sightings = track.sightings + 1
    return replace(
        track,
        last_seen=on.at,
        absent_from=on.at.monotonic,
        seconds=track.seconds + max(on.at.monotonic - track.last_seen.monotonic, 0.0),
        length=length,
        roamed=max(track.roamed, math.dist((motion.x.place, motion.y.place), track.found_at)),
        step_from=step_from,
        stepped_at=track.stepped_at if step_from == track.step_from else on.at.monotonic,
        slipped=track.slipped if step_from == track.step_from else None,
        motion=motion,
        box=box,
        sightings=sightings,
        missed=0,
        confirmed=track.confirmed or sightings >= on.settings.confirm,
    )


def _side(before: float, measured: float, *, shrinks: bool) -> float:
    """What is thought of one side of an animal after it was measured."""
    if measured < before and not shrinks:
        return before
    return before + (GROWTH if measured > before else SHRINKAGE) * (measured - before)


def _at_the_edge(own: float, all_of_them: Sequence[float], middle: float, room: float) -> float:
    """Where along one axis an animal is within a box: at the edge it is nearest to, if no other is nearer.

    One that is alone in it is where it was: what lies around it is a leaf.
    """
    if len(all_of_them) == 1:
        return min(max(own, middle - room), middle + room)
    if own <= min(all_of_them):
        return middle - room
    if own >= max(all_of_them):
        return middle + room
    return min(max(own, middle - room), middle + room)


def _went_out(track: Track, *, aspect: float) -> bool:
    """Whether its box was on its way over the border, or cut off by it, and not merely resting there."""
    box, motion, last = track.box, track.motion, Box.of(track.last, aspect=aspect)
    cut = (
        (last.x, last.width, box.width, 1.0),
        (last.y, last.height, box.height, 1 / aspect),
    )
    if any(shown < CUT * whole and not shown <= middle <= end - shown for middle, shown, whole, end in cut):
        return True
    sides = ((motion.x, box.width, 1.0), (motion.y, box.height, 1 / aspect))
    return any(
        abs(axis.speed) > CREEPING * box.size
        and not side / 2 <= axis.place + AHEAD * axis.speed <= end - side / 2
        and (axis.speed > 0) == (axis.place > end / 2)
        for axis, side, end in sides
    )

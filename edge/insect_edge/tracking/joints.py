"""An animal that comes where another was is not that one, if the model keeps calling it otherwise.

By place alone a beetle that walks out from behind a leaf is the snail that walked in. So where an animal was found
again after a gap, got up after a rest, or is further from where it was expected than animals go, the track has a
*joint*: it is looked at as if it were new, and when the looks since then agree on another name than those before, the
two are taken apart. Where nothing was in doubt that takes many looks: there a model that changes its mind is wrong.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.sightings import Origin
from insect_edge.tracking.box import Box
from insect_edge.tracking.state import Joint, named

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.sightings import Proposal, Sighting
    from insect_edge.tracking.association import Expected
    from insect_edge.tracking.settings import TrackerSettings
    from insect_edge.tracking.state import Track

GAP = 2
GAP_SECONDS = 1.0
"""Frames in a row, and seconds, without a sighting from which on what is found may be another animal."""
SURPRISE = 9.0
"""Squared distance from where it was expected, in standard deviations: more than one of a hundred goes so far."""
REST = 5.0
"""Seconds without a step from which on something else may have got up there."""
OTHERWISE = 3
OTHERWISE_SECONDS = 1.0
"""Looks that agree on another name, none of them on the old one, and the time they take: so many take two animals apart
at a gap or a rest. All looks within a moment are one."""
WAVERING = 5
"""The same where nothing was in doubt before: beetles are called ants three times in a row."""
NAMELESS = 4
"""Looks since a joint, none of which gave any name: it was an animal before, and is a leaf or a shadow now."""
LOOKS = 7
"""Since a joint: when so many have not told, the model cannot tell."""


def joined(before: Track, after: Track, sighting: Sighting, *, surprise: float) -> Track:
    """A track after a sighting, with a joint where what was seen may be another animal than before.

    Args:
        before: the track without the sighting.
        after: with its place, not yet with what the model said.
        sighting: the newest.
        surprise: how far that was from where it was expected, in standard deviations, squared.
    """
    if before.joint is not None or before.names.sure is None:
        return after
    at, seen = after.last_seen, before.last_seen.monotonic
    lost = before.missed >= GAP and at.monotonic - seen >= GAP_SECONDS
    rose = after.step_from != before.step_from and seen - before.stepped_at >= REST
    if lost or rose or surprise > SURPRISE:
        needed = OTHERWISE
    elif _is_odd(before, sighting):
        needed = WAVERING
    else:
        return after
    until = replace(before, doubt=None, joint=None)
    return replace(after, joint=Joint(before=until, first=sighting.proposal.region, started=at, needed=needed))


def _is_odd(before: Track, sighting: Sighting) -> bool:
    """Whether the model gives it another name than ever; of what rests all looks are one."""
    if sighting.classification is None or sighting.proposal.origin is Origin.REST:
        return False
    name = named(sighting.classification)
    return name not in {None, before.names.sure} and before.names.agree(WAVERING)


def is_doubtful(one: Expected, proposal: Proposal, settings: TrackerSettings, *, aspect: float) -> bool:
    """Whether what is proposed may be something else than the animal it seems to be: worth a look before it is told."""
    if one.track.joint is not None:
        return True
    if proposal.origin is Origin.REST or one.track.names.sure is None:
        return False
    box = Box.of(proposal.region, aspect=aspect)
    noise = (settings.jitter * one.box.size) ** 2
    return one.track.missed > 0 or one.motion.surprise(box.x, box.y, variance=noise) > SURPRISE


def found_again(before: Track, since: Track) -> Joint:
    """The joint of an animal that was lost, and is thought to be that which has been followed since."""
    until = replace(before, doubt=None, joint=None)
    return Joint(
        before=until, first=since.first, started=since.started, needed=OTHERWISE, looks=since.looks, names=since.names
    )


def parted(track: Track, *, new_id: Callable[[], str]) -> tuple[Track, ...]:
    """The track, or, where it proves to be of two animals, both: the one that is missed, and the one that came."""
    joint = track.joint
    if joint is None:
        return (track,)
    if joint.before.names.sure in joint.names.counts:
        return (replace(track, joint=None),)
    lasted = track.last_seen.monotonic - joint.started.monotonic
    is_other = joint.names.agree(joint.needed) or (joint.looks >= NAMELESS and joint.names.leader is None)
    if is_other and lasted >= OTHERWISE_SECONDS:
        return _missed(joint, at=track.last_seen.monotonic), _newcomer(track, joint, track_id=new_id())
    return (replace(track, joint=None) if joint.looks >= LOOKS else track,)


def _missed(joint: Joint, *, at: float) -> Track:
    """What was there before; only from now on could anybody know that it is not seen."""
    before = joint.before
    return replace(before, seen=None, missed=max(before.missed, GAP), absent_from=at)


def _newcomer(track: Track, joint: Joint, *, track_id: str) -> Track:
    """What came, as if it had been new then; if it has a name it has yet to be looked at as often as any newcomer."""
    return replace(
        track,
        track_id=track_id,
        first=joint.first,
        started=joint.started,
        seconds=track.last_seen.monotonic - joint.started.monotonic,
        length=max(track.length - joint.before.length, 0.0),
        origin=_origin(track),
        found_at=(track.box.x, track.box.y),
        roamed=0.0,
        sightings=max(track.sightings - joint.before.sightings, 1),
        looks=0 if joint.names.leader is not None else joint.looks,
        last_look=None,
        names=joint.names,
        doubt=None,
        joint=None,
        slipped=None,
    )


def _origin(track: Track) -> Origin:
    """How what came was found: it has moved, unless something else than moving made it stand out."""
    seen = track.seen
    return Origin.MOTION if seen is None or seen.proposal.origin is Origin.REST else seen.proposal.origin

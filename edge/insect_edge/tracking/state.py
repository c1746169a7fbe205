"""What is remembered of the animals in sight: immutable, so that a caller can keep, compare or replace it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from insect_edge.domain import BACKGROUND, UNKNOWN, Role
from insect_edge.sightings import Origin, Path
from insect_edge.tracking.box import Box
from insect_edge.tracking.motion import Motion
from insect_edge.tracking.names import MOST_LOOKS, Names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from insect_edge.domain import Classification, Moment, Region
    from insect_edge.policy.state import OpenEvent
    from insect_edge.sightings import Sighting
    from insect_edge.tracking.settings import TrackerSettings

STEP = 0.4
"""Body lengths an animal's middle must have come before it counts as a step of its way: less is jitter."""
GROWTH = 0.3
SHRINKAGE = 0.08
"""How much a larger or a smaller box changes what is thought of an animal's size: of one that hardly moves, finders see
a leg or an edge more often than more than there is."""
CREEPING = 0.25
"""Body lengths a second: who is slower than that sits, and is on no way out."""
KNOWN_LOOKS = 5
"""Looks from which on something at rest hardly ever gets another name, or one at all."""
ROAMED = 1.5
SWAY = 0.04
"""Body lengths, and frame widths, from where it was found: a leaf sways by less."""
RETURN_SPREAD = 2.0
"""Body lengths (standard deviation) within which an animal is sought again after a restart."""
WIDE = 16 / 9
"""Width over height of the usual frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """Where an animal may have been taken for another: found again after a gap, or up and away after a rest.

    Attributes:
        before: the animal until then.
        first: where it was found again.
        started: when.
        needed: looks that agree on another name, by which the two are taken apart.
        looks: since then.
        names: what the model called it since then.
    """

    before: Track
    first: Region
    started: Moment
    needed: int
    looks: int = 0
    names: Names = field(default_factory=Names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One animal, or what is taken for one.

    Attributes:
        track_id: never used for another.
        first: where it was seen first.
        last: where it was seen last, as it was proposed.
        started: when it was seen first.
        last_seen: when it was seen last.
        absent_from: monotonic seconds from which on it counts as unseen: those of `last_seen`, later where nobody could
            have seen it.
        alone: monotonic seconds at which it had a sighting of its own last, later as with `absent_from`.
        origin: how it was found first.
        found_at: where its middle was then, in frame widths; later, where it was after its last leap without a name.
        roamed: how far it has gone from there, in frame widths.
        seconds: from the first sight to the last.
        length: of the way of its middle, in frame widths.
        step_from: where the last step of that way ended, in frame widths.
        stepped_at: when, in monotonic seconds.
        box: how large it is, about where it was expected last.
        motion: at `last_seen`.
        sightings: how many.
        missed: looks at the frame since the last of them.
        seen: the sighting in the newest frame; None where there was none of its own.
        confirmed: whether it is more than a flicker.
        looks: how often the model was asked.
        last_look: monotonic seconds of the newest of these; None before the first.
        looked_at: where its middle was then, in frame widths.
        names: what the model called it.
        empty: looks, since the last that gave it a name, at which no animal was seen.
        doubt: the track without its newest sighting, which may prove to be chance; None before the second.
        joint: where its newest part begins, as long as that may be another animal's; else None.
        vanished: whether no animal was seen where it rested: it is sought elsewhere only, and not watched.
        slipped: where it seemed to rest when it was found beside that, if it has made no step since; in frame widths.
    """

    track_id: str
    first: Region
    last: Region
    started: Moment
    last_seen: Moment
    absent_from: float
    alone: float
    origin: Origin
    found_at: tuple[float, float]
    seconds: float
    length: float
    step_from: tuple[float, float]
    stepped_at: float
    box: Box
    motion: Motion
    roamed: float = 0.0
    sightings: int = 1
    missed: int = 0
    seen: Sighting | None = None
    confirmed: bool = False
    looks: int = 0
    last_look: float | None = None
    looked_at: tuple[float, float] = (0.0, 0.0)
    names: Names = field(default_factory=Names)
    empty: int = 0
    doubt: Track | None = None
    joint: Joint | None = None
    slipped: tuple[float, float] | None = None
    vanished: bool = False

    @property
    def label(self) -> str | None:
        """What the model called it most; None where it never gave it a name."""
        return self.names.leader

    @property
    def sits(self) -> bool:
        """Whether it hardly moved when it was seen last."""
        motion = self.motion
        return math.hypot(motion.x.speed, motion.y.speed) < CREEPING * self.box.size

    @property
    def came_from_nowhere(self) -> bool:
        """Whether it moved where it was found, and has not gone from there: so leaves do, while animals come along."""
        return self.origin is Origin.MOTION and self.roamed < max(ROAMED * self.box.size, SWAY)

    @property
    def is_known_and_rests(self) -> bool:
        """Whether it sits, and was looked at often enough: a moth that is told, a speck, a knot in the wood."""
        return self.confirmed and self.sits and (self.looks >= KNOWN_LOOKS or self.names.sure is not None)

    @property
    def path(self) -> Path:
        """Where it has been."""
        return Path(track_id=self.track_id, first=self.first, last=self.last, length=self.length, seconds=self.seconds)

    def shown_by(self, sighting: Sighting, *, now: float) -> Track:
        """With this sighting as its newest, and what the model said of it where it was asked."""
        classification = sighting.classification
        if classification is None:
            return replace(self, seen=sighting)
        name, joint = named(classification), self.joint
        return replace(
            self,
            seen=sighting,
            looks=self.looks + 1,
            last_look=now,
            looked_at=(self.box.x, self.box.y),
            names=self.names.plus(name),
            empty=0 if name is not None else self.empty + shows_nothing(classification),
            joint=joint and replace(joint, looks=joint.looks + 1, names=joint.names.plus(name)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerState:
    """All that the tracker remembers.

    Attributes:
        tracks: animals and what may become one, those seen longest first.
        at: of the newest frame; None before the first.
        aspect: its width over its height.
    """

    tracks: tuple[Track, ...] = ()
    at: Moment | None = None
    aspect: float = WIDE


def named(classification: Classification) -> str | None:
    """What a classification calls an animal; None where it names none."""
    verdict = classification.verdict
    if verdict is None or verdict.label in {UNKNOWN, BACKGROUND} or verdict.role is Role.BACKGROUND:
        return None
    return verdict.label


def shows_nothing(classification: Classification) -> bool:
    """Whether nothing says that any animal is there, not even an unknown one.

    A model that cannot tell animals from the rest says so by its background alone: others are not sure of their names.
    """
    verdict = classification.verdict
    if verdict is not None:
        return verdict.label == BACKGROUND or verdict.role is Role.BACKGROUND
    best = classification.categories[0].label
    return classification.evidence is not None or best.role is Role.BACKGROUND or best.name == BACKGROUND


def watched(state: TrackerState) -> tuple[Region, ...]:
    """Where animals were seen last that may have come to rest there: for `Finder.find` of the next frame.

    Also where each was seen before that, for its newest sighting may prove to be chance. One that went on meanwhile is
    found where it is; asking once too often costs a comparison of a few pixels.
    """
    known = [track for track in state.tracks if track.confirmed and not track.vanished]
    before = [track.doubt.last for track in known if track.doubt is not None]
    return tuple(dict.fromkeys([*(track.last for track in known), *before]))


def seeded(open_events: Iterable[OpenEvent], *, settings: TrackerSettings, aspect: float = WIDE) -> TrackerState:
    """The state to go on with after a restart: the animals of open events, each where it was told to be last.

    Each is waited for as long as its event is (`OpenEvent.unseen_from`), and may have gone some body lengths meanwhile.

    Args:
        open_events: those that the policy goes on with; those without a path are left out.
        settings: of the tracker.
        aspect: the frames' width over their height.
    """
    return TrackerState(
        tracks=tuple(_returned(event, event.path, settings, aspect) for event in open_events if event.path),
        aspect=aspect,
    )


def _returned(event: OpenEvent, path: Path, settings: TrackerSettings, aspect: float) -> Track:
    box = Box.of(path.last, aspect=aspect)
    variance = (RETURN_SPREAD * box.size) ** 2
    return Track(
        track_id=path.track_id,
        first=path.first,
        last=path.last,
        started=event.started,
        last_seen=event.last_seen,
        absent_from=event.unseen_from,
        alone=event.unseen_from,
        origin=Origin.REST,
        found_at=(box.x, box.y),
        seconds=path.seconds,
        length=path.length,
        step_from=(box.x, box.y),
        stepped_at=event.unseen_from,
        box=box,
        motion=Motion.at(box.x, box.y, variance=variance, speed=settings.speed * box.size),
        confirmed=True,
        names=Names({event.label: float(min(event.hits, MOST_LOOKS))}),
    )


def stepped(track: Track, motion: Motion) -> tuple[float, tuple[float, float]]:
    """Length of the way and end of its last step, with the middle at `motion`."""
    x, y = track.step_from
    come = math.hypot(motion.x.place - x, motion.y.place - y)
    if come < STEP * track.box.size:
        return track.length, track.step_from
    return track.length + come, (motion.x.place, motion.y.place)

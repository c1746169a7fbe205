"""Hours in a world of boxes, followed by the tracker and by its peer, held against the truth."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.domain import Phase
from insect_edge.policy.rules import PolicySettings
from insect_edge.policy.state import PolicyState
from insect_edge.policy.tracks import TrackPolicy
from insect_edge.regions.context import shown
from insect_edge.sightings import Sighting
from insect_edge.tracking.attention import wanted_looks
from insect_edge.tracking.settings import TrackerSettings
from insect_edge.tracking.state import TrackerState, watched
from insect_edge.tracking.tracker import Tracker
from support.box_world import ASPECT
from support.nearest_neighbour import CONFIRM, NearestNeighbour
from support.policy_watch import BEES, NOTHING, SLUG, moment, seen

if TYPE_CHECKING:
    from collections.abc import Container

    from insect_edge.domain import Classification
    from support.box_world import BoxWorld, Frame

WIDTH, HEIGHT = 1280, 720
CROPS = 4
"""Looks a frame."""
UNSURE = seen({"slug": 0.45, "bees": 0.4})


@dataclass(slots=True)
class Story:
    """What became of it.

    Attributes:
        tracks: identities given to more than a flicker.
        events: events that started.
        switches: how often an animal was given another identity than it had.
        seconds: of computing, per frame.
        animals: how many there were, of those shown three times or more.
    """

    tracks: set[object] = field(default_factory=set)
    events: int = 0
    switches: int = 0
    seconds: float = 0.0
    animals: int = 0
    _names: dict[int, object] = field(default_factory=dict)

    def shows(self, track: object, owners: tuple[int, ...]) -> None:
        """A confirmed track was seen where these animals are."""
        self.tracks.add(track)
        if len(owners) == 1:
            self.switches += self._names.setdefault(owners[0], track) != track
            self._names[owners[0]] = track


def model(owners: tuple[int, ...], *, generator: np.random.Generator) -> Classification:
    """What a model says of a box: of an animal mostly what it is, of nothing mostly nothing."""
    draw = generator.random()
    if owners:
        return SLUG if draw < 0.75 else UNSURE if draw < 0.9 else NOTHING if draw < 0.97 else BEES
    return NOTHING if draw < 0.9 else UNSURE if draw < 0.97 else BEES


def followed(world: BoxWorld, *, minutes: float, patience: float = 30.0) -> Story:
    """By the tracker and the policy over its tracks."""
    tracker = Tracker(TrackerSettings(patience=patience))
    numbers = count()
    policy = TrackPolicy(PolicySettings(end_after=patience), new_event_id=lambda: f"event-{next(numbers)}")
    tracks, state, story = TrackerState(), PolicyState(), Story()
    generator = np.random.default_rng(world.seed)
    for _ in range(round(minutes * 60 * world.rate)):
        frame = world.frame(watched(tracks))
        began = perf_counter()
        sightings = _looked_at(frame, tracks, tracker, told=state.told, generator=generator)
        at = moment(frame.seconds)
        tracks = tracker.step(
            tracks,
            sightings,
            at=at,
            settled=True,
            new_id=lambda: f"track-{next(numbers)}",
            aspect=ASPECT,
            told=state.told,
        )
        state, events = policy.step(state, tracks, at=at)
        story.seconds += perf_counter() - began
        story.events += sum(event.phase is Phase.START for event in events)
        owners = {id(proposal): owner for proposal, owner in zip(frame.proposals, frame.owners, strict=True)}
        for track in tracks.tracks:
            if track.confirmed and track.seen is not None:
                story.shows(track.track_id, owners[id(track.seen.proposal)])
    return _told(story, world)


def _looked_at(
    frame: Frame, tracks: TrackerState, tracker: Tracker, *, told: Container[str], generator: np.random.Generator
) -> list[Sighting]:
    wanted = wanted_looks(
        tracks, frame.proposals, at=moment(frame.seconds), most=CROPS, young=5, settings=tracker.settings, told=told
    )
    return [
        Sighting(
            proposal=proposal,
            classification=replace(
                model(frame.owners[number], generator=generator),
                region=shown(proposal, frame_width=WIDTH, frame_height=HEIGHT),
            )
            if number in wanted
            else None,
        )
        for number, proposal in enumerate(frame.proposals)
    ]


def followed_by_peer(world: BoxWorld, *, minutes: float) -> Story:
    """By the nearest neighbour."""
    # As soon as the tracker, it forgets what was seen once or twice: after two frames.
    peer, story = NearestNeighbour(flicker=2.5 / world.rate), Story()
    for _ in range(round(minutes * 60 * world.rate)):
        frame = world.frame(peer.watched())
        began = perf_counter()
        peer.step(frame.proposals, now=frame.seconds)
        story.seconds += perf_counter() - began
        for animal in peer.animals:
            if animal.sightings >= CONFIRM and animal.newest is not None:
                story.shows(animal.number, frame.owners[animal.newest])
    return _told(story, world)


def _told(story: Story, world: BoxWorld) -> Story:
    story.seconds /= world.number
    story.animals = sum(animal.shown >= CONFIRM for animal in world.animals)
    return story

"""When is an animal there, where each is followed by itself? One event an animal, from sure looks to its leaving.

A *look* is one classification of the animal; most sightings of it need none.

Start: `required` of the newest `window` looks at the animal have a verdict of the same label (where something moves on
the spot, two more, without an exception), that label leads among all looks that show anything, taken together
(`pooling`), and is the verdict of a third of all; its pooled score and the clearest look are well over the threshold;
it is not in doubt which animal it is (`tracking.joints`), nor does it share its looks with one that was told under that
label (`tracking.neighbours`). The label may waver before that, not after: it has been told, counted, and perhaps
somebody has been woken by it. Where the looks turn to another label later, the event goes on under its own as long as
the tracker takes it for the same animal, for a second event would count it twice; but an alert that was not raised by
then is not raised while another label leads.
Seen: any sighting keeps the event open, also one that nobody looked at: an animal that rests for hours is one event.
Update: the pooled score rose by `update_rise` since the last change told, or `update_every` seconds went by.
End: the animal is no longer followed, since it left or was not seen for as long as the tracker is patient; or no frame
came for `end_after` seconds.

There is no cooldown between two animals of one label: they are two. What holds off a flood is the alert rule's own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.policy import alerting
from insect_edge.policy.animal import Animal
from insect_edge.policy.life import ROUNDING, EventLife
from insect_edge.policy.pooling import LEAST
from insect_edge.policy.state import Look, OpenEvent, PolicyState
from insect_edge.tracking.names import SHARE
from insect_edge.tracking.neighbours import may_show_another

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from insect_edge.domain import Event, Moment, Verdict
    from insect_edge.tracking.state import Track, TrackerState


MORE = 0.6
"""How much nearer to 1 than its threshold the pooled score of an animal must be: it can be looked at again, and what
does not get surer then is a leaf, or another animal's second track."""
CLEAR = 0.75
"""The same of the clearest of the looks that agree. Of 740 events in drawn beds, most at five frames a second, 20 were
of leaves, and 10 of these were never that clear; of 670 animals told for the first time six were not yet."""
ON_THE_SPOT = 2
"""Looks more than `required` that have to agree, one after the other, where something moves on the spot."""


class TrackPolicy(EventLife):
    """The rules of this module with their settings; holds no state of its own.

    Of the settings `cooldown` is not used, and `end_after` only where no frames come.
    """

    def step(self, state: PolicyState, tracks: TrackerState, *, at: Moment) -> tuple[PolicyState, tuple[Event, ...]]:
        """Take one frame, captured at `at`, into account; the events are ends, then updates, then starts."""
        state = alerting.looked(state, at=at, patience=self.settings.end_after)
        followed = {track.track_id: track for track in tracks.tracks if track.confirmed}
        animals = {track.track_id: self._looked_at(state, track, at=at) for track in tracks.tracks}
        seen = []
        for event in state.open_events:
            track_id = "" if event.path is None else event.path.track_id
            seen.append(_seen(event, followed.get(track_id), animals.get(track_id), keep=self.settings.keep, at=at))
        state, ends = self._ends(replace(state, open_events=tuple(seen), animals=animals), followed, at=at)
        state, updates = self._updates(state, at=at)
        starts: list[Event] = []
        for track in followed.values():
            state, start = self._start(state, track, tracks, at=at)
            starts += start
        return state, (*ends, *updates, *starts)

    def _looked_at(self, state: PolicyState, track: Track, *, at: Moment) -> Animal:
        """What is known of an animal after this frame."""
        animal = state.animals.get(track.track_id)
        if animal is None:
            animal = Animal(told=track.track_id in state.told)
        if track.seen is None or track.seen.classification is None:
            return animal
        look = replace(Look.of(track.seen.classification, at=at), region=track.seen.proposal.region)
        return animal.plus(look, window=self.settings.window)

    def _ends(
        self, state: PolicyState, followed: Container[str], *, at: Moment
    ) -> tuple[PolicyState, tuple[Event, ...]]:
        """End the events of animals that are no longer followed; those of no single animal as ever."""
        longest = self.settings.end_after
        over = tuple(
            event
            for event in state.open_events
            if (
                at.monotonic >= event.unseen_from + longest
                if event.path is None
                else event.path.track_id not in followed
            )
        )
        return self._end(state, over, now=at)

    def _start(
        self, state: PolicyState, track: Track, tracks: TrackerState, *, at: Moment
    ) -> tuple[PolicyState, tuple[Event, ...]]:
        """Start the event of an animal, if the newest look at it completes what that takes."""
        animal = state.animals[track.track_id]
        if animal.told or track.seen is None or track.seen.classification is None:
            return state, ()
        event = self._due(animal, track)
        if event is None:
            return state, ()
        if may_show_another(track, _called(event.label, state, tracks), now=at.monotonic, aspect=tracks.aspect):
            return state, ()
        animals = {**state.animals, track.track_id: replace(animal, told=True)}
        state, start = self._begin(replace(state, animals=animals), event, at=at)
        return state, (start,)

    def _due(self, animal: Animal, track: Track) -> OpenEvent | None:
        """The event that the looks at an animal amount to; None where they do not."""
        label = animal.pool.leader
        hits = [] if label is None else animal.agreeing(label)
        if len(hits) < self.settings.required or (verdict := hits[-1].verdict) is None:
            return None
        if track.came_from_nowhere and not self._is_steady(animal, hits):
            return None
        # What may prove to be another animal will have a track of its own, and its event.
        is_joined = track.joint is not None and verdict.label != track.joint.before.names.sure
        if is_joined or track.names.share(verdict.label) < SHARE:
            return None
        score = animal.pool.score(verdict.label, threshold=verdict.threshold)
        clearest = max(look.score(verdict.label) for look in hits)
        # Scores are pooled as if none were surer than that, however high the threshold is.
        is_sure = _margin(score, verdict) >= MORE - ROUNDING or score >= 1 - LEAST
        if not is_sure or _margin(clearest, verdict) < CLEAR - ROUNDING:
            return None
        return self._opened(animal, hits=hits, verdict=verdict, score=score, track=track)

    def _is_steady(self, animal: Animal, hits: Sequence[Look]) -> bool:
        """Whether the newest looks agree without an exception."""
        needed = min(self.settings.required + ON_THE_SPOT, self.settings.window)
        newest = animal.looks[-needed:]
        return len(newest) == needed and all(look in hits for look in newest)

    def _opened(
        self, animal: Animal, *, hits: Sequence[Look], verdict: Verdict, score: float, track: Track
    ) -> OpenEvent:
        """The event that those agreeing looks amount to; it starts with the first of them."""
        best = max(hits, key=lambda look: look.score(verdict.label))
        return OpenEvent(
            event_id=self._new_event_id(),
            label=verdict.label,
            role=verdict.role,
            score=score,
            threshold=verdict.threshold,
            categories=best.categories,
            region=best.region,
            started=hits[0].at,
            last_seen=track.last_seen,
            frames=len(animal.looks) - animal.looks.index(hits[0]),
            hits=len(hits),
            alerted=False,
            told=track.last_seen.monotonic,
            told_score=0.0,
            dated=track.last_seen.clock_synced,
            unseen_from=track.last_seen.monotonic,
            path=track.path,
        )

    def _stands(self, event: OpenEvent, state: PolicyState) -> bool:
        """Whether the looks taken together still speak for the event's label."""
        animal = None if event.path is None else state.animals.get(event.path.track_id)
        return animal is None or animal.pool.leader in {None, event.label}


def _margin(score: float, verdict: Verdict) -> float:
    """How far a score is on the way from its threshold to 1; 1 where the threshold is there as well."""
    room = 1 - verdict.threshold
    return (score - verdict.threshold) / room if room > 0 else 1.0


def _called(label: str, state: PolicyState, tracks: TrackerState) -> list[Track]:
    """The animals that have been told under that name."""
    told = {event.path.track_id for event in state.open_events if event.label == label and event.path is not None}
    return [track for track in tracks.tracks if track.track_id in told]


def _seen(event: OpenEvent, track: Track | None, animal: Animal | None, *, keep: float, at: Moment) -> OpenEvent:
    """An event after one more frame."""
    if track is None or animal is None:
        return event
    # As long as frames come, the tracker knows how long to wait.
    newer = track.last_seen.monotonic > event.last_seen.monotonic
    last_seen = track.last_seen if newer else event.last_seen
    event = replace(event, path=track.path, unseen_from=at.monotonic, last_seen=last_seen)
    if track.seen is None or track.seen.classification is None:
        return event
    look = animal.looks[-1]
    score = look.score(event.label)
    if score <= 0 or score < keep * event.threshold:
        return replace(event, frames=event.frames + 1)
    pooled = max(event.score, animal.pool.score(event.label, threshold=event.threshold))
    event = replace(event, frames=event.frames + 1, hits=event.hits + 1, score=pooled)
    if any(score <= shown.score for shown in event.categories if shown.label.name == event.label):
        return event
    return replace(event, categories=look.categories, region=look.region)

"""Animal by animal: where, then what, then who. Small insects in a wide frame want this.

The finder says where to look; the model is shown those places that are worth a look, as many as a frame's budget
allows, cut from the frame at full resolution; the tracker says which of them are animals it knows.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from insect_edge.regions.context import shown
from insect_edge.sight.seen import View
from insect_edge.sightings import Sighting
from insect_edge.tracking.attention import wanted_looks
from insect_edge.tracking.presence import FIXED
from insect_edge.tracking.state import TrackerState, seeded, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Sequence

    from insect_edge.classifier import Classifier
    from insect_edge.domain import Classification, Event, Frame, Region
    from insect_edge.policy.state import OpenEvent, PolicyState
    from insect_edge.policy.tracks import TrackPolicy
    from insect_edge.regions.finder import Finder
    from insect_edge.regions.settings import RegionSettings
    from insect_edge.sightings import Found
    from insect_edge.tracking.tracker import Tracker


class AnimalSight:
    """`Sight` of single animals.

    Args:
        finder: says where something may be.
        classifier: with the configuration's thresholds and roles on its card.
        tracker: tells animals apart.
        policy: the rules.
        settings: how much of a frame is looked at.
        new_track_id: makes an identifier that was never used before.
    """

    def __init__(
        self,
        *,
        finder: Finder,
        classifier: Classifier,
        tracker: Tracker,
        policy: TrackPolicy,
        settings: RegionSettings,
        new_track_id: Callable[[], str],
    ) -> None:
        self._finder = finder
        self._classifier = classifier
        self._tracker = tracker
        self._policy = policy
        self._settings = settings
        self._new_track_id = new_track_id
        self._tracks = TrackerState()
        self._returning: tuple[OpenEvent, ...] = ()
        self._looked: dict[Region, float] = {}

    def look(self, state: PolicyState, frame: Frame) -> tuple[PolicyState, tuple[Event, ...], View]:
        """See the contract."""
        aspect = frame.width / frame.height
        if self._was_blind(frame):
            # The events have ended meanwhile: who is still here gets another.
            self._tracks, state = TrackerState(), replace(state, animals={})
        if self._returning:
            self._tracks = seeded(self._returning, settings=self._tracker.settings, aspect=aspect)
            self._returning = ()
        found = self._finder.find(frame, watched=watched(self._tracks))
        told = state.told
        view = self._view(found, frame, told=told)
        self._tracks = self._tracker.step(
            self._tracks,
            view.sightings,
            at=frame.captured,
            settled=found.settled,
            new_id=self._new_track_id,
            aspect=aspect,
            turn=frame.captured.monotonic - min(self._looked.values(), default=frame.captured.monotonic),
            told=told,
        )
        state, events = self._policy.step(state, self._tracks, at=frame.captured)
        return state, events, view

    def glance(self, frame: Frame) -> View:  # noqa: ARG002 - the contract's
        """Nothing is shown to the model, nor to the finder, which would remember it."""
        return View(classification=None)

    def resume(self, state: PolicyState) -> None:
        """Wait for the animals of open events where they were last."""
        self._returning = state.open_events

    def forget(self) -> None:
        """See the contract."""
        self._tracks, self._returning, self._looked = TrackerState(), (), {}

    def configure(self, *, region: Region | None) -> None:  # noqa: ARG002 - the finder has its own areas
        """Wait for animals as long as the policy waits for their events."""
        self._tracker.settings = self._tracker.settings.waiting(self._policy.settings.end_after)

    def _was_blind(self, frame: Frame) -> bool:
        """Whether no frame came for as long as events wait for one."""
        before = self._tracks.at
        return before is not None and frame.captured.monotonic - before.monotonic >= self._policy.settings.end_after

    def _view(self, found: Found, frame: Frame, *, told: Container[str]) -> View:
        """Look at the proposals that are worth it, until the budget is spent."""
        wanted = wanted_looks(
            self._tracks,
            found.proposals,
            at=frame.captured,
            most=len(found.proposals),
            young=self._policy.settings.window,
            settings=self._tracker.settings,
            looked=self._looked,
            told=told,
        )
        looks = self._looks(found, frame, wanted=wanted)
        self._note(found, looks, at=frame.captured.monotonic)
        # What is looked at in turns only waits for its own.
        skipped = sum(found.proposals[number].origin not in FIXED for number in wanted if number not in looks)
        sightings = tuple(
            Sighting(proposal=proposal, classification=looks.get(number))
            for number, proposal in enumerate(found.proposals)
        )
        return View(
            classification=_plainest(tuple(looks.values())),
            sightings=sightings,
            skipped=found.skipped + skipped,
        )

    def _note(self, found: Found, looks: Collection[int], *, at: float) -> None:
        """Remember when each part that is proposed always was looked at, as long as it is proposed."""
        parts = [(number, one.region) for number, one in enumerate(found.proposals) if one.origin in FIXED]
        newest = self._looked | {region: at for number, region in parts if number in looks}
        self._looked = {region: newest[region] for _, region in parts if region in newest}

    def _looks(self, found: Found, frame: Frame, *, wanted: Sequence[int]) -> dict[int, Classification]:
        """What the model says of these proposals, by their numbers; the last ones are left out when time is up."""
        looks: dict[int, Classification] = {}
        spent = 0.0
        for number in islice(wanted, self._settings.max_crops):
            if spent >= self._settings.budget_ms:
                break
            region = shown(found.proposals[number], frame_width=frame.width, frame_height=frame.height)
            looks[number] = self._classifier.classify(frame, region=region)
            spent += looks[number].inference_ms
        return looks


def _plainest(looks: Sequence[Classification]) -> Classification | None:
    """The look that stands for the frame: the surest that has a verdict, else the surest."""
    return max(looks, key=lambda look: (look.verdict is not None, look.categories[0].score), default=None)

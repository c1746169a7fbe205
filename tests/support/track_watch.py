"""A tracker, and a policy over its tracks, stepped through time by hand."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from insect_edge.policy.rules import PolicySettings
from insect_edge.policy.state import PolicyState
from insect_edge.policy.tracks import TrackPolicy
from insect_edge.sightings import Origin, Proposal, Sighting
from insect_edge.tracking.settings import TrackerSettings
from insect_edge.tracking.state import TrackerState, watched
from insect_edge.tracking.tracker import Tracker
from support.box_world import ASPECT, region_of
from support.policy_watch import moment

if TYPE_CHECKING:
    from insect_edge.domain import Classification, Event, Region
    from insect_edge.tracking.state import Track

SIZE = 0.04


def at(x: float, y: float, *, size: float = SIZE) -> Region:
    """The region of an animal whose middle is there, in frame widths."""
    return region_of(x - size / 2, y - size / 2, x + size / 2, y + size / 2)


def sighting(
    x: float, y: float, *, size: float = SIZE, shows: Classification | None = None, origin: Origin = Origin.CONTRAST
) -> Sighting:
    """A box there, and what the model says of it; nothing is said of whether it moves."""
    return Sighting(proposal=Proposal(region=at(x, y, size=size), origin=origin, strength=0.5), classification=shows)


class TrackWatch:
    """One frame after the other.

    Args:
        tracker: its settings; None for the default.
        policy: settings of the policy.

    Attributes:
        tracks: what the tracker remembers.
        state: what the policy remembers.
        events: every change told.
        now: monotonic seconds of the next frame.
        every: seconds from frame to frame.
    """

    def __init__(self, *, tracker: TrackerSettings | None = None, every: float = 0.2, **policy: object) -> None:
        ids, events = count(1), count(1)
        self.tracker = Tracker(TrackerSettings() if tracker is None else tracker)
        settings = PolicySettings(**{"end_after": self.tracker.settings.patience, **policy})
        self.policy = TrackPolicy(settings, new_event_id=lambda: f"event-{next(events)}")
        self.new_id = lambda: f"track-{next(ids)}"
        self.tracks, self.state = TrackerState(), PolicyState()
        self.events: list[Event] = []
        self.now, self.every = 100.0, every

    def see(self, *sightings: Sighting, times: int = 1, settled: bool = True) -> list[Event]:
        """Frames that all show these; what they caused."""
        before = len(self.events)
        for _ in range(times):
            now = moment(self.now)
            self.tracks = self.tracker.step(
                self.tracks,
                sightings,
                at=now,
                settled=settled,
                new_id=self.new_id,
                aspect=ASPECT,
                told=self.state.told,
            )
            self.state, events = self.policy.step(self.state, self.tracks, at=now)
            self.events += events
            self.now += self.every
        return self.events[before:]

    def rest(self, *, seconds: float, shows: Classification | None = None) -> list[Event]:
        """Frames in which everything that is watched is still there."""
        before = len(self.events)
        for _ in range(round(seconds / self.every)):
            self.see(
                *[
                    Sighting(proposal=Proposal(region=region, origin=Origin.REST, strength=1.0), classification=shows)
                    for region in watched(self.tracks)
                ]
            )
        return self.events[before:]

    @property
    def confirmed(self) -> list[Track]:
        """The tracks that are more than a flicker, and somewhere."""
        return [track for track in self.tracks.tracks if track.confirmed and not track.vanished]

    @property
    def ids(self) -> list[str]:
        """Their identities."""
        return [track.track_id for track in self.confirmed]

"""Follows animals from frame to frame: each has one identity for as long as it stays.

An animal may be missed for a while, cross another, be found in one box with it, or rest for hours. What was seen only
once or twice may have been a flicker and is soon forgotten. Who goes out at the border is given up after `left_after`
seconds; who vanishes in the middle has probably stopped, or sits behind a leaf, and is waited for with `patience`, or
longer, if it sat or has a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.tracking import changes
from insect_edge.tracking.association import associated, expected_at, waited_for
from insect_edge.tracking.box import Box
from insect_edge.tracking.joints import parted
from insect_edge.tracking.presence import not_looked_at, order, present
from insect_edge.tracking.reunion import reunited
from insect_edge.tracking.state import WIDE, Track, TrackerState

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from insect_edge.domain import Moment
    from insect_edge.sightings import Sighting
    from insect_edge.tracking.association import Association, Expected
    from insect_edge.tracking.settings import TrackerSettings


class Tracker:
    """Holds no state of its own.

    Args:
        settings: the numbers; others may be put in their place between two frames.

    Attributes:
        settings: those in force.
    """

    def __init__(self, settings: TrackerSettings) -> None:
        self.settings = settings

    def step(
        self,
        state: TrackerState,
        sightings: Sequence[Sighting],
        *,
        at: Moment,
        settled: bool,
        new_id: Callable[[], str],
        aspect: float = WIDE,
        turn: float = 0.0,
        told: Container[str] = (),
    ) -> TrackerState:
        """Take the sightings of one frame into account, in whatever order they come.

        Args:
            state: after the frame before.
            sightings: of this frame.
            at: when it was captured.
            settled: whether what is not sighted is known to be absent (`Found.settled`).
            new_id: makes an identifier that was never used before.
            aspect: the frame's width over its height.
            turn: seconds until each part that is looked at in turns had its own; 0 where there are none.
            told: identifiers of the tracks whose event is open.
        """
        overlooked = tuple(Box.of(region, aspect=aspect) for region in not_looked_at(sightings))
        on = changes.Occasion(
            at=at, aspect=aspect, settled=settled, settings=self.settings, overlooked=overlooked, turn=turn
        )
        here = sorted(present(sightings), key=order)
        expected = expected_at(state, now=at.monotonic, settings=self.settings)
        found = associated(expected, here, settings=self.settings, aspect=aspect)
        tracks = [_after(number, expected, here, found, on=on) for number in range(len(expected))]
        tracks += [changes.new(here[number], track_id=new_id(), on=on) for number in found.news]
        tracks = [changes.checked(part, on=on) for track in tracks for part in parted(track, new_id=new_id)]
        waiting = waited_for(state, now=at.monotonic, settings=self.settings)
        tracks += [track for track in waiting if track.vanished]
        tracks = reunited(tracks, before=expected, settings=self.settings, aspect=aspect, told=told)
        kept = self._bounded([track for track in tracks if not changes.given_up(track, on=on)])
        return TrackerState(tracks=kept, at=at, aspect=aspect)

    def _bounded(self, tracks: list[Track]) -> tuple[Track, ...]:
        """At most so many: what is confirmed before what is not, then who was seen most recently and most often.

        What is known and rests takes nobody's place: a sheet full of specks must not keep a moth from being followed.
        """
        settings = self.settings
        if len(tracks) <= min(settings.most, settings.resting):
            return tuple(tracks)
        ranked = sorted(tracks, key=lambda track: (not track.confirmed, -track.absent_from, -track.sightings))
        resting = sorted((track for track in ranked if track.is_known_and_rests), key=lambda track: track.label is None)
        others = [track for track in ranked if not track.is_known_and_rests]
        kept = {track.track_id for track in (*others[: settings.most], *resting[: settings.resting])}
        return tuple(track for track in tracks if track.track_id in kept)


def _after(
    number: int,
    expected: Sequence[Expected],
    sightings: Sequence[Sighting],
    found: Association,
    *,
    on: changes.Occasion,
) -> Track:
    """The track of that number after this frame."""
    one = expected[number]
    if number in found.pairs:
        return changes.seen(one, sightings[found.pairs[number]], on=on)
    if number in found.crowds:
        around = found.crowds[number]
        among = [expected[row] for row, column in found.crowds.items() if column == around]
        return changes.crowded(one, sightings[around], among=among, on=on)
    return changes.missed(one.track, on=on)

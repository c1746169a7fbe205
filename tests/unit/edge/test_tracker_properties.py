"""What holds of identities and events, whatever a finder says."""

from __future__ import annotations

import math
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insect_edge.domain import Phase
from insect_edge.sightings import Origin, Proposal, Sighting
from insect_edge.tracking.attention import wanted_looks
from insect_edge.tracking.box import Box, Boxes
from insect_edge.tracking.settings import TrackerSettings
from insect_edge.tracking.state import TrackerState, watched
from insect_edge.tracking.tracker import Tracker
from support.box_story import followed, followed_by_peer
from support.box_world import ASPECT, BoxWorld
from support.policy_watch import BEES, NOTHING, SLUG, moment
from support.track_watch import TrackWatch, at, sighting

SHOWN = st.sampled_from([None, SLUG, SLUG, BEES, NOTHING])
PLACES = st.builds(
    lambda x, y, size, shows, origin: sighting(x, y, size=size, shows=shows, origin=origin),
    st.floats(0.02, 0.98),
    st.floats(0.02, 0.54),
    st.sampled_from([0.02, 0.04, 0.1]),
    SHOWN,
    st.sampled_from([Origin.MOTION, Origin.CONTRAST, Origin.REST, Origin.TILE]),
)
AGAIN = st.integers(1, 8)
"""For how many frames the same is seen."""
FRAMES = st.lists(st.tuples(st.lists(PLACES, max_size=6), AGAIN, st.booleans(), st.floats(0, 40)), max_size=12)


def seen(frames: list[tuple[list[Sighting], int, bool, float]]) -> tuple[TrackWatch, list[TrackerState]]:
    """A watch after all these, and what the tracker remembered after each."""
    watch, states = TrackWatch(tracker=TrackerSettings(most=7, resting=3)), []
    for sightings, times, settled, pause in frames:
        watch.now += pause
        for _ in range(times):
            rests = [
                Sighting(proposal=Proposal(region=region, origin=Origin.REST, strength=1.0), classification=None)
                for region in watched(watch.tracks)[::2]
            ]
            watch.see(*sightings, *rests, settled=settled)
            states.append(watch.tracks)
    return watch, states


@settings(deadline=None, max_examples=60)
@given(FRAMES)
def test_identities_are_nobody_elses(frames: list[tuple[list[Sighting], int, bool, float]]) -> None:
    """No two tracks share one, none comes back once its track is gone, and there are never too many."""
    gone: set[str] = set()
    before: set[str] = set()
    for state in seen(frames)[1]:
        ids = [track.track_id for track in state.tracks]
        assert len(set(ids)) == len(ids) <= 10
        assert not gone & set(ids)
        gone |= before - set(ids)
        before = set(ids)


@settings(deadline=None, max_examples=60)
@given(FRAMES)
def test_an_animal_has_one_event(frames: list[tuple[list[Sighting], int, bool, float]]) -> None:
    """No track starts two, each that starts ends once, and its path agrees with the track."""
    watch, states = seen(frames)
    watch.state, ends = watch.policy.shutdown(watch.state, now=moment(watch.now))
    events = [*watch.events, *ends]
    starts = [event.path.track_id for event in events if event.phase is Phase.START and event.path is not None]
    assert len(set(starts)) == len(starts)
    ended = [event.path.track_id for event in events if event.phase is Phase.END and event.path is not None]
    assert sorted(starts) == sorted(ended)
    for event in events:
        assert event.path is not None
        assert event.path.length >= 0
        assert event.path.seconds >= 0
    assert all(track.absent_from <= watch.now for state in states for track in state.tracks)


@settings(deadline=None, max_examples=60)
@given(FRAMES, st.randoms(use_true_random=False))
def test_the_order_of_sightings_does_not_matter(
    frames: list[tuple[list[Sighting], int, bool, float]],
    random: object,
) -> None:
    """What a finder says first is no more than what it says last."""
    shuffled = []
    for sightings, *rest in frames:
        others = list(sightings)
        random.shuffle(others)  # type: ignore[attr-defined]  # hypothesis' own Random
        shuffled.append((others, *rest))
    plain = [[(track.track_id, track.last) for track in state.tracks] for state in seen(frames)[1]]
    mixed = [[(track.track_id, track.last) for track in state.tracks] for state in seen(shuffled)[1]]
    assert plain == mixed


@settings(deadline=None, max_examples=60)
@given(st.floats(0.1, 0.9), st.floats(0.1, 0.45), st.floats(0.0, TrackerSettings().patience - 2), st.booleans())
def test_no_gap_below_the_patience_loses_an_animal(x: float, y: float, gap: float, watching: bool) -> None:  # noqa: FBT001 # drawn
    """Seen again where it was after any shorter time, in however few frames meanwhile, it is the same."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(x, y), times=8)
    if watching:
        watch.see(times=int(gap / watch.every))
    else:
        watch.now += gap
    watch.see(sighting(x, y), times=4)
    assert watch.ids == ["track-1"]


@settings(deadline=None, max_examples=60)
@given(FRAMES, st.lists(PLACES, max_size=12), st.integers(0, 12))
def test_no_more_is_looked_at_than_there_is_time_for(
    frames: list[tuple[list[Sighting], int, bool, float]], here: list[Sighting], most: int
) -> None:
    """Each proposal at most once, no more than asked for, tiles first."""
    watch, _ = seen(frames)
    proposals = [one.proposal for one in here]
    wanted = wanted_looks(
        watch.tracks,
        proposals,
        at=moment(watch.now),
        most=most,
        young=5,
        settings=watch.tracker.settings,
    )
    assert len(set(wanted)) == len(wanted) <= most
    assert set(wanted) <= set(range(len(proposals)))
    tiles = [number for number, proposal in enumerate(proposals) if proposal.origin is Origin.TILE]
    assert list(wanted[: len(tiles)]) == tiles[:most]


def test_a_state_is_never_changed() -> None:
    """The same frame after the same state gives the same, so that a caller can keep and compare them."""
    tracker, first = Tracker(TrackerSettings()), TrackerState()
    states = []
    for _ in range(2):
        ids = count()
        state = first
        for number in range(6):
            state = tracker.step(
                state,
                [sighting(0.5, 0.3), sighting(0.7, 0.2)],
                at=moment(number),
                settled=True,
                new_id=lambda: str(next(ids)),  # noqa: B023 # called at once
                aspect=ASPECT,
            )
        states.append(state)
    assert states[0] == states[1]
    assert first == TrackerState()


def test_a_few_minutes_are_counted_better_than_by_the_nearest_neighbour() -> None:
    """With animals that walk, fly, rest, meet, are missed and false boxes beside them."""
    story = followed(BoxWorld(seed=2, rate=5.0, arrivals=2.0), minutes=6)
    peer = followed_by_peer(BoxWorld(seed=2, rate=5.0, arrivals=2.0), minutes=6)
    assert abs(story.events - story.animals) <= 1 + 0.1 * story.animals
    assert story.switches < peer.switches
    assert len(story.tracks) < len(peer.tracks)


def test_an_empty_scene_with_false_boxes_is_nobody() -> None:
    """An hour of flicker, at one frame a second, starts no event."""
    story = followed(BoxWorld(seed=4, rate=1.0, arrivals=0.0), minutes=60)
    assert (story.animals, story.events) == (0, 0)


def test_what_is_watched_is_where_animals_were_last() -> None:
    """Flickers are not watched."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3), times=4)
    watch.see(sighting(0.5, 0.3), sighting(0.8, 0.1))
    assert watched(watch.tracks) == (at(0.5, 0.3),)


BOXES = st.builds(Box, *[st.floats(0.01, 1.0)] * 4)


@given(st.lists(BOXES, max_size=5), st.lists(BOXES, max_size=5))
def test_many_boxes_are_measured_as_one_is(some: list[Box], others: list[Box]) -> None:
    """What each shares with each and how far they are apart, for all of them at once."""
    shared, apart = Boxes(some).shared(Boxes(others)), Boxes(some).apart(Boxes(others))
    assert shared.shape == apart.shape == (len(some), len(others))
    for row, one in enumerate(some):
        assert shared[row].tolist() == pytest.approx([one.shared(other) for other in others])
        assert apart[row].tolist() == pytest.approx([math.hypot(other.x - one.x, other.y - one.y) for other in others])

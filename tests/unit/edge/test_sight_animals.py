"""Looking at a frame animal by animal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge.domain import Category, Classification, Event, Frame, Label, Moment, Phase, Region, Role, Verdict
from insect_edge.policy.rules import PolicySettings
from insect_edge.policy.state import PolicyState
from insect_edge.policy.tracks import TrackPolicy
from insect_edge.regions.settings import RegionSettings
from insect_edge.sight import animals
from insect_edge.sight.animals import AnimalSight
from insect_edge.sightings import Found, Origin, Proposal
from insect_edge.tracking.attention import wanted_looks
from insect_edge.tracking.settings import TrackerSettings
from insect_edge.tracking.tracker import Tracker

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SLUG = Label(index=0, name="slug", role=Role.PEST, taxon=None, threshold=0.5)
SIDE = 0.04


def box(x: float, y: float = 0.5) -> Region:
    """A small animal there."""
    return Region(x=x, y=y, width=SIDE, height=SIDE)


@dataclass
class Scene:
    """Finder and classifier of a scene that the test makes up frame by frame; remembers what it was asked."""

    boxes: Sequence[Region] = ()
    resting: bool = False
    origin: Origin = Origin.MOTION
    milliseconds: float = 5.0
    skipped: int = 0
    asked: list[Region] = field(default_factory=list)
    watched: list[Sequence[Region]] = field(default_factory=list)

    def find(self, frame: Frame, *, watched: Sequence[Region] = ()) -> Found:
        """The boxes; those that are watched come back as resting, where they do."""
        assert frame.pixels.shape == (720, 1280, 3)
        self.watched.append(tuple(watched))
        return Found(
            proposals=tuple(
                Proposal(
                    region=one, origin=Origin.REST if self.resting and one in watched else self.origin, strength=0.5
                )
                for one in self.boxes
            ),
            skipped=self.skipped,
        )

    def classify(self, frame: Frame, *, region: Region) -> Classification:
        """A slug, wherever one looks."""
        assert frame.pixels.shape == (720, 1280, 3)
        self.asked.append(region)
        return Classification(
            categories=(Category(label=SLUG, score=0.9),),
            verdict=Verdict(label="slug", role=Role.PEST, score=0.9, threshold=0.5),
            region=region,
            inference_ms=self.milliseconds,
        )


class World:
    """A sight in a made-up scene, and a clock."""

    def __init__(self, scene: Scene, *, max_crops: int = 8, budget_ms: float = 1000.0, end_after: float = 10.0) -> None:
        events, tracks = count(1), count(1)
        self.scene = scene
        self.seconds = 100.0
        self.state = PolicyState()
        self.told: list[Event] = []
        self.policy = TrackPolicy(PolicySettings(end_after=end_after), new_event_id=lambda: f"event-{next(events)}")
        self.tracker = Tracker(TrackerSettings(patience=end_after))
        self.sight = AnimalSight(
            finder=scene,
            classifier=SimpleNamespace(classify=scene.classify),
            tracker=self.tracker,
            policy=self.policy,
            settings=RegionSettings(mode="motion", max_crops=max_crops, budget_ms=budget_ms),
            new_track_id=lambda: f"track-{next(tracks)}",
        )

    def frame(self) -> Frame:
        """The next one, half a second later."""
        self.seconds += 0.5
        moment = Moment(monotonic=self.seconds, utc=NOON + timedelta(seconds=self.seconds), clock_synced=True)
        return Frame(pixels=np.zeros((720, 1280, 3), np.uint8), captured=moment, sequence=0)

    def look(self, *boxes: Region, frames: int = 1) -> list[Event]:
        """Frames that show these; what they told."""
        before = len(self.told)
        self.scene.boxes = boxes
        for _ in range(frames):
            self.state, events, self.view = self.sight.look(self.state, self.frame())
            self.told += events
        return self.told[before:]


def test_each_animal_is_one_event() -> None:
    """Three animals that stay are three starts with different tracks, however long they stay."""
    world = World(Scene())
    starts = world.look(box(0.1), box(0.5), box(0.8), frames=40)
    assert [event.phase for event in starts if event.phase is not Phase.UPDATE] == [Phase.START] * 3
    assert len({event.path.track_id for event in starts if event.path}) == 3


def test_the_model_is_shown_a_square_around_each() -> None:
    """The square has a margin and as many pixels each way; the whole frame is never shown."""
    world = World(Scene())
    world.look(box(0.5))
    (asked,) = world.scene.asked
    assert asked.width * 1280 == pytest.approx(asked.height * 720)
    assert SIDE < asked.width < 4 * SIDE


def test_the_most_crops_of_a_frame_are_kept_and_the_rest_is_counted() -> None:
    """Twelve animals and eight looks: four are skipped, with those the finder had to leave out."""
    world = World(Scene(skipped=3), max_crops=8)
    world.look(*(box(0.02 + 0.08 * number) for number in range(12)))
    assert len(world.scene.asked) == 8
    assert world.view.skipped == 4 + 3


def test_no_look_is_begun_once_the_milliseconds_are_spent() -> None:
    """Looks of 5 ms in a budget of 12: three are made."""
    world = World(Scene(), budget_ms=12.0)
    world.look(*(box(0.02 + 0.1 * number) for number in range(6)))
    assert len(world.scene.asked) == 3
    assert world.view.skipped == 3
    assert world.view.inference_ms == 15.0


def test_an_animal_skipped_once_gets_its_look_in_a_later_frame() -> None:
    """With one look a frame, four animals still become four events."""
    world = World(Scene(), max_crops=1)
    told = world.look(*(box(0.05 + 0.2 * number) for number in range(4)), frames=60)
    assert sum(event.phase is Phase.START for event in told) == 4


def test_an_animal_at_rest_is_not_shown_to_the_model_again_and_again() -> None:
    """Two minutes of rest cost a handful of looks, and the event goes on."""
    world = World(Scene(resting=True))
    world.look(box(0.5), frames=10)
    before = len(world.scene.asked)
    told = world.look(box(0.5), frames=240)
    assert len(world.scene.asked) - before <= 8
    assert not [event for event in told if event.phase is not Phase.UPDATE]
    assert world.scene.watched[-1] == (box(0.5),)


def test_with_nothing_in_sight_nothing_is_inferred() -> None:
    """An empty scene costs no look and gives no classification."""
    world = World(Scene())
    world.look(frames=20)
    assert world.scene.asked == []
    assert world.view.classification is None
    assert world.view.inference_ms is None


def test_after_a_restart_an_animal_keeps_its_track_and_event() -> None:
    """What is still where it was told to be goes on without a second start."""
    world = World(Scene(resting=True))
    (start,) = [event for event in world.look(box(0.5), frames=10) if event.phase is Phase.START]
    again = World(world.scene)
    again.seconds, again.state = world.seconds + 2, PolicyState(open_events=world.state.open_events)
    again.sight.resume(again.state)
    told = again.look(box(0.5), frames=40)
    assert not [event for event in told if event.phase is not Phase.UPDATE]
    (opened,) = again.state.open_events
    assert opened.event_id == start.event_id
    assert start.path
    assert opened.path
    assert opened.path.track_id == start.path.track_id


def test_a_frame_that_counts_for_nothing_is_kept_from_the_finder() -> None:
    """Nobody shall take an old picture for the scene as it is."""
    world = World(Scene(boxes=[box(0.5)]))
    view = world.sight.glance(world.frame())
    assert view.classification is None
    assert world.scene.asked == []
    assert world.scene.watched == []


def test_the_tracker_waits_as_long_as_the_policy_but_never_too_short() -> None:
    """A configuration that is taken over while running reaches the tracker too."""
    world = World(Scene(), end_after=10.0)
    for end_after, patience in ((60.0, 60.0), (3.0, 30.0)):
        world.policy.settings = PolicySettings(end_after=end_after)
        world.sight.configure(region=None)
        assert world.tracker.settings.patience == patience


def test_the_score_in_a_frame_is_that_of_the_animals_own_look() -> None:
    """A picture of an event is judged by what this frame says of its animal."""
    world = World(Scene())
    (start, *_) = world.look(box(0.1), box(0.8), frames=5)
    assert world.view.score(start) == 0.9
    world.look(box(0.8), frames=1)
    assert world.view.score(start) == 0.0


def test_parts_that_are_looked_at_always_take_turns_also_where_time_is_short() -> None:
    """Ten tiles, eight looks a frame and time for two: each is looked at within five frames, none counts as skipped."""
    world = World(Scene(origin=Origin.TILE, milliseconds=130.0), budget_ms=250.0)
    tiles = [box(0.02 + 0.08 * number) for number in range(10)]
    world.look(*tiles, frames=5)
    assert len(world.scene.asked) == len({asked.x for asked in world.scene.asked}) == 10
    assert world.view.skipped == 0


class OneSlug(Scene):
    """A slug in the middle, and nothing else."""

    def classify(self, frame: Frame, *, region: Region) -> Classification:
        """Only there it has a name."""
        seen = super().classify(frame, region=region)
        return seen if region.x < 0.5 < region.x + region.width else replace(seen, verdict=None)


def test_an_animal_is_followed_also_where_a_turn_takes_minutes() -> None:
    """On a slow board, with a look every ten seconds, each of nineteen tiles has its turn after 190 s."""
    world = World(OneSlug(origin=Origin.TILE), max_crops=1, end_after=30.0)
    tiles = [box(0.03 + 0.05 * number) for number in range(19)]
    told: list[Event] = []
    for _ in range(120):
        world.seconds += 9.5
        told += world.look(*tiles)
    assert [event.phase for event in told if event.phase is not Phase.UPDATE] == [Phase.START]


def test_who_still_rests_after_a_time_without_frames_gets_another_event() -> None:
    """The first has ended while the camera was gone; the animal did not leave, and shall not stay untold."""
    world = World(Scene(resting=True), end_after=10.0)
    world.look(box(0.5), frames=10)
    world.seconds += 15.0
    now = replace(world.frame().captured, monotonic=world.seconds)
    world.state, ends = world.policy.tick(world.state, now=now)
    assert [event.phase for event in ends] == [Phase.END]
    told = world.look(box(0.5), frames=20)
    assert [event.phase for event in told if event.phase is not Phase.UPDATE] == [Phase.START]
    assert len(world.state.open_events) == 1


def test_after_a_short_time_without_frames_the_event_goes_on() -> None:
    """A camera that is opened again within the policy's patience shows the same animal."""
    world = World(Scene(resting=True), end_after=10.0)
    world.look(box(0.5), frames=10)
    world.seconds += 8.0
    assert not [event for event in world.look(box(0.5), frames=20) if event.phase is not Phase.UPDATE]


def test_when_the_source_is_over_its_animals_are_forgotten() -> None:
    """Another run of a film shows other animals."""
    world = World(Scene(resting=True))
    world.look(box(0.5), frames=10)
    world.sight.forget()
    world.look()
    assert world.scene.watched[-1] == ()


def test_tracker_and_attention_know_who_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has a name and no event is looked at sooner, and may be one that was told and is missed."""
    asked: list[object] = []
    monkeypatch.setattr(
        animals, "wanted_looks", lambda *one, told, **more: asked.append(told) or wanted_looks(*one, told=told, **more)
    )
    world = World(Scene())
    step = world.tracker.step
    monkeypatch.setattr(
        world.tracker, "step", lambda *one, told, **more: asked.append(told) or step(*one, told=told, **more)
    )
    world.look(box(0.1), frames=12)
    (track,) = {event.path.track_id for event in world.told if event.path}
    assert asked[:2] == [frozenset(), frozenset()]
    assert asked[-2:] == [{track}, {track}]

"""What moves before a fixed camera is found, and what only seems to is not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from insect_edge.domain import Frame
from insect_edge.regions import motion
from insect_edge.regions.choice import make_finder
from insect_edge.regions.merge import overlap
from insect_edge.regions.motion import MotionFinder, MotionSettings
from insect_edge.regions.settings import RegionSettings
from insect_edge.sightings import Origin
from support.boxes import matched
from support.crawling import Crawler, Ground, walk
from support.finding import Tally, watching
from support.proposals import frame

WALKER = Crawler(place=walk((60.0, 200.0), speed=(15.0, 4.0), begin=7.0))
SETTLED = 10.0


def moments(seconds: float, rate: float) -> list[float]:
    """When frames are taken."""
    return [number / rate for number in range(round(seconds * rate))]


def watched_for(ground: Ground, seconds: float, *, rate: float = 3.0) -> Tally:
    """How well the animals of a ground are found from the tenth second on; all of them count as moving."""
    tally = Tally()
    for at, found, truths in watching(MotionFinder(MotionSettings()), ground, moments(seconds, rate)):
        if at >= SETTLED:
            tally.judge(found, [(box, True) for box in truths], visible=truths)
    return tally


@pytest.mark.parametrize("rate", [1.0, 4.0, 12.0])
def test_a_walking_animal_is_found_at_any_rate(rate: float) -> None:
    """One frame a second or twelve: constants are in seconds."""
    tally = watched_for(Ground(crawlers=(WALKER,)), 16.0 if rate > 2 else 30.0, rate=rate)
    assert tally.recall(moving=True) >= 0.95
    assert tally.false_per_frame <= 0.1


def test_the_box_is_tight() -> None:
    """A proposal covers the animal and hardly more."""
    *_, (_, found, truths) = watching(MotionFinder(MotionSettings()), Ground(crawlers=(WALKER,)), moments(15.0, 2.0))
    (proposal,) = found.proposals
    assert proposal.origin is Origin.MOTION
    assert overlap(proposal.region, truths[0]) >= 0.6


def test_of_too_many_things_the_smaller_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is compared with each, so that there is a most; here it is one."""
    monkeypatch.setattr(motion, "_MOST", 1)
    other = Crawler(place=walk((60.0, 80.0), speed=(15.0, 4.0), begin=7.0))
    ground = Ground(crawlers=(WALKER, other))
    *_, (_, found, _) = watching(MotionFinder(MotionSettings()), ground, moments(12.0, 2.0))
    assert len(found.proposals) == 1


def test_a_still_scene_proposes_nothing() -> None:
    """The sensor's noise is no animal."""
    tally = watched_for(Ground(), 20.0)
    assert tally.false == 0


def test_nothing_is_said_of_a_scene_that_is_not_known_yet() -> None:
    """The first seconds are not settled, and later ones are."""
    finder = MotionFinder(MotionSettings())
    states = [found.settled for _, found, _ in watching(finder, Ground(crawlers=(WALKER,)), moments(8.0, 5.0))]
    assert not any(states[:20])
    assert all(states[25:])


def test_swaying_leaves_are_learned() -> None:
    """After a while leaves that swing all the time are not proposed, and the animal among them is."""
    tally = watched_for(Ground(crawlers=(WALKER,), leaves=12), 30.0)
    assert tally.false_per_frame <= 0.5
    assert tally.recall(moving=True) >= 0.8


def test_rain_is_not_proposed() -> None:
    """Streaks that are there for one frame are upright and thin."""
    tally = watched_for(Ground(crawlers=(WALKER,), drops=25), 20.0)
    assert tally.false_per_frame <= 0.3
    assert tally.recall(moving=True) >= 0.95


def test_a_cloud_that_passes_is_no_animal() -> None:
    """A shadow over half of the frame, and light that fades to a third, change nothing."""

    def light(seconds: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        across = np.linspace(0, 640, 640, dtype=np.float32)[np.newaxis]
        shadow = 1 - 0.4 / (1 + np.exp((across - 40 * (seconds - 5)) / 20))
        return (shadow * (1 - 0.02 * seconds)).astype(np.float32)

    tally = watched_for(Ground(crawlers=(WALKER,), light=light), 25.0)
    assert tally.false_per_frame <= 0.2
    assert tally.recall(moving=True) >= 0.95


def test_a_jump_of_the_exposure_floods_nothing() -> None:
    """From one frame to the next all is half as bright: the animal is still found, and nothing else."""
    ground = Ground(crawlers=(WALKER,), light=lambda seconds: 1.0 if seconds < 14 else 0.5)
    tally = watched_for(ground, 20.0)
    assert tally.false_per_frame <= 0.1
    assert tally.recall(moving=True) >= 0.9


def test_another_scene_is_learned_afresh() -> None:
    """A camera that was turned away says that it knows nothing, and then knows the new scene."""
    here, there = Ground(seed=1), Ground(seed=2)
    finder, states = MotionFinder(MotionSettings()), []
    for seconds in moments(25.0, 5.0):
        found = finder.find(frame((here if seconds < 10 else there).frame(seconds), seconds=seconds))
        assert not found.proposals
        states.append(found.settled)
    assert states[45]
    assert not any(states[51:70])
    assert states[-1]


class _Rests:
    """Walks in, rests for a while, and walks on."""

    def __call__(self, seconds: float) -> tuple[float, float] | None:
        walked = min(seconds - 7, 8.0) if seconds < 50 else seconds - 42
        return (60 + 15 * walked, 200.0) if walked >= 0 else None


def test_an_animal_that_rests_is_given_back_as_it_was() -> None:
    """While nothing changes the very same region comes back, so that nothing is inferred again."""
    seen = list(
        watching(MotionFinder(MotionSettings()), Ground(crawlers=(Crawler(place=_Rests()),)), moments(48.0, 2.0))
    )
    resting = [found.proposals for seconds, found, _ in seen if seconds >= 20]
    assert all([one.origin for one in proposals] == [Origin.REST] for proposals in resting)
    assert len({proposals[0].region for proposals in resting}) == 1
    assert overlap(resting[0][0].region, seen[-1][2][0]) >= 0.5


def test_a_slow_walker_is_where_it_is_said_to_be() -> None:
    """At ten frames a second it hardly moves from one to the next: still no box stays behind."""
    ground = Ground(crawlers=(Crawler(place=walk((100.0, 200.0), speed=(3.0, 0.5), begin=7.0)),))
    seen = list(watching(MotionFinder(MotionSettings()), ground, moments(16.0, 10.0)))
    fits = [[overlap(one.region, truths[0]) for one in found.proposals] for at, found, truths in seen if at >= SETTLED]
    assert all(len(one) == 1 for one in fits)
    assert min(one[0] for one in fits) >= 0.55


def test_who_walks_past_one_at_rest_is_found_beside_it() -> None:
    """While the two touch they are two."""
    other = Crawler(place=walk((180.0, 90.0), speed=(0.0, 10.0), begin=20.0), length=24.0)
    ground = Ground(crawlers=(Crawler(place=_Rests()), other))
    tally = Tally()
    for seconds, found, truths in watching(MotionFinder(MotionSettings()), ground, moments(30.0, 2.0)):
        if 21 <= seconds < 30:
            tally.judge(found, [(box, True) for box in truths], visible=truths)
    assert tally.recall(moving=True) >= 0.97


def test_an_animal_that_walks_on_leaves_no_ghost() -> None:
    """The place where it sat is not proposed, and the animal is found where it goes."""
    tally = Tally()
    ground = Ground(crawlers=(Crawler(place=_Rests()),))
    for seconds, found, truths in watching(MotionFinder(MotionSettings()), ground, moments(58.0, 2.0)):
        if seconds >= 51:
            tally.judge(found, [(box, True) for box in truths], visible=truths)
    assert tally.recall(moving=True) >= 0.95
    assert tally.false == 0


def test_what_was_there_from_the_beginning_leaves_no_ghost_for_long() -> None:
    """An animal that was taken for background uncovers the ground, which is no animal."""
    sitter = Crawler(place=lambda seconds: (300.0, 150.0) if seconds < 15 else (300.0 + 40 * (seconds - 15), 150.0))
    seen = list(watching(MotionFinder(MotionSettings()), Ground(crawlers=(sitter,)), moments(20.0, 5.0)))
    false = [len(matched(truths, [one.region for one in found.proposals]).false) for _, found, truths in seen]
    assert sum(false[-10:]) == 0


def test_a_camera_that_sways_sees_nothing_move() -> None:
    """The whole picture shifts to and fro by some pixels, and the animal is found all the same."""
    ground, tally = (
        Ground(width=700, height=420, crawlers=(Crawler(place=walk((90, 200), speed=(15, 4), begin=7)),)),
        Tally(),
    )
    finder = MotionFinder(MotionSettings())
    for seconds in moments(20.0, 5.0):
        left, top = round(30 + 6 * math.sin(seconds)), round(30 + 4 * math.sin(1.7 * seconds))
        found = finder.find(frame(ground.frame(seconds)[top : top + 360, left : left + 640], seconds=seconds))
        truths = [
            type(box)(
                x=(box.x * 700 - left) / 640,
                y=(box.y * 420 - top) / 360,
                width=box.width * 700 / 640,
                height=box.height * 420 / 360,
            )
            for box in ground.truths(seconds)
        ]
        if seconds >= SETTLED:
            tally.judge(found, [(box, True) for box in truths], visible=truths)
    assert tally.recall(moving=True) >= 0.95
    assert tally.false_per_frame <= 0.1


def test_things_of_the_wrong_size_are_no_animals() -> None:
    """The configuration says how long animals are."""
    for smallest, largest in ((0.08, 0.2), (0.01, 0.03)):
        finder = make_finder(RegionSettings(mode="motion", smallest=smallest, largest=largest))
        seen = list(watching(finder, Ground(crawlers=(WALKER,)), moments(14.0, 2.0)))
        assert not any(found.proposals for _, found, _ in seen)


def test_a_picture_of_another_size_begins_anew() -> None:
    """A camera opened again with another resolution is a new scene, not an error."""
    finder = MotionFinder(MotionSettings())
    for seconds in moments(8.0, 2.0):
        finder.find(frame(Ground().frame(seconds), seconds=seconds))
    other = frame(Ground(width=320, height=240).frame(8.0), seconds=8.0)
    assert not finder.find(other).settled


def test_an_animal_at_the_lower_border_outlives_a_lower_picture() -> None:
    """What was seen where the picture no longer reaches is forgotten, not looked up."""
    whole = Crawler(place=walk((300.0, 345.0), speed=(0.0, 0.0), begin=6.0))
    cut = Crawler(place=walk((300.0, 345.0), speed=(0.0, 0.0), begin=13.5))
    finder, there = MotionFinder(MotionSettings()), []
    for seconds in moments(20.0, 2.0):
        ground = Ground(crawlers=(whole,)) if seconds < 9 else Ground(height=348, crawlers=(cut,))
        found = finder.find(frame(ground.frame(seconds), seconds=seconds))
        there.append(len(found.proposals))
    assert there[17] == 1
    assert there[-1] == 1


def test_the_small_picture_of_the_camera_is_enough() -> None:
    """Where the camera gives the brightness itself, the large pixels are not read."""
    ground, finder = Ground(crawlers=(WALKER,)), MotionFinder(MotionSettings())
    black = np.zeros((3040, 4056, 3), np.uint8)
    for seconds in moments(14.0, 2.0):
        small = frame(ground.frame(seconds), seconds=seconds)
        both = Frame(pixels=black, captured=small.captured, sequence=0, luma=small.pixels[..., 0].copy())
        found = finder.find(both)
    assert matched(ground.truths(seconds), [one.region for one in found.proposals]).recall == 1

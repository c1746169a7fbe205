"""The finder that picks by what the scene does, and what it need not find again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from insect_edge.regions.auto import AutoFinder, AutoSettings
from insect_edge.regions.choice import make_finder
from insect_edge.regions.keeping import Keeping
from insect_edge.regions.merge import bounded
from insect_edge.regions.motion import MotionFinder, MotionSettings
from insect_edge.regions.settings import MODES, RegionSettings
from insect_edge.sightings import Found, Origin
from support.crawling import Crawler, Ground, walk
from support.proposals import box, empty_frame, frame, proposal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Frame, Region

SITTER = Crawler(place=lambda _: (300.0, 150.0))


@dataclass(slots=True)
class _Known:
    """Finds the same always, and counts how often it was asked."""

    regions: tuple[Region, ...] = (box(0.44, 0.37, 0.05, 0.08),)
    asked: list[float] = field(default_factory=list)

    def find(self, frame: Frame, *, watched: Sequence[Region] = ()) -> Found:
        del watched
        self.asked.append(frame.captured.monotonic)
        return bounded([proposal(region, origin=Origin.CONTRAST) for region in self.regions], most=9)


def auto(contrast: _Known) -> AutoFinder:
    """With a contrast finder that can be asked how often it was."""
    return AutoFinder(motion=MotionFinder(MotionSettings()), contrast=contrast, settings=AutoSettings())


def shown(finder: AutoFinder, ground: Ground, *, seconds: int) -> list[Found]:
    """Two frames a second; every proposal is watched in the next frame."""
    found: list[Found] = []
    for number in range(2 * seconds):
        watched = [one.region for one in found[-1].proposals] if found else []
        found.append(finder.find(frame(ground.frame(number / 2), seconds=number / 2), watched=watched))
    return found


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_has_a_finder(mode: str) -> None:
    """Each takes a frame and says what it found."""
    settings = RegionSettings(mode=mode, areas=())  # type: ignore[arg-type]
    found = make_finder(settings).find(empty_frame(640, 360))
    assert found.skipped == 0


def test_at_the_beginning_it_looks_for_what_stands_out() -> None:
    """Who sits there already is found before the background is known, and rests from then on."""
    contrast = _Known()
    found = shown(auto(contrast), Ground(crawlers=(SITTER,)), seconds=20)
    assert [one.origin for one in found[0].proposals] == [Origin.CONTRAST]
    assert not found[0].settled
    assert [one.origin for one in found[-1].proposals] == [Origin.REST]
    assert found[-1].proposals[0].region == found[0].proposals[0].region


def test_where_too_much_stands_out_none_of_it_is_looked_at() -> None:
    """A bed full of pebbles is left to motion; as many as are allowed are not."""
    pebbles = tuple(box(0.01 + 0.04 * (number % 20), 0.1 + 0.1 * (number // 20), 0.02, 0.03) for number in range(61))
    ground = Ground(crawlers=())
    assert shown(auto(_Known(pebbles)), ground, seconds=1)[0].proposals == ()
    assert shown(auto(_Known(pebbles[:60])), ground, seconds=1)[0].proposals != ()


def test_a_still_scene_is_looked_over_once_in_a_while() -> None:
    """As long as nothing happens the costly search rests for a minute."""
    contrast = _Known()
    shown(auto(contrast), Ground(crawlers=(SITTER,)), seconds=85)
    later = [at for at in contrast.asked if at > 15]
    assert 0 < len(later) <= 2 * AutoSettings().looks


def test_it_looks_where_something_has_come_to_rest() -> None:
    """When nothing moves any more, the frame is looked over again."""
    visitor = Crawler(place=walk((100.0, 100.0), speed=(30.0, 0.0), begin=20.0, end=30.0))
    contrast = _Known()
    shown(auto(contrast), Ground(crawlers=(visitor,)), seconds=40)
    assert any(30 <= at <= 36 for at in contrast.asked)


def test_where_leaves_swing_only_motion_counts() -> None:
    """In a scene that moves by itself, what stands out is leaves."""
    contrast = _Known()
    shown(auto(contrast), Ground(leaves=25), seconds=40)
    assert not [at for at in contrast.asked if at > 10]


def test_what_was_found_before_is_not_found_anew() -> None:
    """A watched animal that has not changed keeps its region; the other proposals stay."""
    contrast = _Known(regions=(box(0.44, 0.37, 0.05, 0.08), box(0.1, 0.1, 0.05, 0.05)))
    finder, ground = Keeping(contrast, most=9), Ground(crawlers=(SITTER,))
    first = finder.find(frame(ground.frame(0.0)))
    kept = first.proposals[0].region
    found = finder.find(frame(ground.frame(1.0), seconds=1.0), watched=[kept])
    assert {(one.region, one.origin) for one in found.proposals} == {
        (kept, Origin.REST),
        (box(0.1, 0.1, 0.05, 0.05), Origin.CONTRAST),
    }


def test_who_has_gone_does_not_rest() -> None:
    """A watched place that has changed is not given back."""
    finder, kept = Keeping(_Known(regions=()), most=9), box(0.44, 0.37, 0.05, 0.08)
    finder.find(frame(Ground(crawlers=(SITTER,)).frame(0.0)), watched=[kept])
    still = finder.find(frame(Ground(crawlers=(SITTER,)).frame(1.0), seconds=1.0), watched=[kept])
    assert [one.origin for one in still.proposals] == [Origin.REST]
    assert not finder.find(frame(Ground().frame(2.0), seconds=2.0), watched=[kept]).proposals


def test_after_a_restart_only_what_stands_out_is_believed() -> None:
    """A place that was watched before the program started rests if something is to be seen there."""
    finder, ground = Keeping(_Known(regions=()), most=9), Ground(crawlers=(SITTER,))
    sitter, nothing = box(0.44, 0.37, 0.05, 0.08), box(0.1, 0.7, 0.05, 0.08)
    found = finder.find(frame(ground.frame(0.0)), watched=[sitter, nothing])
    assert [one.region for one in found.proposals] == [sitter]

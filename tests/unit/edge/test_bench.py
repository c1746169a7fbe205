"""What `insect-edge bench` measures, and what it says of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from insect_edge.commands import bench
from insect_edge.composition import bench as composition
from insect_edge.composition.measured import Crowded, Measured, Search, searched
from insect_edge.composition.timed import TimedSight
from insect_edge.config.parse import parse_config
from insect_edge.stages import LookTimes, StepTimes, Timings
from support import tiny_model
from support.proposals import frame

if TYPE_CHECKING:
    from pathlib import Path

    from insect_edge.config.sections import Config
    from insect_edge.domain import Frame

LOOK = LookTimes(preprocess=1.0, inference=8.0, postprocess=1.0)
STEP = StepTimes(finding=10.0, looks=(LOOK, LOOK), judging=5.0, skipped=1)
FULL = replace(STEP, looks=(LOOK,) * 8)
SEARCH = Search(
    mode="motion",
    max_crops=8,
    budget_ms=250.0,
    looks=1.5,
    most_looks=3,
    skipped=0.0,
    settled=True,
    crowded=Crowded(looks=8, step=Timings.of([200.0]), holds=5.0),
    fitting_looks=6,
)


def parsed(text: str, folder: Path) -> Config:
    """The configuration of a file with this text."""
    return parse_config(f'outbox.directory = "outbox"\n{text}'.encode(), name="trap.toml", folder=folder)


@pytest.fixture
def classifier() -> Classifier:
    """A small one."""
    content = tiny_model.classifier_model()
    interpreter = LiteRtInterpreter(content, name="tiny")
    return Classifier(interpreter, tiny_model.card(content))


@dataclass
class Lawn:
    """A camera before a lawn in which nothing moves, with a frame a second by its own reckoning.

    Attributes:
        frames: there are; then its source is over.
        taken: so far.
    """

    frames: int
    taken: int = 0
    name: str = "lawn"
    live: bool = True
    pixels: Any = field(
        default_factory=lambda: np.random.default_rng(0).integers(90, 110, (180, 320, 3), dtype=np.uint8)
    )

    def open(self) -> None:
        """Nothing to do."""

    def capture(self, *, timeout: float) -> Frame | None:
        """The next one."""
        assert timeout > 0
        self.taken += 1
        return frame(self.pixels, seconds=float(self.taken)) if self.taken <= self.frames else None

    def shown(self) -> Frame:
        """One that there is."""
        captured = self.capture(timeout=1)
        assert captured is not None
        return captured

    def close(self) -> None:
        """Nothing to do."""


def measured(
    lawn: Lawn, text: str, *, classifier: Classifier, folder: Path, monkeypatch: pytest.MonkeyPatch, frames: int = 5
) -> Measured:
    """That lawn, measured."""
    monkeypatch.setattr(composition, "make_camera", lambda *_, **__: lawn)
    monkeypatch.setattr(composition, "make_classifier", lambda *_, **__: classifier)
    return composition.measure(parsed(f"camera.rate = 60\n{text}", folder), frames=frames, publish=False)


def told(found: Measured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, rate: float = 1.0) -> str:
    """What the command prints of it."""
    path = tmp_path / "trap.toml"
    path.write_text(f"[camera]\nsource = 'simulated'\nrate = {rate}\n", encoding="utf-8")
    monkeypatch.setattr(bench, "measure", lambda *_, **__: found)
    return CliRunner().invoke(bench.command, ["--config", str(path), *arguments], standalone_mode=False).stdout


def result(*, holds: float = 10.0, search: Search | None = SEARCH) -> Measured:
    """What came of a board that holds so many frames a second."""
    step = Timings.of([1e3 / holds])
    return Measured(
        camera="lawn",
        width=320,
        height=180,
        model_id="tiny",
        runtime="none",
        stages={"capture": step, "inference": step},
        step=step,
        broker="none was asked",
        search=search,
    )


@pytest.mark.parametrize("mode", ["motion", "contrast", "auto"])
def test_a_frame_is_as_long_as_its_parts(mode: str, tmp_path: Path, classifier: Classifier) -> None:
    """Finding, looks and the rest are all there is, and in a crowd as many are looked at as may be."""
    config = parsed(f'regions.mode = "{mode}"\nregions.max_crops = 3\nregions.budget_ms = 60000', tmp_path)
    sight, lawn = TimedSight(config, classifier=classifier), Lawn(frames=20)
    alone = [sight.look(lawn.shown()) for _ in range(10)]
    sight.crowd(12)
    crowd = [sight.look(lawn.shown()) for _ in range(10)]
    assert not any(step.looks for step in alone)
    assert [len(step.looks) for step in crowd] == [3] * 10
    assert all(step.skipped >= 1 for step in crowd)
    for step in (*alone, *crowd):
        assert min(step.finding, step.judging) > 0
        assert all(min(look.preprocess, look.inference, look.postprocess) > 0 for look in step.looks)
        assert step.total == pytest.approx(step.finding + step.judging + sum(look.total for look in step.looks))


def test_a_frame_that_is_one_picture_is_looked_at_once(tmp_path: Path, classifier: Classifier) -> None:
    """Nothing is searched, whatever would be found."""
    sight = TimedSight(parsed("", tmp_path), classifier=classifier)
    sight.crowd(5)
    step = sight.look(Lawn(frames=1).shown())
    assert (step.finding, len(step.looks)) == (0.0, 1)
    assert step.judging > 0


def test_thresholds_of_the_configuration_are_those_it_is_measured_with(tmp_path: Path, classifier: Classifier) -> None:
    """The timed classifier judges as the one it is made of."""
    card = classifier.own_card
    classifier.configure(replace(card, labels=tuple(replace(label, threshold=0.01) for label in card.labels)))
    sight = TimedSight(parsed("", tmp_path), classifier=classifier)
    assert sight._classifier.card == classifier.card


def test_frames_count_once_the_scene_is_known(
    tmp_path: Path, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those in which the finder still learns are none of the daemon's usual ones."""
    lawn = Lawn(frames=100)
    found = measured(lawn, 'regions.mode = "motion"', classifier=classifier, folder=tmp_path, monkeypatch=monkeypatch)
    assert found.search is not None
    assert found.search.settled
    assert found.step.count == found.stages["finding"].count == found.stages["following"].count == 5
    assert found.search.looks == 0
    assert found.search.crowded is not None
    assert found.search.crowded.looks == 8
    assert found.search.crowded.step.count == 5
    assert found.stages["inference"].count == 40
    assert 100 > lawn.taken > 3 + 5 + 5


def test_a_scene_that_never_settles_is_told(
    tmp_path: Path, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some seconds it is measured all the same."""
    monkeypatch.setattr(composition, "_UNKNOWN_SECONDS", 0.0)
    found = measured(
        Lawn(frames=3), 'regions.mode = "motion"', classifier=classifier, folder=tmp_path, monkeypatch=monkeypatch
    )
    assert found.search is not None
    assert not found.search.settled
    assert "is the camera fixed?" in told(found, tmp_path, monkeypatch)


def test_the_last_picture_of_a_source_that_is_over_serves_for_the_full_ones(
    tmp_path: Path, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of four pictures is enough to know what the board holds."""
    found = measured(
        Lawn(frames=4), 'regions.mode = "contrast"', classifier=classifier, folder=tmp_path, monkeypatch=monkeypatch
    )
    assert found.step.count == 1
    assert found.search is not None
    assert found.search.crowded is not None
    assert found.search.crowded.step.count == 5


def test_places_that_are_always_looked_at_are_full_already(
    tmp_path: Path, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two areas are two looks in every frame, and there is no fuller one."""
    text = 'regions.mode = "areas"\nregions.areas = [[0, 0, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2]]'
    found = measured(Lawn(frames=100), text, classifier=classifier, folder=tmp_path, monkeypatch=monkeypatch)
    assert found.search is not None
    assert (found.search.looks, found.search.most_looks, found.search.crowded) == (2, 2, None)
    assert found.stages["inference"].count == 10


def test_what_fits_is_counted_beside_all_else(tmp_path: Path) -> None:
    """200 ms a picture, 15 of them for finding and following, leave time for 18 looks of 10 ms."""
    config = parsed('camera.rate = 5\nregions.mode = "motion"', tmp_path)
    found = searched(config, [STEP, replace(STEP, looks=())], crowded=[FULL])
    assert (found.looks, found.most_looks, found.skipped) == (1, 2, 1)
    assert found.crowded == Crowded(looks=8, step=Timings.of([95.0]), holds=10.0)
    assert found.fitting_looks == 18
    assert searched(config, [replace(STEP, looks=())], crowded=[]).fitting_looks is None


@pytest.mark.parametrize(
    ("holds", "rate", "verdict"),
    [
        (10.0, 5.0, "enough"),
        (10.0, 8.0, "enough for this, too slow for full ones: max_crops = 6 or rate = 5 would do"),
        (10.0, 20.0, "too slow: max_crops = 6 or rate = 5 would do"),
    ],
)
def test_the_verdict_is_about_full_pictures_too(
    holds: float, rate: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, verdict: str
) -> None:
    """A board that holds the rate only as long as little is to be seen is told so, with a remedy."""
    lines = told(result(holds=holds), tmp_path, monkeypatch, rate=rate).splitlines()
    assert lines[1] == '[regions] mode = "motion": 1.5 looks a picture, 3 at most'
    assert "8 looks, all that max_crops lets it take" in next(line for line in lines if line.startswith("a full one"))
    assert lines[-2] == "this board holds 10 pictures a second with as much to see as here, 5 where each is a full one"
    assert lines[-1] == f"[camera] rate = {rate:g}: {verdict}"


def test_a_board_on_which_no_look_fits_is_told_a_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No number of looks would do there."""
    page = told(result(search=replace(SEARCH, fitting_looks=0)), tmp_path, monkeypatch, rate=30)
    assert page.splitlines()[-1] == "[camera] rate = 30: too slow: rate = 5 would do"


def test_the_time_budget_is_named_where_it_ends_the_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow board a picture has fewer looks than `max_crops`, and the rest is counted."""
    crowded = Crowded(looks=2, step=Timings.of([300.0]), holds=3.3)
    page = told(result(search=replace(SEARCH, crowded=crowded, skipped=0.25)), tmp_path, monkeypatch)
    assert "2 looks, all that budget_ms lets it take" in page
    assert "1.5 looks a picture, 3 at most, 0.2 more left out" in page


def test_areas_have_no_fuller_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One number is all there is to say; fewer looks at once make the areas take turns."""
    search = replace(SEARCH, mode="areas", crowded=None, looks=4.0, most_looks=4, fitting_looks=4)
    lines = told(result(search=search), tmp_path, monkeypatch, rate=12).splitlines()
    assert lines[-2:] == [
        "this board holds 10 pictures a second",
        "[camera] rate = 12: too slow: max_crops = 3 or rate = 10 would do",
    ]
    assert not any(line.startswith("a full one") for line in lines)


def test_programs_are_told_of_searching_only_where_there_is_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The facts of whole pictures are what they were."""
    whole = json.loads(told(result(search=None), tmp_path, monkeypatch, "--json"))
    assert list(whole) == [
        *("camera", "width", "height", "model_id", "runtime", "stages", "step", "broker", "holds", "wanted")
    ]
    facts = json.loads(told(result(), tmp_path, monkeypatch, "--json"))
    assert facts["search"]["crowded"]["holds"] == 5.0
    assert facts["search"]["fitting_looks"] == 6
    assert told(result(search=None), tmp_path, monkeypatch).splitlines()[-1] == (
        "this board holds 10 pictures a second; [camera] rate = 1: enough"
    )


def test_nothing_is_promised_before_the_scene_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finder that does not know the scene yet does next to nothing: its time says nothing of the board."""
    unknown = result(search=replace(SEARCH, settled=False))
    assert told(unknown, tmp_path, monkeypatch).splitlines()[-1] == (
        "what this board holds cannot be told before the scene is known: take a fixed camera, or a longer film"
    )
    assert json.loads(told(unknown, tmp_path, monkeypatch, "--json"))["holds"] is None

"""Looking for animals on still pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import pytest

from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from insect_edge.errors import ModelError
from insect_edge.garden.scene import SCENES, Garden
from insect_edge.model_bundle import default_path, open_model
from insect_edge.regions.pictures import search
from insect_edge.sightings import Origin
from support import tiny_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from insect_edge.regions.pictures import Mode


@dataclass
class Counting:
    """The tiny model's interpreter, which counts what it is asked."""

    inner: LiteRtInterpreter = field(
        default_factory=lambda: LiteRtInterpreter(tiny_model.classifier_model(), name="tiny")
    )
    asked: int = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def invoke(self, tensor: NDArray[np.generic]) -> NDArray[np.generic]:
        """One more."""
        self.asked += 1
        return self.inner.invoke(tensor)


@pytest.fixture
def tiny() -> Classifier:
    """Knows red, green and blue."""
    interpreter = Counting()
    return Classifier(interpreter, tiny_model.card(tiny_model.classifier_model(), golden_vector=False))  # type: ignore[arg-type] # delegates


def scene(*animals: tuple[str, int, int, int], width: int = 640, height: int = 480) -> NDArray[np.uint8]:
    """Grey, with squares in animals' colours: (label, left, top, side) in pixels."""
    pixels = tiny_model.picture("background", width=width, height=height)
    for label, left, top, side in animals:
        pixels[top : top + side, left : left + side] = tiny_model.PAINT[label]
    return pixels


def asked(classifier: Classifier) -> int:
    """How often the model was asked."""
    return classifier.interpreter.asked  # type: ignore[attr-defined, no-any-return] # `Counting`


def test_a_picture_filled_by_one_animal_is_answered_at_once(tiny: Classifier) -> None:
    """`auto` asks the whole first, and where that gives a name nothing else is asked."""
    pixels = tiny_model.picture("lacewing", width=300, height=200)
    found = search(pixels, tiny, mode="auto")
    assert found.answer.categories == tiny.classify_pixels(pixels).categories
    assert (found.looks, asked(tiny) - 1) == (1, 1)
    (only,) = found.sightings
    assert (only.proposal.origin, only.proposal.region) == (Origin.WHOLE, found.answer.region)


@pytest.mark.parametrize("mode", ["auto", "grid"])
def test_a_small_animal_in_a_wide_picture_is_found(tiny: Classifier, mode: Mode) -> None:
    """What the whole picture does not show is found among its parts: its name, and where it is."""
    pixels = scene(("lily-beetle", 470, 110, 130))
    whole = tiny.classify_pixels(pixels)
    assert whole.verdict is None
    found = search(pixels, tiny, mode=mode)
    assert found.answer.verdict is not None
    assert found.answer.verdict.label == "lily-beetle"
    box = found.sightings[0].proposal.region
    assert 440 / 640 < box.x + box.width / 2 < 630 / 640
    assert 80 / 480 < box.y + box.height / 2 < 270 / 480


def test_each_animal_is_found_once(tiny: Classifier) -> None:
    """Tiles that overlap show one animal several times: it is told once; another one beside it is another."""
    pixels = scene(("lily-beetle", 30, 40, 160), ("blue-butterfly", 450, 300, 160))
    found = search(pixels, tiny, mode="grid")
    seen = [sighting.classification for sighting in found.sightings]
    assert sorted(one.verdict.label for one in seen if one and one.verdict) == ["blue-butterfly", "lily-beetle"]


@pytest.mark.parametrize("mode", ["auto", "grid", "contrast"])
def test_an_empty_scene_stays_one(tiny: Classifier, mode: Mode) -> None:
    """Nothing is found, and the whole picture's answer is given as it is."""
    pixels = scene()
    found = search(pixels, tiny, mode=mode)
    assert found.answer.verdict is None
    assert found.answer.categories == tiny.classify_pixels(pixels).categories
    assert found.sightings == ()


def test_what_stands_out_is_told_also_without_a_name(tiny: Classifier) -> None:
    """`contrast` lists everything that stands out, with its tight box; names come before the rest."""
    pixels = scene(("blue-butterfly", 100, 100, 60), ("background", 400, 300, 2))
    pixels[300:330, 400:440] = 20
    found = search(pixels, tiny, mode="contrast")
    assert [bool(one.classification and one.classification.verdict) for one in found.sightings] == [True, False]
    second = found.sightings[1].proposal.region
    assert second.x * 640 == pytest.approx(400, abs=4)
    assert second.width * 640 == pytest.approx(40, abs=8)


def test_looks_are_counted(tiny: Classifier) -> None:
    """The number told is how often the model was asked, and its time theirs altogether."""
    before = asked(tiny)
    found = search(scene(("lily-beetle", 470, 110, 130)), tiny, mode="auto")
    assert found.looks == asked(tiny) - before > 50
    assert found.inference_ms > found.answer.inference_ms


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 2000), (2000, 3), (31, 47)])
@pytest.mark.parametrize("mode", ["auto", "grid", "contrast"])
def test_any_picture_can_be_searched(tiny: Classifier, mode: Mode, *, width: int, height: int) -> None:
    """A pixel, a thread, a stamp: every region lies inside, and nothing is asked more than a few hundred times."""
    found = search(scene(width=width, height=height), tiny, mode=mode)
    assert 1 <= found.looks <= 700


@pytest.fixture(scope="module")
def real() -> Classifier:
    """The default model, where it is there."""
    try:
        bundle = open_model(default_path())
    except ModelError as error:
        pytest.skip(f"no default model: {error}")
    interpreter = LiteRtInterpreter(bundle.content, name=bundle.name)
    return Classifier(interpreter, bundle.card_for(interpreter))


def garden(name: str, number: int) -> NDArray[np.uint8]:
    """A frame of the drawn garden."""
    return Garden(SCENES[name], seed=1, width=640, height=360, frames_per_second=1.0).frame(number)


def test_the_default_model_finds_a_drawn_animal_in_a_wide_scene(real: Classifier) -> None:
    """A drawn snail, shrunk to a fifth of the garden's width, is lost to the whole picture and found by `auto`."""
    pixels, animal = garden("empty", 100), garden("snail", 10)[:, 140:500]
    pixels[190:318, 450:578] = cv2.resize(animal, (128, 128), interpolation=cv2.INTER_AREA)
    assert real.classify_pixels(pixels).verdict is None
    found = search(pixels, real, mode="auto")
    assert found.answer.verdict is not None
    assert found.answer.verdict.label == "snail"
    box = found.sightings[0].proposal.region
    assert 450 / 640 < box.x + box.width / 2 < 578 / 640


def test_the_default_model_finds_nothing_in_the_empty_garden(real: Classifier) -> None:
    """Scores of looks at leaves and light give no name."""
    found = search(garden("empty", 700), real, mode="auto")
    assert found.answer.verdict is None
    assert found.sightings == ()


@pytest.mark.parametrize("left", [200, 230, 260])
@pytest.mark.parametrize("mode", ["auto", "grid"])
def test_an_animal_between_tiles_is_one(tiny: Classifier, mode: Mode, left: int) -> None:
    """Wherever it lies across the tiles, it is found, and once."""
    found = search(scene(("lily-beetle", left, 190, 120)), tiny, mode=mode)
    assert len(found.sightings) == 1

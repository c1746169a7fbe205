"""The default model names the drawn animals, and sees nothing in the empty garden."""

from __future__ import annotations

import pytest

from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from insect_edge.domain import UNKNOWN, Region
from insect_edge.errors import ModelError
from insect_edge.garden.planting import Planting
from insect_edge.garden.scene import SCENES, Garden
from insect_edge.model_bundle import default_path, open_model
from insect_edge.regions.context import square

RESTING = range(8, 15)
"""Seconds of the first visit in which the animal is about the middle."""


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """The default model, where it is there."""
    try:
        bundle = open_model(default_path())
    except ModelError as error:
        pytest.skip(f"no default model: {error}")
    interpreter = LiteRtInterpreter(bundle.content, name=bundle.name)
    return Classifier(interpreter, bundle.card_for(interpreter))


def garden(scene: str, *, seed: int) -> Garden:
    """A garden of the usual size, one frame a second."""
    return Garden(SCENES[scene], seed=seed, width=1280, height=720, frames_per_second=1.0)


@pytest.mark.parametrize("label", SCENES["garden"].timetable.animals)
def test_the_animals_of_the_garden_are_recognised(classifier: Classifier, label: str) -> None:
    """An animal at rest gets its own name as verdict in at least three frames of four."""
    drawn = garden(label, seed=1)
    verdicts = [classifier.classify_pixels(drawn.frame(number)).verdict for number in RESTING]
    right = sum(verdict is not None and verdict.label == label for verdict in verdicts)
    assert right >= 0.75 * len(verdicts), [None if verdict is None else verdict.label for verdict in verdicts]


@pytest.mark.parametrize("seed", range(3))
def test_the_empty_garden_shows_nothing(classifier: Classifier, seed: int) -> None:
    """Leaves, light and wind get no verdict, neither a name nor `unknown`, ever."""
    drawn = garden("empty", seed=seed)
    assert [classifier.classify_pixels(drawn.frame(number)).verdict for number in range(0, 2000, 100)] == [None] * 20


@pytest.mark.parametrize("scene", ["bed", "sheet"])
def test_small_animals_are_recognised_in_their_surroundings(classifier: Classifier, scene: str) -> None:
    """Enlarged with what is around them, at least nine of ten animals of a wide scene get their own name."""
    wide = Planting.of(scene, size=0.04).garden(seed=1, width=1280, height=720, frames_per_second=1.0)
    said = []
    for number in (100, 700, 1400):
        pixels = wide.frame(number)
        for sight in wide.truths(number):
            region = square(sight.box, frame_width=1280, frame_height=720)
            verdict = classifier.classify_pixels(pixels, region=region).verdict
            said.append((sight.label, None if verdict is None else verdict.label))
    assert len(said) > 12
    assert sum(label == name for label, name in said) >= 0.9 * len(said), said


def test_plants_and_shadows_of_a_wide_scene_get_no_name(classifier: Classifier) -> None:
    """Of places without an animal all but a very few get no name."""
    wide = Planting.of("windy").garden(seed=1, width=1280, height=720, frames_per_second=1.0)
    pixels = wide.frame(150)
    places = [Region(x=x / 8, y=y / 5, width=0.09, height=0.16) for x in range(8) for y in range(5)]
    verdicts = [classifier.classify_pixels(pixels, region=place).verdict for place in places]
    named = [verdict.label for verdict in verdicts if verdict is not None and verdict.label != UNKNOWN]
    assert len(named) <= 0.05 * len(places), named

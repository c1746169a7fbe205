"""The default model names the drawn animals, and sees nothing in the empty garden."""

from __future__ import annotations

import pytest

from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from insect_edge.errors import ModelError
from insect_edge.garden.scene import SCENES, Garden
from insect_edge.model_bundle import default_path, open_model

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

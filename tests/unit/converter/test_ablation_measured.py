"""A model is asked about everything it has not learnt from, as it is and small."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_converter import training_set
from insect_converter.dataset import read_class_folders
from insect_converter.recipes import Recipe
from support.photographs import draw, write_class, write_classes

if TYPE_CHECKING:
    from types import ModuleType

    from insect_converter.training_set import TrainingSet

RECIPE = Recipe(name="test", image_size=64, shorter_side=48, validation=0.2, test=0.2)


@pytest.fixture(scope="module")
def measured(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test."""
    return importlib.import_module("insect_converter.ablation.measured")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> TrainingSet:
    """Three drawn animals and a background."""
    pytest.importorskip("tqdm", reason="the converter's extra is not installed")
    folder = tmp_path_factory.mktemp("photographs")
    write_classes(folder / "data", each=10)
    write_class(folder / "things", label="background", count=10)
    return training_set.load(read_class_folders(folder / "data", background=folder / "things"), RECIPE, seed=1)


class Oracle:
    """Answers to a whole set in the order in which it is asked: first as they are, then small, then strangers."""

    def __init__(self, *answers: np.ndarray) -> None:
        """Take the answers, (photographs, labels) each."""
        self.asked: list[Any] = []
        self._answers = list(answers)

    def predict(self, batches: Any, *, verbose: int) -> np.ndarray:
        """The next answers."""
        assert verbose == 0
        self.asked.append(np.concatenate([batches[index][0] for index in range(len(batches))]))
        return self._answers[len(self.asked) - 1]


def test_animals_are_counted_and_the_background_is_not(measured: ModuleType, data: TrainingSet) -> None:
    """Top 1 is the share of animals named right; small ones likewise; strangers are told by the largest logit."""
    truth = np.array([item.label for part in (data.split.validation, data.split.test) for item in part])
    right = np.eye(4, dtype=np.float32)[truth] * 4
    background = data.labels.index("background")
    wrong = np.roll(right, 1, axis=1)
    half = np.where((truth == background)[:, np.newaxis], wrong, right)
    strangers = [draw("aphid", seed=seed) for seed in range(3)]
    model = Oracle(half, wrong, np.full((3, 4), 5, np.float32))
    found = measured.scores(model, data, RECIPE, strangers=strangers)
    assert (found.top1, found.small, found.auroc) == (1.0, 0.0, 0.0)
    assert found.loss > 0
    assert [batch.shape for batch in model.asked] == [(len(truth), 64, 64, 3)] * 2 + [(3, 64, 64, 3)]
    assert measured.scores(Oracle(right, right), data, RECIPE).auroc is None


@pytest.mark.parametrize("size", [32, 33, 96])
def test_a_small_view_is_mirrored_around(measured: ModuleType, size: int) -> None:
    """What was the middle is still there, smaller, and no edge is black."""
    view = np.full((size, size, 3), 200, np.uint8)
    view[size // 4 : -size // 4, size // 4 : -size // 4] = 90
    small = measured.shrunk(view, share=0.6)
    assert small.shape == view.shape
    assert small.min() >= 89
    dark = np.flatnonzero(small[size // 2, :, 0] < 120)
    middle = dark[np.abs(dark - size / 2) < size / 4]
    assert len(middle) == pytest.approx(0.3 * size, abs=2)
    assert dark[0] < size / 8

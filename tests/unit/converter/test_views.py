"""What training sees follows from the recipe: of whom there is how much, how it is augmented, what its targets are."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import training_set
from insect_converter.augment import Augmentation
from insect_converter.dataset import read_class_folders
from insect_converter.recipes import Balance, FineTuning, LabelFacts, Recipe
from insect_converter.split import Part
from insect_edge.domain import Role, Taxon
from support.photographs import COLOURS, write_class, write_classes

if TYPE_CHECKING:
    from types import ModuleType

    from insect_converter.training_set import TrainingSet

RECIPE = Recipe(
    name="test",
    image_size=32,
    shorter_side=40,
    validation=0.2,
    test=0.2,
    fine_tuning=FineTuning(image_size=32, batch_size=64, label_smoothing=0.0),
)


@pytest.fixture(scope="module")
def views(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test."""
    return importlib.import_module("insect_converter.views")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> TrainingSet:
    """Three drawn animals, and a background with twice as many pictures."""
    folder = tmp_path_factory.mktemp("photographs")
    write_classes(folder / "data", each=8)
    write_class(folder / "things", label="background", count=16)
    return training_set.load(read_class_folders(folder / "data", background=folder / "things"), RECIPE, seed=1)


def per_label(data: TrainingSet) -> list[int]:
    """Training photographs of each label."""
    return np.bincount([photograph.label for photograph in data.split.train], minlength=4).tolist()


def test_views_are_squares_of_the_models_size(views: ModuleType, data: TrainingSet) -> None:
    """With one-hot targets in the order of the part."""
    seen = views.model_views(data, Part.TEST, RECIPE)
    assert seen.pixels.shape == (len(data.split.test), 32, 32, 3)
    assert seen.targets.argmax(axis=1).tolist() == [photograph.label for photograph in data.split.test]


def test_background_is_augmented_and_repeated_by_its_role(views: ModuleType, data: TrainingSet) -> None:
    """Labels with the role of background, however they are called, have their own plan and occur several times."""
    recipe = replace(
        RECIPE,
        labels={"aphid": LabelFacts(role=Role.BACKGROUND)},
        fine_tuning=replace(RECIPE.fine_tuning, background_repeat=3),
        background_augmentation=Augmentation(erase=1.0),
    )
    batches = views.training_batches(data, recipe, seed=1)
    counts = sum(batches.batch(1, index).targets.sum(axis=0) for index in range(len(batches)))
    assert counts.tolist() == [count * times for count, times in zip(per_label(data), (3, 1, 1, 3), strict=True)]
    assert [plan.erase for plan in batches._treatment.augmentations] == [1.0, 0.0, 0.0, 1.0, 0.0]
    assert data.labels == (*sorted(COLOURS), "background")


def test_rare_labels_are_balanced_as_the_recipe_says(views: ModuleType, data: TrainingSet) -> None:
    """By weights that make up for the counts, by an epoch that has as many of each, or not at all."""
    plain, weighted, sampled = (
        views.training_batches(data, replace(RECIPE, balance=balance), seed=1).batch(1, 0) for balance in Balance
    )
    assert plain.weights is None
    totals = weighted.weights @ weighted.targets
    assert np.allclose(totals, totals[0])
    assert np.ptp(sampled.targets.sum(axis=0)) <= 1
    assert sampled.weights is None


def test_the_head_is_balanced_by_weights(views: ModuleType, data: TrainingSet) -> None:
    """Its features are computed once a photograph, so nothing is repeated."""
    targets = views.model_views(data, Part.TRAIN, RECIPE).targets
    assert views.photograph_weights(RECIPE, targets) is None
    for balance in (Balance.WEIGHTS, Balance.SAMPLING):
        totals = views.photograph_weights(replace(RECIPE, balance=balance), targets) @ targets
        assert np.allclose(totals, totals[0])


def test_targets_are_smoothed_by_the_labels_taxa(views: ModuleType, data: TrainingSet) -> None:
    """Kin by the recipe share their targets, in training batches as for the head."""
    bugs = {name: LabelFacts(taxon=Taxon(order="Hemiptera")) for name in ("aphid", "mantis")}
    plan = replace(RECIPE.fine_tuning, taxonomy_smoothing=0.2)
    recipe = replace(RECIPE, labels=bugs, fine_tuning=plan)
    smoothing = views.smoothing_of(recipe, data.labels)
    assert smoothing[0].tolist() == pytest.approx([0.8, 0.0, 0.2, 0.0])
    batch = views.training_batches(data, recipe, seed=1).batch(1, 0)
    assert np.array_equal(batch.targets, smoothing[batch.targets.argmax(axis=1)])
    assert views.smoothing_of(RECIPE, data.labels) is None


def test_occurrences_count_what_an_epoch_shows(views: ModuleType, data: TrainingSet) -> None:
    """A repeated background counts as often as it is shown, only where it is, and balanced labels count alike."""
    repeated = replace(RECIPE, fine_tuning=replace(RECIPE.fine_tuning, background_repeat=3))
    counts = views.occurrences(data, RECIPE)
    assert counts.sum() == len(data.split.train)
    assert views.occurrences(data, repeated).tolist() == [*counts[:3], 3 * counts[3]]
    without = replace(repeated, fine_tuning=replace(repeated.fine_tuning, epochs=0))
    assert views.occurrences(data, without).tolist() == counts.tolist()
    assert set(views.occurrences(data, replace(repeated, balance=Balance.WEIGHTS)).tolist()) == {1}


def test_strangers_are_any_animal_alike(views: ModuleType, data: TrainingSet) -> None:
    """As often as the recipe says, augmented like animals, and their target is every animal and not the background."""
    strangers = (np.full((40, 40, 3), 255, np.uint8),) * 5
    recipe = replace(RECIPE, fine_tuning=replace(RECIPE.fine_tuning, unknown_repeat=2))
    seen = replace(data, strangers=strangers)
    made = views.training_batches(seen, recipe, seed=1)
    targets = np.concatenate([made.batch(1, index).targets for index in range(len(made))])
    alike = np.array([name != "background" for name in data.labels]) / 3
    assert sum(np.allclose(row, alike) for row in targets) == 10
    assert len(targets) == 10 + len(data.split.train)
    assert len(views.training_batches(seen, RECIPE, seed=1)) == len(views.training_batches(data, RECIPE, seed=1))
    assert np.array_equal(views.occurrences(seen, recipe), views.occurrences(data, recipe))

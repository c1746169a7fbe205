"""Training, with a backbone of two layers in the place of MobileNetV2: both stages learn and can be repeated."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_converter import training_set
from insect_converter.augment import Augmentation
from insect_converter.dataset import read_class_folders
from insect_converter.recipes import FineTuning, Head, Recipe
from insect_converter.split import Part
from insect_edge.domain import Role
from support.photographs import COLOURS, write_class, write_classes

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from insect_converter.training_set import TrainingSet

RECIPE = Recipe(
    name="test",
    image_size=64,
    shorter_side=48,
    validation=0.2,
    test=0.2,
    head=Head(epochs=20, learning_rate=0.05),
    fine_tuning=FineTuning(epochs=2, image_size=32, batch_size=8, learning_rate=1e-3, ema_momentum=0.5),
    augmentation=Augmentation(hue=0.0),
)


@pytest.fixture(scope="module")
def training(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test."""
    return importlib.import_module("insect_converter.train")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> TrainingSet:
    """Three drawn animals and a background."""
    pytest.importorskip("tqdm", reason="the converter's extra is not installed")
    folder = tmp_path_factory.mktemp("photographs")
    write_classes(folder / "data", each=12)
    write_class(folder / "things", label="background", count=12)
    found = read_class_folders(folder / "data", background=folder / "things")
    return training_set.load(found, RECIPE, seed=1)


def small_backbone() -> Any:
    """A random convolution, batch normalisation and pooling: takes pictures of any size, gives 16 features."""
    keras = importlib.import_module("keras")
    keras.utils.set_random_seed(9)
    pictures = keras.Input((None, None, 3))
    features = keras.layers.Conv2D(16, 3, strides=4, use_bias=False, name="convolution")(pictures)
    features = keras.layers.BatchNormalization(name="normalization")(features)
    network = keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU(6.0)(features)))
    return importlib.import_module("insect_converter.backbone").still(network)


def fitted(training: ModuleType, data: TrainingSet, folder: Path, *, seed: int = 1, **changes: Any) -> tuple[Any, Any]:
    """The model and its history, with some values of fine-tuning changed."""
    recipe = replace(RECIPE, fine_tuning=replace(RECIPE.fine_tuning, **changes))
    folder.mkdir(exist_ok=True)
    model, history = training.fit(data, recipe, backbone=small_backbone(), seed=seed, folder=folder)
    return model, history


def accuracy(training: ModuleType, model: Any, data: TrainingSet, part: Part) -> float:
    """Share of a part that the model names right, seen as the Pi sees it."""
    views = training.model_views(data, part, RECIPE)
    said = np.asarray(model(views.pixels / np.float32(127.5) - 1, training=False)).argmax(axis=1)
    return float(np.mean(said == views.targets.argmax(axis=1)))


def test_views_are_what_the_pi_sees(training: ModuleType, data: TrainingSet) -> None:
    """Every photograph of a part is a square of bytes with its one-hot label."""
    views = training.model_views(data, Part.VALIDATION, RECIPE)
    assert (views.pixels.dtype, views.pixels.shape) == (np.uint8, (8, 64, 64, 3))
    assert views.targets.sum(axis=0).tolist() == [2, 2, 2, 2]


def test_both_stages_learn(training: ModuleType, data: TrainingSet, tmp_path: Path) -> None:
    """Colours are learnt, and the history has the head stage and each epoch."""
    model, history = fitted(training, data, tmp_path)
    assert model.input_shape == (None, 64, 64, 3)
    assert accuracy(training, model, data, Part.TEST) >= 0.75
    assert [(record["stage"], record["epoch"]) for record in history] == [
        ("head", 20),
        ("fine-tuning", 1),
        ("fine-tuning", 2),
    ]
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "seconds"} <= set(history[0]) & set(history[1])


def test_the_model_is_the_best_one_of_validation(training: ModuleType, data: TrainingSet, tmp_path: Path) -> None:
    """What comes back validates as well as the best record says."""
    model, history = fitted(training, data, tmp_path)
    best = max(float(record["val_accuracy"]) for record in history)
    assert accuracy(training, model, data, Part.VALIDATION) == pytest.approx(best)


def test_a_run_can_be_repeated(training: ModuleType, data: TrainingSet, tmp_path: Path) -> None:
    """The same seed gives the same losses, another seed others."""

    def losses(name: str, *, seed: int) -> list[float]:
        return [record["loss"] for record in fitted(training, data, tmp_path / name, seed=seed)[1]]

    first = losses("a", seed=1)
    assert losses("b", seed=1) == pytest.approx(first, rel=1e-4)
    assert losses("c", seed=2) != pytest.approx(first, rel=1e-4)


def test_without_fine_tuning_the_backbone_stays(training: ModuleType, data: TrainingSet, tmp_path: Path) -> None:
    """No epochs of fine-tuning leave the head alone, on weights that nobody touched."""
    backbone = small_backbone()
    before = backbone.get_weights()
    recipe = replace(RECIPE, fine_tuning=replace(RECIPE.fine_tuning, epochs=0))
    _, history = training.fit(data, recipe, backbone=backbone, seed=1, folder=tmp_path)
    assert [record["stage"] for record in history] == ["head"]
    assert all(np.array_equal(one, other) for one, other in zip(before, backbone.get_weights(), strict=True))
    assert list(tmp_path.iterdir()) == []


def test_fine_tuning_keeps_what_is_frozen(training: ModuleType, data: TrainingSet, tmp_path: Path) -> None:
    """Statistics of batch normalisation never move, but its scale does; frozen layers stay, the others learn."""
    for until, learns in (("", True), ("convolution", False)):
        backbone = small_backbone()
        kernel, *_ = backbone.get_layer("convolution").get_weights()
        scale = backbone.get_layer("normalization").get_weights()[0]
        statistics = backbone.get_layer("normalization").get_weights()[2:]
        # From a start so far off that every epoch is better than it.
        recipe = replace(
            RECIPE,
            head=Head(epochs=1, learning_rate=1e-6),
            fine_tuning=replace(RECIPE.fine_tuning, frozen_until=until, learning_rate=1e-2, warmup_epochs=0.0),
        )
        training.fit(data, recipe, backbone=backbone, seed=1, folder=tmp_path)
        after = backbone.get_layer("normalization").get_weights()[2:]
        assert all(np.array_equal(one, other) for one, other in zip(statistics, after, strict=True))
        assert not np.array_equal(scale, backbone.get_layer("normalization").get_weights()[0])
        assert np.array_equal(kernel, backbone.get_layer("convolution").get_weights()[0]) is not learns


def test_biases_and_scales_do_not_decay(training: ModuleType) -> None:
    """Weight decay spares what only shifts and scales, and the learning rate rises to its peak and falls to nothing."""
    optimizer = training._optimizer(replace(RECIPE.fine_tuning, epochs=10, warmup_epochs=2.0), steps=5)
    keras = importlib.import_module("keras")
    kernel, bias = keras.Variable(np.ones(2), name="kernel"), keras.Variable(np.ones(2), name="bias")
    optimizer.build([kernel, bias])
    assert optimizer._use_weight_decay(kernel)
    assert not optimizer._use_weight_decay(bias)
    schedule = optimizer._learning_rate
    rates = [float(schedule(step)) for step in (0, 5, 10, 30, 50)]
    assert rates == pytest.approx([0.0, 5e-4, 1e-3, 5e-4, 0.0], abs=1e-6)


def test_background_is_augmented_and_repeated_by_its_role(training: ModuleType, data: TrainingSet) -> None:
    """Labels with the role of background, however they are called, have their own plan and occur several times."""
    facts = {"aphid": replace(RECIPE.facts("aphid"), role=Role.BACKGROUND)}
    recipe = replace(
        RECIPE,
        labels=facts,
        fine_tuning=replace(RECIPE.fine_tuning, background_repeat=3),
        background_augmentation=Augmentation(erase=1.0),
    )
    batches = training._training_batches(data, recipe, seed=1)
    counts = np.bincount(batches._labels[batches._positions], minlength=4)
    once = len(data.split.train) // 4
    assert counts.tolist() == [3 * once, once, once, 3 * once]
    assert [plan.erase for plan in batches._augmentations] == [1.0, 0.0, 0.0, 1.0]
    assert data.labels == (*sorted(COLOURS), "background")


def test_several_members_are_averaged(training: ModuleType, data: TrainingSet, tmp_path: Path) -> None:
    """Each member is fine-tuned from the same head, and what comes back validates at least as well as the best."""
    model, history = fitted(training, data, tmp_path, members=2, epochs=1)
    assert [record["stage"] for record in history] == ["head", "fine-tuning", "fine-tuning", "average"]
    best = max(float(record["val_accuracy"]) for record in history[:3])
    assert accuracy(training, model, data, Part.VALIDATION) >= best - 1e-6


@pytest.mark.parametrize(("scores", "first"), [((0.0, 0.0), 2.0), ((2.0, 1.0), 1.0), ((1.0, 2.0), 3.0)])
def test_the_average_has_to_be_as_good_as_the_best(
    training: ModuleType, data: TrainingSet, scores: tuple[float, float], first: float
) -> None:
    """Where the mean of the weights validates worse than a member, that member stays."""
    keras = importlib.import_module("keras")
    model = keras.Sequential([keras.Input((64, 64, 3)), keras.layers.Flatten(), keras.layers.Dense(4, use_bias=False)])
    model.compile(loss="mse", metrics=["accuracy"])
    shape = model.get_weights()[0].shape
    members = [(score, [np.full(shape, value, np.float32)]) for score, value in zip(scores, (1.0, 3.0), strict=True)]
    views = training.model_views(data, Part.VALIDATION, RECIPE)
    blank = replace(views, pixels=np.full_like(views.pixels, 127))
    record = training._average(
        model, [(-1e9 if score == 0 else score, weights) for score, weights in members], validation=blank
    )
    assert model.get_weights()[0].flat[0] == first
    assert record["stage"] == "average"

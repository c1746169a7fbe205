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
from insect_converter.errors import TrainingError
from insect_converter.recipe_parts import Optimizer
from insect_converter.recipes import Balance, FineTuning, Head, Recipe
from insect_converter.split import Part
from support.photographs import write_class, write_classes

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


def fitted(training: ModuleType, data: TrainingSet, place: Path, *, seed: int = 1, **changes: Any) -> tuple[Any, Any]:
    """The model and its history, with some values of fine-tuning changed."""
    recipe = replace(RECIPE, fine_tuning=replace(RECIPE.fine_tuning, **changes))
    place.mkdir(exist_ok=True)
    model, history = training.fit(data, recipe, backbone=small_backbone(), seed=seed, folder=place)
    return model, history


def folder(path: Path) -> Path:
    """A new folder for a run."""
    path.mkdir()
    return path


def accuracy(training: ModuleType, model: Any, data: TrainingSet, part: Part) -> float:
    """Share of a part that the model names right, seen as the Pi sees it."""
    views = training.model_views(data, part, RECIPE)
    said = np.asarray(model(views.pixels / np.float32(127.5) - 1, training=False)).argmax(axis=1)
    return float(np.mean(said == views.targets.argmax(axis=1)))


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    """Whether weights are the same to the bit."""
    return all(np.array_equal(first, second) for first, second in zip(one, other, strict=True))


def test_views_are_what_the_pi_sees(training: ModuleType, data: TrainingSet) -> None:
    """Every photograph of a part is a square of bytes with its one-hot label."""
    views = training.model_views(data, Part.VALIDATION, RECIPE)
    labels = [photograph.label for photograph in data.split.validation]
    assert (views.pixels.dtype, views.pixels.shape) == (np.uint8, (len(labels), 64, 64, 3))
    assert views.targets.argmax(axis=1).tolist() == labels
    assert views.targets.sum(axis=1).tolist() == [1.0] * len(labels)


def test_both_stages_learn(training: ModuleType, data: TrainingSet, tmp_path: Path) -> None:
    """Colours are learnt, and the history has the head stage and each epoch."""
    model, history = fitted(training, data, tmp_path)
    assert model.input_shape == (None, 64, 64, 3)
    assert len(history[0]["curves"]["val_accuracy"]) == 20
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
    epochs = [record for record in history if record["stage"] == "fine-tuning"]
    best = min(epochs, key=lambda record: float(record["val_calibrated_loss"]))
    assert best["val_calibrated_loss"] < 1.0
    assert accuracy(training, model, data, Part.VALIDATION) == pytest.approx(best["val_accuracy"])


def test_a_run_can_be_repeated(training: ModuleType, data: TrainingSet, tmp_path: Path) -> None:
    """The same seed gives the same weights to the bit, another seed others."""

    def weights(name: str, *, seed: int) -> list[np.ndarray]:
        return list(fitted(training, data, tmp_path / name, seed=seed)[0].get_weights())

    first = weights("a", seed=1)
    assert same(weights("b", seed=1), first)
    assert not same(weights("c", seed=2), first)


class Contrary:
    """A teacher that knows the label, and says the next one."""

    def soften(self, views: Any, targets: Any) -> np.ndarray:
        """The targets of other labels."""
        assert len(views) == len(targets)
        return np.roll(np.asarray(targets), 1, axis=1)


def test_the_second_stage_learns_from_teachers(training: ModuleType, data: TrainingSet, tmp_path: Path) -> None:
    """Where a teacher contradicts the labels, it is the teacher that is believed, and that can be repeated."""

    def taught(name: str) -> Any:
        recipe = replace(RECIPE, fine_tuning=replace(RECIPE.fine_tuning, epochs=8, learning_rate=0.02, patience=8))
        return training.fit(
            data, recipe, backbone=small_backbone(), seed=1, folder=folder(tmp_path / name), teachers=Contrary()
        )

    model, history = taught("a")
    losses = [record["loss"] for record in history if record["stage"] == "fine-tuning"]
    assert losses[-1] < losses[0] / 2
    assert [record["val_accuracy"] for record in history][-1] < 0.4
    assert same(taught("b")[0].get_weights(), model.get_weights())


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
    model.compile(loss=keras.losses.MeanSquaredError())
    shape = model.get_weights()[0].shape
    members = [(score, [np.full(shape, value, np.float32)]) for score, value in zip(scores, (1.0, 3.0), strict=True)]
    views = training.model_views(data, Part.VALIDATION, RECIPE)
    blank = importlib.import_module("insect_converter.batches").PlainBatches(
        np.full_like(views.pixels, 127), views.targets
    )
    record = training.average(
        model, [(-1e9 if score == 0 else score, weights) for score, weights in members], validation=blank
    )
    assert model.get_weights()[0].flat[0] == first
    assert record["stage"] == "average"


class Killed(BaseException):
    """What a test ends a training with, as SIGKILL would: nothing of the program catches it."""


@pytest.mark.parametrize(
    ("stop", "changes"),
    [
        (0, {"optimizer": Optimizer.SGD, "mixup": 0.5, "layer_decay": 0.7, "epochs": 2}),
        (2, {"first_image_size": 32, "image_size": 64, "ema_momentum": 0.9}),
        (4, {"members": 2, "epochs": 2}),
    ],
)
def test_an_interrupted_run_goes_on_to_the_same_weights(
    training: ModuleType,
    data: TrainingSet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    stop: int,
    changes: dict[str, Any],
) -> None:
    """Ended after any epoch, the run goes on with other weights in memory and ends with the same bits and records."""
    plan = replace(RECIPE.fine_tuning, **{"epochs": 4, "dropout": 0.3} | changes)
    recipe = replace(RECIPE, fine_tuning=plan, balance=Balance.WEIGHTS)
    whole, history = training.fit(data, recipe, backbone=small_backbone(), seed=1, folder=folder(tmp_path / "whole"))
    write, written = training.checkpoints.write, []

    def write_and_die(*arguments: Any) -> None:
        write(*arguments)
        written.append(arguments)
        if len(written) == stop + 1:
            raise Killed

    monkeypatch.setattr(training.checkpoints, "write", write_and_die)
    cut = folder(tmp_path / "cut")
    with pytest.raises(Killed):
        training.fit(data, recipe, backbone=small_backbone(), seed=1, folder=cut)
    monkeypatch.setattr(training.checkpoints, "write", write)
    other = small_backbone()
    other.set_weights([np.zeros_like(value) for value in other.get_weights()])
    resumed, told = training.fit(data, recipe, backbone=other, seed=1, folder=cut, resume=True)
    assert same(whole.get_weights(), resumed.get_weights())
    clocks = {"seconds", "epoch_seconds", "waited_seconds", "feature_seconds"}
    bare = [[{key: record[key] for key in record.keys() - clocks} for record in records] for records in (history, told)]
    assert bare[0] == bare[1]


def test_a_checkpoint_of_another_recipe_is_one_clear_line(
    training: ModuleType, data: TrainingSet, tmp_path: Path
) -> None:
    """Weights that do not fit the network are refused with what to do."""
    fitted(training, data, tmp_path)
    recipe = replace(RECIPE, fine_tuning=replace(RECIPE.fine_tuning, optimizer=Optimizer.SGD))
    with pytest.raises(
        TrainingError, match=r"checkpoint\.npz: it does not fit the run's recipe \(.*\): delete it"
    ) as caught:
        training.fit(data, recipe, backbone=small_backbone(), seed=1, folder=tmp_path, resume=True)
    assert "\n" not in str(caught.value)


def test_shares_of_labels_are_taken_out_of_the_logits(training: ModuleType, data: TrainingSet, tmp_path: Path) -> None:
    """A repeated background loses against the animals, and nothing else of the model changes."""
    recipe = replace(RECIPE, fine_tuning=replace(RECIPE.fine_tuning, epochs=1, background_repeat=4))
    plain, _ = training.fit(data, recipe, backbone=small_backbone(), seed=1, folder=folder(tmp_path / "plain"))
    adjusted, history = training.fit(
        data, replace(recipe, logit_adjustment=1.0), backbone=small_backbone(), seed=1, folder=folder(tmp_path / "even")
    )
    assert history[-1]["stage"] == "logit adjustment"
    *before, kernel, bias = plain.get_weights()
    *after, same_kernel, other = adjusted.get_weights()
    assert same([*before, kernel], [*after, same_kernel])
    moved = other - bias
    counts = np.bincount(data.arrays(Part.TRAIN)[1]) * [1, 1, 1, 4]
    shares = np.log(counts / counts.sum())
    assert moved[3] < 0
    assert moved / moved[3] == pytest.approx((shares - shares.mean()) / (shares[3] - shares.mean()), abs=1e-4)

"""MobileNetV2 with weights from a file or Keras' download, and one clear line where there are none."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_converter import recipes
from insect_converter.errors import RecipeError, TrainingError
from insect_converter.recipes import FineTuning, Head, Network, Recipe, SmallCnn

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

RECIPE = Recipe(name="test", image_size=96, alpha=0.35, shorter_side=96, fine_tuning=FineTuning(image_size=64))


@pytest.fixture(scope="module")
def backbones(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test."""
    return importlib.import_module("insect_converter.backbone")


@pytest.fixture(scope="module")
def weights(backbones: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of random weights, as Keras publishes them."""
    keras = importlib.import_module("keras")
    keras.utils.set_random_seed(5)
    path: Path = tmp_path_factory.mktemp("weights") / "random.weights.h5"
    backbones._mobilenet(RECIPE, weights=None, side=None).save_weights(path)
    return path


@pytest.fixture(scope="module")
def backbone(backbones: ModuleType, weights: Path) -> Any:
    """A backbone with those weights."""
    return backbones.build_backbone(RECIPE, weights)


def test_weights_come_from_the_file(backbones: ModuleType, backbone: Any, weights: Path) -> None:
    """Two backbones of one file give the same features, for pictures of any size."""
    again = backbones.build_backbone(RECIPE, weights)
    for side in (64, 96):
        pictures = np.random.default_rng(1).uniform(-1, 1, size=(2, side, side, 3)).astype(np.float32)
        features = np.asarray(backbone(pictures, training=False))
        assert features.shape == (2, 1280)
        assert np.array_equal(features, np.asarray(again(pictures, training=False)))


def test_statistics_of_batch_normalisation_stay(backbones: ModuleType, backbone: Any) -> None:
    """Calling the network as if in training normalises with the stored statistics and does not move them."""
    pictures = np.random.default_rng(1).uniform(-1, 1, size=(4, 64, 64, 3)).astype(np.float32)
    model = backbones.build_model(backbone, labels=4, image_size=64, dropout=0.0)
    before = model.get_weights()
    assert np.array_equal(np.asarray(model(pictures, training=True)), np.asarray(model(pictures, training=False)))
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True))


def test_a_saved_model_is_loaded(backbones: ModuleType, backbone: Any, tmp_path: Path) -> None:
    """What `train` saves comes back with the same answers; a file that is none is one clear line."""
    pictures = np.random.default_rng(1).uniform(-1, 1, size=(2, 64, 64, 3)).astype(np.float32)
    model = backbones.build_model(backbone, labels=4, image_size=64, dropout=0.0)
    model.save(tmp_path / "float.keras")
    again = backbones.load_model(tmp_path / "float.keras")
    assert np.allclose(np.asarray(again(pictures)), np.asarray(model(pictures)), atol=1e-6)
    (tmp_path / "float.keras").write_bytes(b"no archive")
    with pytest.raises(
        TrainingError, match=r"float\.keras: cannot be loaded \(.*\): bring the file back or train"
    ) as caught:
        backbones.load_model(tmp_path / "float.keras")
    assert "\n" not in str(caught.value)


def test_the_model_ends_in_logits_and_shares_its_weights(backbones: ModuleType, backbone: Any) -> None:
    """What is learnt at the size of the views is known at the size of the Pi."""
    model = backbones.build_model(backbone, labels=4, image_size=96, dropout=0.1)
    trainer = backbones.resized(model, backbone, image_size=64)
    assert (model.input_shape, model.output_shape) == ((None, 96, 96, 3), (None, 4))
    assert trainer.input_shape == (None, 64, 64, 3)
    assert model.layers[-1].activation.__name__ == "linear"
    assert {id(variable) for variable in trainer.variables} == {id(variable) for variable in model.variables}


def test_layers_are_frozen_up_to_the_named_one(backbones: ModuleType, backbone: Any) -> None:
    """The named layer and all before it stay, the others learn; without a name all learn."""
    backbones.freeze(backbone, until="block_2_add")
    names = [layer.name for layer in backbone.layers]
    border = names.index("block_2_add")
    assert not any(layer.trainable for layer in backbone.layers[: border + 1])
    assert all(layer.trainable for layer in backbone.layers[border + 1 :])
    backbones.freeze(backbone, until="")
    assert all(layer.trainable for layer in backbone.layers)


def test_a_layer_that_there_is_not_is_one_clear_line(backbones: ModuleType, weights: Path) -> None:
    """A recipe with a wrong layer is refused when the backbone is built, before anything is learnt."""
    recipe = replace(RECIPE, fine_tuning=FineTuning(frozen_until="block_99"))
    with pytest.raises(
        RecipeError, match="frozen_until = 'block_99': the network has no such layer: MobileNetV2 has block_2"
    ):
        backbones.build_backbone(recipe, weights)


@pytest.mark.parametrize("kind", ["absent", "folder", "text", "other width"])
def test_a_file_without_fitting_weights_is_one_clear_line(
    backbones: ModuleType, weights: Path, tmp_path: Path, kind: str
) -> None:
    """No file, a folder, no HDF5 and the weights of another width are told, with what to do."""
    path, recipe = tmp_path / "w.weights.h5", RECIPE
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("no weights")
    elif kind == "other width":
        path, recipe = weights, replace(RECIPE, alpha=0.5)
    with pytest.raises(
        TrainingError, match=r"no such file: name|no weights of MobileNetV2 0.* without top .*check"
    ) as caught:
        backbones.build_backbone(recipe, path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_download_that_fails_is_one_clear_line(backbones: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the internet the user learns how to bring the file."""

    def offline(*_: Any, **__: Any) -> str:
        raise OSError("URL fetch failure on https://storage.googleapis.com/x: None -- unreachable\nmore")

    module = importlib.import_module("keras.src.applications.mobilenet_v2")
    monkeypatch.setattr(module.file_utils, "get_file", offline)
    with pytest.raises(TrainingError) as caught:
        backbones.build_backbone(RECIPE, None)
    assert str(caught.value).startswith("the ImageNet weights cannot be downloaded (URL fetch failure on ")
    assert str(caught.value).endswith("check the internet connection, or bring the file with --backbone-weights")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("image_size", "published"), [(96, 96), (224, 224), (288, 224), (64, 96)])
def test_downloaded_weights_serve_every_size(
    backbones: ModuleType,
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    image_size: int,
    published: int,
) -> None:
    """Keras' own download for the nearest published size is used, and the network takes views of another size."""
    asked: list[str] = []

    def download(name: str, *_: Any, **__: Any) -> str:
        asked.append(name)
        return str(weights)

    module = importlib.import_module("keras.src.applications.mobilenet_v2")
    monkeypatch.setattr(module.file_utils, "get_file", download)
    made = backbones.build_backbone(replace(RECIPE, image_size=image_size), None)
    assert asked == [f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_{published}_no_top.h5"]
    assert made.input_shape == (None, None, None, 3)
    expected = backbones.build_backbone(RECIPE, weights).get_weights()
    assert all(np.array_equal(one, other) for one, other in zip(made.get_weights(), expected, strict=True))


SMALL = Recipe(
    name="small",
    network=Network.SMALL_CNN,
    image_size=24,
    shorter_side=24,
    small_cnn=SmallCnn(filters=(4, 8), dense=6),
    head=Head(epochs=0),
    fine_tuning=FineTuning(image_size=24),
)


def test_a_small_network_is_built_from_its_recipe(backbones: ModuleType) -> None:
    """Rescaling, two convolutions with pooling and a dense layer; the seed decides what it begins with."""
    network = backbones.build_backbone(SMALL, None, seed=1)
    shapes = [tuple(weight.shape) for weight in network.weights]
    assert shapes == [(3, 3, 3, 4), (4,), (3, 3, 4, 8), (8,), (6 * 6 * 8, 6), (6,)]
    assert (network.input_shape, network.output_shape) == ((None, 24, 24, 3), (None, 6))
    weights = network.get_weights()
    again, other = (backbones.build_backbone(SMALL, None, seed=seed).get_weights() for seed in (1, 2))
    assert all(np.array_equal(one, another) for one, another in zip(weights, again, strict=True))
    assert not np.array_equal(weights[0], other[0])
    bytes_as_they_are = np.full((1, 24, 24, 3), 255, np.float32)
    assert np.abs(np.asarray(network(bytes_as_they_are))).max() < 10


def test_the_published_small_network_has_four_million_weights(backbones: ModuleType) -> None:
    """As many as its tutorial counts, with three labels."""
    network = backbones.build_backbone(recipes.load("small-cnn"), None)
    assert backbones.build_model(network, labels=3, image_size=180, dropout=0.0).count_params() == 3_989_027


def test_a_small_network_takes_no_pretrained_weights(backbones: ModuleType, weights: Path) -> None:
    """Whoever names a file for it has another network in mind."""
    with pytest.raises(TrainingError, match="small-cnn begins by chance: leave --backbone-weights out"):
        backbones.build_backbone(SMALL, weights)


@pytest.mark.parametrize("recipe", [RECIPE, SMALL], ids=lambda recipe: recipe.name)
def test_an_empty_network_takes_the_weights_of_a_run(backbones: ModuleType, weights: Path, recipe: Recipe) -> None:
    """Built without a file or a download, it has the same shapes and trainable layers."""
    full = backbones.build_backbone(recipe, weights if recipe is RECIPE else None)
    empty = backbones.build_empty(recipe)
    empty.set_weights(full.get_weights())
    assert [layer.trainable for layer in empty.layers] == [layer.trainable for layer in full.layers]

"""The network a recipe names, pretrained where it can be, and the classifier on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from insect_converter import small_cnn
from insect_converter.errors import RecipeError, TrainingError
from insect_converter.recipe_parts import Network

if TYPE_CHECKING:
    from pathlib import Path

    from insect_converter.recipes import Recipe

PUBLISHED_SIZES = (96, 128, 160, 192, 224)
"""Sides in pixels of the pictures for which ImageNet weights are published."""


@keras.saving.register_keras_serializable(package="insect_converter")
class StillBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]  # Keras ships no types
    """Batch normalisation with the statistics it came with, in training too; scale and shift learn.

    Calling the backbone with `training=False` is not enough: a Keras model that is being trained says `training=True`
    to every layer below it, whatever the call said when the model was put together. And `trainable=False` would keep
    scale and shift from learning.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:  # noqa: ARG002, FBT001 - Keras'
        """Normalise with the stored statistics."""
        return super().call(inputs, training=False, mask=mask)


def build_backbone(recipe: Recipe, weights: Path | None, *, seed: int = 1) -> Any:
    """The recipe's network below the logits: (batch, size, size, 3) as real values to (batch, features).

    MobileNetV2 takes pictures of any size.

    Args:
        recipe: its network, size and width.
        weights: a file in Keras' own layout without the classifier; None for Keras' ImageNet download.
        seed: of weights that begin by chance.

    Raises:
        TrainingError: when the weights cannot be had, or the network has none to be had.
        RecipeError: when the recipe names a layer that there is not.
    """
    keras.utils.set_random_seed(seed)
    if recipe.network is not Network.SMALL_CNN:
        backbone = still(_from_download(recipe) if weights is None else _from_file(recipe, weights))
    elif weights is None:
        backbone = small_cnn.build(recipe)
    else:
        raise TrainingError(f"{weights}: {recipe.network} begins by chance: leave --backbone-weights out")
    freeze(backbone, until=recipe.fine_tuning.frozen_until)
    return backbone


def build_empty(recipe: Recipe) -> Any:
    """The same network with whatever weights, for one who has its own to put in.

    Raises:
        RecipeError: when the recipe names a layer that there is not.
    """
    small = recipe.network is Network.SMALL_CNN
    backbone = small_cnn.build(recipe) if small else still(_mobilenet(recipe, weights=None, side=None))
    freeze(backbone, until=recipe.fine_tuning.frozen_until)
    return backbone


def _from_file(recipe: Recipe, weights: Path) -> Any:
    if not weights.is_file():
        raise TrainingError(f"{weights}: no such file: name the backbone's weights, or leave --backbone-weights out")
    try:
        return _mobilenet(recipe, weights=str(weights), side=None)
    except Exception as error:  # Keras and h5py raise whatever their file parsers met
        raise TrainingError(
            f"{weights}: no weights of MobileNetV2 {recipe.alpha:g} without top ({_reason(error)}): check the file"
        ) from error


def _from_download(recipe: Recipe) -> Any:
    side = min(PUBLISHED_SIZES, key=lambda size: abs(size - recipe.image_size))
    try:
        published = _mobilenet(recipe, weights="imagenet", side=side)
    except Exception as error:  # Keras raises whatever its own download met
        raise TrainingError(
            f"the ImageNet weights cannot be downloaded ({_reason(error)}): "
            "check the internet connection, or bring the file with --backbone-weights"
        ) from error
    # The published ones come for one size; training views and the Pi's pictures may have two others.
    network = _mobilenet(recipe, weights=None, side=None)
    network.set_weights(published.get_weights())
    return network


def still(network: Any) -> Any:
    """The same network, with the same weights, whose batch normalisation keeps its statistics."""

    def copy(layer: Any) -> Any:
        kind = StillBatchNormalization if isinstance(layer, keras.layers.BatchNormalization) else type(layer)
        return kind.from_config(layer.get_config())

    made = keras.models.clone_model(network, clone_function=copy)
    made.set_weights(network.get_weights())
    return made


def load_model(path: Path) -> Any:
    """A float model as `train` saved it.

    Raises:
        TrainingError: when it is damaged or none.
    """
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:  # Keras and h5py raise whatever their file parsers met
        raise TrainingError(
            f"{path}: cannot be loaded ({_reason(error)}): bring the file back or train again"
        ) from error


def _mobilenet(recipe: Recipe, *, weights: str | None, side: int | None) -> Any:
    return keras.applications.MobileNetV2(
        input_shape=(side, side, 3), alpha=recipe.alpha, include_top=False, pooling="avg", weights=weights
    )


def _reason(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def build_model(backbone: Any, *, labels: int, image_size: int, dropout: float) -> Any:
    """The whole network, ending in logits.

    Models built from the same backbone share its weights, whatever their `image_size`.
    """
    pictures = keras.Input((image_size, image_size, 3), name="picture")
    features = backbone(pictures)
    features = keras.layers.Dropout(dropout, name="dropout")(features)
    logits = keras.layers.Dense(labels, name="logits")(features)
    return keras.Model(pictures, logits, name="insects")


def resized(model: Any, backbone: Any, *, image_size: int | None) -> Any:
    """A model from `build_model` once more, sharing all weights, for another size of picture, or for any."""
    pictures = keras.Input((image_size, image_size, 3))
    features = model.get_layer("dropout")(backbone(pictures))
    return keras.Model(pictures, model.get_layer("logits")(features))


def freeze(backbone: Any, *, until: str) -> None:
    """Keep a backbone's layers as they are, up to and with the named one; all others learn.

    Raises:
        RecipeError: when there is no layer of that name.
    """
    names = [layer.name for layer in backbone.layers]
    if until and until not in names:
        raise RecipeError(
            f"frozen_until = {until!r}: the network has no such layer: MobileNetV2 has block_2_add, say; empty is none"
        )
    first = names.index(until) + 1 if until else 0
    # One by one: telling the whole network does not reach the layers of one that Keras has made.
    for position, layer in enumerate(backbone.layers):
        layer.trainable = position >= first

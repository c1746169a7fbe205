"""MobileNetV2, pretrained, and the classifier on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from insect_converter.errors import RecipeError, TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    from insect_converter.recipes import Recipe

PUBLISHED_SIZES = (96, 128, 160, 192, 224)
"""Sides in pixels of the pictures for which ImageNet weights are published."""


def build_backbone(recipe: Recipe, weights: Path | None) -> Any:
    """The pretrained feature extractor: (batch, any size, any size, 3) in [-1, 1] to (batch, features).

    Args:
        recipe: its size and width.
        weights: a file in Keras' own layout without the classifier; None for Keras' ImageNet download.

    Raises:
        TrainingError: when the weights cannot be had.
        RecipeError: when the recipe names a layer that there is not.
    """
    backbone = _from_download(recipe) if weights is None else _from_file(recipe, weights)
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
    backbone = _mobilenet(recipe, weights=None, side=None)
    backbone.set_weights(published.get_weights())
    return backbone


def _mobilenet(recipe: Recipe, *, weights: str | None, side: int | None) -> Any:
    import keras  # noqa: PLC0415 - takes seconds to import; only training pays for it

    return keras.applications.MobileNetV2(
        input_shape=(side, side, 3), alpha=recipe.alpha, include_top=False, pooling="avg", weights=weights
    )


def _reason(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def build_model(backbone: Any, *, labels: int, image_size: int, dropout: float) -> Any:
    """The whole network, ending in logits; batch normalisation always uses its stored statistics.

    Models built from the same backbone share its weights, whatever their `image_size`.
    """
    import keras  # noqa: PLC0415 - takes seconds to import

    pictures = keras.Input((image_size, image_size, 3), name="picture")
    features = backbone(pictures, training=False)
    features = keras.layers.Dropout(dropout, name="dropout")(features)
    logits = keras.layers.Dense(labels, name="logits")(features)
    return keras.Model(pictures, logits, name="insects")


def resized(model: Any, backbone: Any, *, image_size: int) -> Any:
    """A model from `build_model` once more, sharing all weights, for another size of picture."""
    import keras  # noqa: PLC0415 - takes seconds to import

    pictures = keras.Input((image_size, image_size, 3))
    features = model.get_layer("dropout")(backbone(pictures, training=False))
    return keras.Model(pictures, model.get_layer("logits")(features))


def freeze(backbone: Any, *, until: str) -> None:
    """Keep a backbone's layers as they are, up to and with the named one; all others learn.

    Raises:
        RecipeError: when there is no layer of that name.
    """
    names = [layer.name for layer in backbone.layers]
    if until and until not in names:
        raise RecipeError(
            f"frozen_until = {until!r}: MobileNetV2 has no such layer: use block_2_add, say, or leave it empty"
        )
    backbone.trainable = True
    for layer in backbone.layers[: names.index(until) + 1 if until else 0]:
        layer.trainable = False

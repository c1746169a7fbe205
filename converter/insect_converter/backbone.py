"""MobileNetV2, pretrained, and the classifier on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from insect_converter.errors import RecipeError, TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    from insect_converter.recipes import Recipe


def build_backbone(recipe: Recipe, weights: Path | None) -> Any:
    """The pretrained feature extractor: (batch, any size, any size, 3) in [-1, 1] to (batch, 1280).

    Args:
        recipe: its size and width.
        weights: a file in Keras' own layout without the classifier; None for Keras' ImageNet download.

    Raises:
        TrainingError: when the weights cannot be had.
    """
    import keras  # noqa: PLC0415 - takes seconds to import; only training pays for it

    if weights is not None and not weights.is_file():
        raise TrainingError(f"{weights}: no such file: name the backbone's weights, or leave --backbone-weights out")
    try:
        return keras.applications.MobileNetV2(
            # Published weights exist for some sizes only, but do not depend on the size.
            input_shape=(None, None, 3) if weights is not None else (recipe.image_size, recipe.image_size, 3),
            alpha=recipe.alpha,
            include_top=False,
            pooling="avg",
            weights=str(weights) if weights is not None else "imagenet",
        )
    except Exception as error:  # Keras and h5py raise whatever their own download or file parser met
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if weights is not None:
            raise TrainingError(
                f"{weights}: no weights of MobileNetV2 {recipe.alpha:g} without top ({reason}): check the file"
            ) from error
        raise TrainingError(
            f"the ImageNet weights cannot be downloaded ({reason}): "
            "check the internet connection, or bring the file with --backbone-weights"
        ) from error


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

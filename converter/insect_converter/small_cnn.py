"""A small network from chance weights: for few classes that differ plainly, and to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from insect_converter.recipes import Recipe


def build(recipe: Recipe) -> Any:
    """The layers below the logits: (batch, size, size, 3) in [0, 255] to (batch, features).

    Rescaling, then for each number of filters a 3x3 convolution with ReLU and a maximum over 2x2, then one dense layer
    with ReLU: the network of TensorFlow's tutorial "Image classification".
    """
    side = recipe.image_size
    pictures = keras.Input((side, side, 3))
    features = keras.layers.Rescaling(1 / 255)(pictures)
    for number, filters in enumerate(recipe.small_cnn.filters, start=1):
        convolution = keras.layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"convolution_{number}")
        features = keras.layers.MaxPooling2D(name=f"pooling_{number}")(convolution(features))
    features = keras.layers.Flatten(name="flatten")(features)
    features = keras.layers.Dense(recipe.small_cnn.dense, activation="relu", name="dense")(features)
    return keras.Model(pictures, features, name="small_cnn")

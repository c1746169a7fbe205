"""Batch normalisation brought back into a network whose convolutions have swallowed it.

A folded network computes what the trained one computed, but it is not what one wants to train on: the scale and shift
of every channel, which fine-tuning moves first and furthest, are gone. They come back from the mean and variance that
each convolution's outputs have on photographs, such that what the network computes stays the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from insect_converter.errors import TrainingError
from insect_converter.recipe_rules import ALPHAS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_converter.pretrained.tflite import Convolution

_BATCH = 16
_LEAST_VARIANCE = 1e-6
"""Of a channel that is the same on every photograph; its scale has to stay above 0."""


def network_of(convolutions: Sequence[Convolution], *, source: str) -> Any:
    """A MobileNetV2 without top that computes what the convolutions do.

    Args:
        convolutions: in the order of the graph.
        source: named in messages.

    Returns:
        The network, whose batch normalisation only adds the biases: (batch, height, width, 3) to (batch, features).

    Raises:
        TrainingError: when they are not those of a MobileNetV2 of any width.
    """
    shapes = [made.kernel.shape for made in convolutions]
    for alpha in ALPHAS:
        network = keras.applications.MobileNetV2(
            input_shape=(None, None, 3), alpha=alpha, include_top=False, pooling="avg", weights=None
        )
        places = _convolutions(network)
        if [place.kernel.shape for place in places] == shapes:
            _fill(network, places, convolutions)
            return network
    raise TrainingError(
        f"{source}: its {len(shapes)} convolutions are not those of a MobileNetV2 of width "
        f"{', '.join(map(str, ALPHAS))}: use another model"
    )


def restore(network: Any, views: NDArray[np.float32]) -> None:
    """Give a network from `network_of` the scales, shifts and statistics it could have been trained with.

    Args:
        network: changed in place; what it computes stays the same but for rounding.
        views: (photographs, size, size, 3) float32 in [-1, 1], R, G, B, on which channels are measured.
    """
    normalisations = _normalisations(network)
    outputs = [layer.output for layer in normalisations]
    sums = [keras.ops.mean(each, axis=(1, 2)) for each in outputs]
    squares = [keras.ops.mean(keras.ops.square(each), axis=(1, 2)) for each in outputs]
    measuring = keras.Model(network.input, sums + squares)
    batches = [measuring.predict_on_batch(views[at : at + _BATCH]) for at in range(0, len(views), _BATCH)]
    measured = [np.concatenate(each).mean(axis=0) for each in zip(*batches, strict=True)]
    for layer, mean, square in zip(normalisations, measured, measured[len(outputs) :], strict=False):
        bias = layer.get_weights()[1]
        variance = np.maximum(square - mean**2, _LEAST_VARIANCE)
        # The bias is no part of what the convolution alone puts out, whose mean this is.
        layer.set_weights([np.sqrt(variance + layer.epsilon), mean, mean - bias, variance])


def _fill(network: Any, places: Sequence[Any], convolutions: Sequence[Convolution]) -> None:
    for place, layer, made in zip(places, _normalisations(network), convolutions, strict=True):
        place.set_weights([made.kernel])
        ones, zeros = np.ones_like(made.bias), np.zeros_like(made.bias)
        layer.set_weights([ones * np.sqrt(1 + layer.epsilon), made.bias, zeros, ones])


def _convolutions(network: Any) -> list[Any]:
    # A depthwise convolution of Keras 3 is no Conv2D.
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    return [layer for layer in network.layers if isinstance(layer, kinds)]


def _normalisations(network: Any) -> list[Any]:
    return [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]

"""Several networks in one: side by side on the same picture, their calibrated logits averaged. One graph, one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from insect_converter import backbone as backbones

if TYPE_CHECKING:
    from collections.abc import Sequence


def build(models: Sequence[Any], temperatures: Sequence[float], *, image_size: int) -> Any:
    """A network that answers with the mean of its members' logits, each divided by its temperature.

    The mean of log-scores is a geometric mean of the scores: a label has to convince every member a little (an
    ensemble in the sense of Hansen and Salamon, "Neural network ensembles", 1990; Lakshminarayanan et al., "Simple
    and scalable predictive uncertainty estimation using deep ensembles", 2017, average the scores themselves). What
    is averaged are logits, so the mean is one dense layer over the features of all members, and no operator is in the
    graph that a single network does not have but one concatenation.

    Args:
        models: from `backbone.build_model`, all of the same labels, each of a MobileNetV2 that ends in pooling.
        temperatures: of each, which makes its scores calibrated, so that none is louder than it has reason to be.
        image_size: side of the pictures.

    Returns:
        A model with the same structure as one from `backbone.build_model`, so that all that works with one works with
        the other; the weights are copies.
    """
    backbone = _side_by_side([model.layers[1] for model in models])
    heads = [model.get_layer("logits").get_weights() for model in models]
    labels = heads[0][1].shape[0]
    together = backbones.build_model(backbone, labels=labels, image_size=image_size, dropout=0.0)
    shares = [1.0 / (temperature * len(models)) for temperature in temperatures]
    kernel = np.concatenate([share * weights for share, (weights, _) in zip(shares, heads, strict=True)])
    bias = np.sum([share * offsets for share, (_, offsets) in zip(shares, heads, strict=True)], axis=0)
    together.get_layer("logits").set_weights([kernel, bias])
    return together


def average(models: Sequence[Any]) -> Any:
    """One network whose every weight is the mean of the models' weights (Wortsman et al., "Model soups", 2022).

    Models that were fine-tuned from the same weights in different ways lie in one valley, and the middle of it is
    often better than its sides; it costs nothing on the Pi. The first model becomes it.

    Args:
        models: from `backbone.build_model`, all of the same labels and the same network.
    """
    first = models[0]
    first.set_weights([np.mean(same, axis=0) for same in zip(*(one.get_weights() for one in models), strict=True)])
    return first


def _side_by_side(networks: Sequence[Any]) -> Any:
    """The feature maps of all networks one behind the other, pooled: (batch, height, width, 3) to (batch, features)."""
    pictures = keras.Input((None, None, 3))
    maps = [_without_pooling(network, number)(pictures) for number, network in enumerate(networks, start=1)]
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Concatenate()(maps))
    return keras.Model(pictures, pooled, name="members")


def _without_pooling(network: Any, number: int) -> Any:
    return keras.Model(network.inputs[0], network.layers[-1].input, name=f"member_{number}")

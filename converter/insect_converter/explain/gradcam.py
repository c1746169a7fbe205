"""Grad-CAM and features of any Keras classifier that ends in a feature map and a head."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import keras
import numpy as np
import tensorflow as tf

from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_MAP_RANK = 4
_BATCH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Where a model looked for a label.

    Attributes:
        values: (rows, columns) of the last feature map, in [0, 1]; all 0 where nothing spoke for the label.
        label: index.
        outputs: (labels,) the model's answer to the same view, before a softmax at its end.
    """

    values: NDArray[np.float32]
    label: int
    outputs: NDArray[np.float32]


def gradcam(model: Any, view: NDArray[np.float32], *, label: int | None = None) -> Heat:
    """Class activation map weighted by gradients (Selvaraju et al., "Grad-CAM", 2017, equations 1 and 2).

    L = ReLU(sum_k a_k A_k), a_k the mean over all places of dy/dA_k, A the last feature map, y the label's logit. A
    softmax at the model's end is passed by: where the model is sure, the gradient of its scores vanishes.

    Args:
        model: with one input of pictures and one output a label.
        view: (height, width, channels) float32, normalised as the model wants it.
        label: index; None for the top label.

    Raises:
        TrainingError: when the model has no feature map, or the gradient does not reach it.
    """
    layer = feature_map_layer(model)
    with (
        tf.GradientTape(watch_accessed_variables=False) as tape,
        _Tap(layer, tape) as tap,
        _without_softmax(model.layers[-1]),
    ):
        outputs = model(view[np.newaxis], training=False)
        chosen = int(np.argmax(outputs[0])) if label is None else label
        target = outputs[0, chosen]
    gradient = tape.gradient(target, tap.output)
    if gradient is None:
        raise TrainingError(f"{model.name}: its answers do not depend on {layer.name}: no map can be drawn")
    weights = np.asarray(gradient)[0].mean(axis=(0, 1))
    heat = np.maximum(0, np.asarray(tap.output)[0] @ weights)
    strongest = float(heat.max())
    return Heat(
        values=(heat / strongest if strongest > 0 else heat).astype(np.float32),
        label=chosen,
        outputs=np.asarray(outputs[0], dtype=np.float32),
    )


def feature_map_layer(model: Any) -> Any:
    """The last layer with a map of features (batch, rows, columns, channels), also within a nested model.

    Raises:
        TrainingError: when there is none.
    """
    for layer in _from_the_end(model):
        shape = _output_shape(layer)
        if len(shape) == _MAP_RANK and not isinstance(layer, keras.layers.InputLayer):
            return layer
    raise TrainingError(f"{model.name}: no layer has a map of features: Grad-CAM needs a convolutional network")


def features(model: Any, views: Iterator[NDArray[np.float32]]) -> NDArray[np.float32]:
    """What the model's last dense layer is fed, a picture a row: (pictures, features).

    Args:
        model: that ends in a dense layer.
        views: (height, width, channels) float32 each, normalised as the model wants them; taken batch by batch.

    Raises:
        TrainingError: when the model ends otherwise.
    """
    dense = next((layer for layer in reversed(model.layers) if isinstance(layer, keras.layers.Dense)), None)
    if dense is None:
        raise TrainingError(f"{model.name}: no dense layer at its end: its features cannot be told")
    network = keras.Model(model.inputs[0], dense.input)
    rows = [np.asarray(network(batch, training=False)).reshape(len(batch), -1) for batch in _batches(views)]
    return np.concatenate(rows).astype(np.float32)


def are_scores(outputs: NDArray[np.float32]) -> bool:
    """Whether a model's answer to one picture is scores already: none negative, in all 1 (float32 rounding aside)."""
    return bool((outputs >= 0).all() and abs(float(outputs.sum()) - 1) < 1e-3)  # noqa: PLR2004 - see above


class _Tap:
    """Keeps what a layer puts out while a model runs, and has the tape follow it from there."""

    def __init__(self, layer: Any, tape: Any) -> None:
        self.output: Any = None
        self._layer = layer
        self._tape = tape
        self._call = layer.call

    def __enter__(self) -> Self:
        # Wrapped where it stands: a graph cut in two would have to be put together anew for every nesting.
        def call(*arguments: Any, **options: Any) -> Any:
            self.output = self._call(*arguments, **options)
            self._tape.watch(self.output)
            return self.output

        self._layer.call = call
        return self

    def __exit__(self, *_: object) -> None:
        self._layer.call = self._call


@contextlib.contextmanager
def _without_softmax(layer: Any) -> Iterator[None]:
    """Let a layer hand on what it would turn into scores."""
    if isinstance(layer, keras.layers.Softmax):
        call = layer.call
        layer.call = lambda inputs, *_, **__: inputs
        try:
            yield
        finally:
            layer.call = call
    elif getattr(layer, "activation", None) is keras.activations.softmax:
        layer.activation = keras.activations.linear
        try:
            yield
        finally:
            layer.activation = keras.activations.softmax
    else:
        yield


def _from_the_end(model: Any) -> Iterator[Any]:
    for layer in reversed(model.layers):
        if isinstance(layer, keras.Model):
            yield from _from_the_end(layer)
        else:
            yield layer


def _output_shape(layer: Any) -> tuple[int | None, ...]:
    try:
        return tuple(layer.output.shape)
    except (AttributeError, ValueError):  # several outputs, or never called as part of a graph
        return ()


def _batches(views: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    batch: list[NDArray[np.float32]] = []
    for view in views:
        batch.append(view)
        if len(batch) == _BATCH:
            yield np.stack(batch)
            batch = []
    if batch:
        yield np.stack(batch)

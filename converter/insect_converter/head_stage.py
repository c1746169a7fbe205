"""The first stage: the logits layer alone, on features that the frozen backbone computes once a photograph."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import keras

from insect_converter import progress
from insect_converter.batches import PlainBatches
from insect_converter.views import photograph_weights, smoothing_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from insect_converter.judge import Record
    from insect_converter.recipes import Recipe
    from insect_converter.views import PassingViews, Shown, Views

_BATCH = 64


def fit(
    model: Any, backbone: Any, *, labels: Sequence[str], train: PassingViews, validation: Views, recipe: Recipe
) -> Record:
    """Fit the logits layer of a model.

    Args:
        model: from `backbone.build_model`.
        backbone: of the model.
        labels: names by index.
        train: what to learn from.
        validation: what to measure on.
        recipe: how.

    Returns:
        The stage as a record: what its last epoch scored, and every epoch as `curves`.
    """
    started = time.monotonic()
    features = features_of(backbone, train.pixels, recipe=recipe, description="features")
    judged = features_of(backbone, validation.pixels, recipe=recipe, description="features (validation)")
    cached = time.monotonic() - started
    head = _head(model, recipe, steps=math.ceil(len(features) / _BATCH) * recipe.head.epochs)
    smoothing = smoothing_of(recipe, labels)
    result = head.fit(
        features,
        train.targets if smoothing is None else train.targets @ smoothing,
        sample_weight=photograph_weights(recipe, train.targets),
        epochs=recipe.head.epochs,
        batch_size=_BATCH,
        verbose=0,
        validation_data=(judged, validation.targets),
    )
    curves = {key: [float(value) for value in values] for key, values in result.history.items()}
    record: Record = {key: values[-1] for key, values in curves.items()}
    record |= {"stage": "head", "epoch": recipe.head.epochs, "seconds": time.monotonic() - started}
    record |= {"feature_seconds": cached, "curves": curves}
    progress.say(
        f"head: {recipe.head.epochs} epochs on cached features, "
        f"validation accuracy {record['val_accuracy']:.4f}, {record['seconds']:.0f} s"
    )
    return record


def features_of(
    backbone: Any, views: NDArray[np.uint8] | Shown, *, recipe: Recipe, description: str
) -> NDArray[np.float32]:
    """What the backbone makes of each view: (photographs, features)."""
    batches = PlainBatches(views, contract=recipe.contract())
    with progress.bar(total=len(batches), description=description) as bar:
        step = keras.callbacks.LambdaCallback(on_predict_batch_end=lambda *_, **__: bar.update())
        features: NDArray[np.float32] = backbone.predict(batches, verbose=0, callbacks=[step])
    return features


def loss_of(recipe: Recipe, *, smoothed: bool = False) -> Any:
    """The loss of both stages.

    Args:
        recipe: its label smoothing.
        smoothed: whether the targets have had it already.
    """
    smoothing = 0.0 if smoothed else recipe.fine_tuning.label_smoothing
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)


def _head(model: Any, recipe: Recipe, *, steps: int) -> Any:
    """The model's own logits layer, ready to learn from features."""
    logits = model.get_layer("logits")
    features = keras.Input(logits.input.shape[1:])
    head = keras.Model(features, logits(keras.layers.Dropout(recipe.fine_tuning.dropout)(features)))
    schedule = keras.optimizers.schedules.CosineDecay(recipe.head.learning_rate, steps)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.head.weight_decay)
    head.compile(optimizer, loss_of(recipe), metrics=["accuracy"])
    return head

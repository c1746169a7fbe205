"""Fit a model: the head on cached features, then the whole network on random views."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from insect_converter import backbone as backbones
from insect_converter import progress
from insect_converter.batches import AugmentedBatches, repeat_background
from insect_converter.split import Part
from insect_edge import preprocess
from insect_edge.card import InputContract
from insect_edge.domain import BACKGROUND

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from insect_converter.pictures import Picture
    from insect_converter.recipes import Recipe
    from insect_converter.split import Split

Record = dict[str, float | str]
"""One epoch, or the head stage as a whole: stage, epoch, losses, accuracies and seconds."""
_PREDICT_BATCH = 32
_HEAD_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """Decoded photographs, divided.

    Attributes:
        labels: names by index.
        split: which photograph is used for what.
        pictures: decoded, by path.
    """

    labels: tuple[str, ...]
    split: Split
    pictures: dict[Path, Picture]

    def arrays(self, part: Part) -> tuple[list[NDArray[np.uint8]], list[int]]:
        """Pixels and label indices of one part."""
        photographs = self.split.part(part)
        return [self.pictures[item.path].pixels for item in photographs], [item.label for item in photographs]


def contract_for(recipe: Recipe) -> InputContract:
    """The input a recipe's model has on the Pi."""
    return InputContract(width=recipe.image_size, height=recipe.image_size)


def fit(
    data: TrainingSet, recipe: Recipe, *, weights: Path | None, seed: int, folder: Path
) -> tuple[Any, list[Record]]:
    """Train both stages.

    Args:
        data: what to learn from.
        recipe: how.
        weights: of the backbone; None for Keras' own download.
        seed: of everything random.
        folder: where the best weights are kept while training.

    Returns:
        The float model with its best weights, and one record an epoch.

    Raises:
        TrainingError: when the backbone cannot be had.
    """
    keras.utils.set_random_seed(seed)
    backbone = backbones.build_backbone(recipe, weights)
    views = {part: model_views(data, part, recipe) for part in (Part.TRAIN, Part.VALIDATION)}
    model = backbones.build_model(
        backbone, labels=len(data.labels), image_size=recipe.image_size, dropout=recipe.fine_tuning.dropout
    )
    history = [_fit_head(model, backbone, views, recipe)]
    if recipe.fine_tuning.epochs:
        history += _fine_tune(
            model, backbone, data=data, validation=views[Part.VALIDATION], recipe=recipe, seed=seed, folder=folder
        )
    return model, history


def model_views(data: TrainingSet, part: Part, recipe: Recipe) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """A part as the Pi would see it: (photographs, size, size, 3) uint8 as uint8, and labels."""
    contract = contract_for(recipe)
    pixels, labels = data.arrays(part)
    views = [preprocess.to_model_pixels(picture, region=None, contract=contract) for picture in pixels]
    return np.stack(views), np.array(labels, dtype=np.int64)


def _real(views: NDArray[np.uint8]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = views.astype(np.float32) / 127.5 - 1.0
    return scaled


class _Batches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras ships no types
    """Views as they are, made real batch by batch so that memory holds bytes, not floats."""

    def __init__(self, views: NDArray[np.uint8], targets: NDArray[np.float32] | None = None) -> None:
        super().__init__()
        self._views = views
        self._targets = targets

    def __len__(self) -> int:
        return math.ceil(len(self._views) / _PREDICT_BATCH)

    def __getitem__(self, index: int) -> Any:
        part = slice(index * _PREDICT_BATCH, (index + 1) * _PREDICT_BATCH)
        real = _real(self._views[part])
        return (real,) if self._targets is None else (real, self._targets[part])


def _features(backbone: Any, views: NDArray[np.uint8], *, description: str) -> NDArray[np.float32]:
    batches = _Batches(views)
    with progress.bar(total=len(batches), description=description) as bar:
        step = keras.callbacks.LambdaCallback(on_predict_batch_end=lambda **_: bar.update())
        features: NDArray[np.float32] = backbone.predict(batches, verbose=0, callbacks=[step])
    return features


def _fit_head(
    model: Any,
    backbone: Any,
    views: dict[Part, tuple[NDArray[np.uint8], NDArray[np.int64]]],
    recipe: Recipe,
) -> Record:
    """Fit the logits layer on features computed once a photograph."""
    started = time.monotonic()
    count = model.output_shape[-1]
    train = _features(backbone, views[Part.TRAIN][0], description="features")
    validation = _features(backbone, views[Part.VALIDATION][0], description="features (validation)")
    targets = np.eye(count, dtype=np.float32)
    features = keras.Input((train.shape[1],))
    logits = model.get_layer("logits")
    head = keras.Model(features, logits(keras.layers.Dropout(recipe.fine_tuning.dropout)(features)))
    steps = math.ceil(len(train) / _HEAD_BATCH) * recipe.head.epochs
    head.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(recipe.head.learning_rate, steps),
            weight_decay=recipe.head.weight_decay,
        ),
        _loss(recipe),
        metrics=["accuracy"],
    )
    result = head.fit(
        train,
        targets[views[Part.TRAIN][1]],
        epochs=recipe.head.epochs,
        batch_size=_HEAD_BATCH,
        verbose=0,
        validation_data=(validation, targets[views[Part.VALIDATION][1]]),
    )
    record: Record = {key: float(values[-1]) for key, values in result.history.items()}
    record |= {"stage": "head", "epoch": recipe.head.epochs, "seconds": time.monotonic() - started}
    progress.say(
        f"head: {recipe.head.epochs} epochs on cached features, "
        f"validation accuracy {record['val_accuracy']:.4f}, {record['seconds']:.0f} s"
    )
    return record


def _loss(recipe: Recipe) -> Any:
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.fine_tuning.label_smoothing)


def _fine_tune(
    model: Any,
    backbone: Any,
    *,
    data: TrainingSet,
    validation: tuple[NDArray[np.uint8], NDArray[np.int64]],
    recipe: Recipe,
    seed: int,
    folder: Path,
) -> list[Record]:
    plan = recipe.fine_tuning
    batches = _training_batches(data, recipe, seed=seed)
    backbones.freeze(backbone, until=plan.frozen_until)
    trainer = _with_size(model, backbone, plan.image_size)
    targets = np.eye(len(data.labels), dtype=np.float32)[validation[1]]
    # Both models share every weight: one learns at the size of the views, the other is judged at the size of the Pi.
    judge = _Judge(
        model,
        _Batches(validation[0], targets),
        file=folder / "best.weights.h5",
        patience=plan.patience,
        total=len(batches) * plan.epochs,
        log=folder / "history.json",
    )
    model.compile(loss=_loss(recipe), metrics=["accuracy"])
    trainer.compile(_optimizer(plan, steps=len(batches)), _loss(recipe), metrics=["accuracy"])
    swap = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if plan.ema_momentum else []
    trainer.fit(batches, epochs=plan.epochs, shuffle=False, verbose=0, callbacks=[*swap, judge])
    model.load_weights(judge.file)
    return judge.records


def _with_size(model: Any, backbone: Any, size: int) -> Any:
    """The same network, sharing all weights, for another size of picture."""
    pictures = keras.Input((size, size, 3))
    features = model.get_layer("dropout")(backbone(pictures, training=False))
    return keras.Model(pictures, model.get_layer("logits")(features))


def _optimizer(plan: Any, *, steps: int) -> Any:
    warmup = round(plan.warmup_epochs * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=plan.learning_rate,
        warmup_steps=warmup,
        decay_steps=max(1, plan.epochs * steps - warmup),
    )
    ema = {"use_ema": True, "ema_momentum": plan.ema_momentum} if plan.ema_momentum else {}
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=plan.weight_decay, **ema)
    # Decaying biases and batch-norm scales only shrinks what must be free.
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _training_batches(data: TrainingSet, recipe: Recipe, *, seed: int) -> AugmentedBatches:
    pixels, labels = data.arrays(Part.TRAIN)
    background = data.labels.index(BACKGROUND) if BACKGROUND in data.labels else None
    chosen = repeat_background(labels, background=background, times=recipe.fine_tuning.background_repeat)
    plans = [
        recipe.background_augmentation if index == background else recipe.augmentation
        for index in range(len(data.labels))
    ]
    return AugmentedBatches(
        [pixels[position] for position in chosen],
        [labels[position] for position in chosen],
        plans=plans,
        label_count=len(data.labels),
        image_size=recipe.fine_tuning.image_size,
        batch_size=recipe.fine_tuning.batch_size,
        seed=seed,
    )


class _Judge(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """After each epoch: validate at the Pi's size, keep the best weights, stop when nothing gets better."""

    def __init__(self, model: Any, validation: _Batches, *, file: Path, patience: int, total: int, log: Path) -> None:
        super().__init__()
        self.file = file
        self.records: list[Record] = []
        self._judged = model
        self._validation = validation
        self._patience = patience
        self._best = -1.0
        self._waited = 0
        self._log = log
        self._bar = progress.bar(total=total, description="fine-tuning")
        self._started = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        self._bar.update()
        if batch % 10 == 0:
            self._bar.set_postfix(loss=f"{logs.get('loss', 0):.3f}", accuracy=f"{logs.get('accuracy', 0):.3f}")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        loss, accuracy = self._judged.evaluate(self._validation, verbose=0)
        record = {
            "stage": "fine-tuning",
            "epoch": epoch + 1,
            **(logs or {}),
            "val_loss": loss,
            "val_accuracy": accuracy,
            "seconds": time.monotonic() - self._started,
        }
        self.records.append(record)
        self._log.write_text(json.dumps(self.records, indent=1), encoding="utf-8")
        # Accuracy moves in steps of one photograph; the loss breaks ties.
        score = accuracy - loss * 1e-3
        better = score > self._best
        if better:
            self._best, self._waited = score, 0
            temporary = self.file.with_name("writing.weights.h5")
            self._judged.save_weights(temporary)
            temporary.replace(self.file)
        else:
            self._waited += 1
            self.model.stop_training = self._waited >= self._patience
        progress.say(
            f"epoch {epoch + 1}: loss {record['loss']:.4f}, accuracy {record['accuracy']:.4f}, "
            f"validation accuracy {accuracy:.4f}{' (best)' if better else ''}, {record['seconds']:.0f} s so far"
        )

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - Keras names it
        self._bar.close()

"""Fit a model: the head on cached features, then the whole network on random views."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from insect_converter import backbone as backbones
from insect_converter import progress
from insect_converter.batches import AugmentedBatches, PlainBatches
from insect_converter.judge import Judge, Record, score_of
from insect_converter.split import Part
from insect_edge import preprocess
from insect_edge.domain import Role

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from insect_converter.recipes import FineTuning, Recipe
    from insect_converter.training_set import TrainingSet

_HEAD_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """A part of the photographs as the Pi would see it.

    Attributes:
        pixels: (photographs, size, size, 3) uint8, R, G, B.
        targets: (photographs, labels) one-hot.
    """

    pixels: NDArray[np.uint8]
    targets: NDArray[np.float32]


def fit(data: TrainingSet, recipe: Recipe, *, backbone: Any, seed: int, folder: Path) -> tuple[Any, list[Record]]:
    """Train both stages.

    Args:
        data: what to learn from.
        recipe: how.
        backbone: from `backbone.build_backbone`; it is trained in place.
        seed: of everything random.
        folder: of the run; the best weights are kept there while training.

    Returns:
        The float model with its best weights, and the records of the head stage and of each epoch.

    Raises:
        TrainingError: when training diverges or its weights cannot be written.
    """
    keras.utils.set_random_seed(seed)
    validation = model_views(data, Part.VALIDATION, recipe)
    model = backbones.build_model(
        backbone, labels=len(data.labels), image_size=recipe.image_size, dropout=recipe.fine_tuning.dropout
    )
    train = model_views(data, Part.TRAIN, recipe)
    history = [_fit_head(model, backbone, train=train, validation=validation, recipe=recipe)]
    if recipe.fine_tuning.epochs:
        history += _fine_tune_members(
            model, backbone, data=data, validation=validation, recipe=recipe, seed=seed, folder=folder
        )
    return model, history


def model_views(data: TrainingSet, part: Part, recipe: Recipe) -> Views:
    """Pass a part through the Pi's own preprocessing."""
    contract = recipe.contract()
    pixels, labels = data.arrays(part)
    views = [preprocess.to_model_pixels(picture, region=None, contract=contract) for picture in pixels]
    return Views(pixels=np.stack(views), targets=np.eye(len(data.labels), dtype=np.float32)[labels])


def _features(backbone: Any, views: NDArray[np.uint8], *, description: str) -> NDArray[np.float32]:
    batches = PlainBatches(views)
    with progress.bar(total=len(batches), description=description) as bar:
        step = keras.callbacks.LambdaCallback(on_predict_batch_end=lambda *_, **__: bar.update())
        features: NDArray[np.float32] = backbone.predict(batches, verbose=0, callbacks=[step])
    return features


def _fit_head(model: Any, backbone: Any, *, train: Views, validation: Views, recipe: Recipe) -> Record:
    """Fit the logits layer on features computed once a photograph."""
    started = time.monotonic()
    features = _features(backbone, train.pixels, description="features")
    judged = _features(backbone, validation.pixels, description="features (validation)")
    head = _head(model, recipe, steps=math.ceil(len(features) / _HEAD_BATCH) * recipe.head.epochs)
    result = head.fit(
        features,
        train.targets,
        epochs=recipe.head.epochs,
        batch_size=_HEAD_BATCH,
        verbose=0,
        validation_data=(judged, validation.targets),
    )
    record: Record = {key: float(values[-1]) for key, values in result.history.items()}
    record |= {"stage": "head", "epoch": recipe.head.epochs, "seconds": time.monotonic() - started}
    progress.say(
        f"head: {recipe.head.epochs} epochs on cached features, "
        f"validation accuracy {record['val_accuracy']:.4f}, {record['seconds']:.0f} s"
    )
    return record


def _head(model: Any, recipe: Recipe, *, steps: int) -> Any:
    """The model's own logits layer, ready to learn from features."""
    logits = model.get_layer("logits")
    features = keras.Input(logits.input.shape[1:])
    head = keras.Model(features, logits(keras.layers.Dropout(recipe.fine_tuning.dropout)(features)))
    schedule = keras.optimizers.schedules.CosineDecay(recipe.head.learning_rate, steps)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.head.weight_decay)
    head.compile(optimizer, _loss(recipe), metrics=["accuracy"])
    return head


def _loss(recipe: Recipe) -> Any:
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.fine_tuning.label_smoothing)


def _fine_tune_members(
    model: Any, backbone: Any, *, data: TrainingSet, validation: Views, recipe: Recipe, seed: int, folder: Path
) -> list[Record]:
    """Fine-tune once or several times from the same head, and leave the best or the average in the model."""
    plan, head = recipe.fine_tuning, model.get_weights()
    records: list[Record] = []
    members: list[tuple[float, list[NDArray[np.float32]]]] = []
    for member in range(plan.members):
        if plan.members > 1:
            progress.say(f"fine-tuning {member + 1} of {plan.members}")
        model.set_weights(head)
        keras.utils.set_random_seed(seed + member)
        batches = _training_batches(data, recipe, seed=seed + member)
        judge = _fine_tune(model, backbone, batches=batches, validation=validation, recipe=recipe, folder=folder)
        records += judge.records
        members.append((judge.best_score, model.get_weights()))
    if plan.members > 1:
        records.append(_average(model, members, validation=validation))
    return records


def _average(model: Any, members: list[tuple[float, list[NDArray[np.float32]]]], *, validation: Views) -> Record:
    """Leave the mean of the members' weights in the model, or the best member where the mean validates worse."""
    best_score, best = max(members, key=lambda member: member[0])
    model.set_weights([np.mean(tensors, axis=0) for tensors in zip(*(weights for _, weights in members), strict=True)])
    loss, accuracy = model.evaluate(PlainBatches(validation.pixels, validation.targets), verbose=0)
    kept = score_of(accuracy=accuracy, loss=loss) >= best_score
    if not kept:
        model.set_weights(best)
    progress.say(
        f"average of {len(members)}: validation accuracy {accuracy:.4f}, "
        f"{'kept' if kept else 'the best alone is better and is kept'}"
    )
    return {"stage": "average", "members": float(len(members)), "val_loss": loss, "val_accuracy": accuracy}


def _fine_tune(
    model: Any, backbone: Any, *, batches: AugmentedBatches, validation: Views, recipe: Recipe, folder: Path
) -> Judge:
    """Run the second stage once; its best weights are in the model then."""
    plan = recipe.fine_tuning
    backbones.freeze(backbone, until=plan.frozen_until)
    # Both models share every weight: one learns at the size of the views, the other is judged at the size of the Pi.
    trainer = backbones.resized(model, backbone, image_size=plan.image_size)
    model.compile(loss=_loss(recipe), metrics=["accuracy"])
    trainer.compile(_optimizer(plan, steps=len(batches)), _loss(recipe), metrics=["accuracy"])
    judge = Judge(
        model,
        PlainBatches(validation.pixels, validation.targets),
        folder=folder,
        patience=plan.patience,
        steps=len(batches) * plan.epochs,
    )
    swap = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if plan.ema_momentum else []
    trainer.fit(batches, epochs=plan.epochs, shuffle=False, verbose=0, callbacks=[*swap, judge])
    model.load_weights(judge.file)
    return judge


def _optimizer(plan: FineTuning, *, steps: int) -> Any:
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
    background = _background(data, recipe)
    return AugmentedBatches(
        pixels,
        labels,
        plan=recipe.fine_tuning,
        augmentations=[
            recipe.background_augmentation if index in background else recipe.augmentation
            for index in range(len(data.labels))
        ],
        background=background,
        seed=seed,
    )


def _background(data: TrainingSet, recipe: Recipe) -> set[int]:
    return {index for index, label in enumerate(data.labels) if recipe.facts(label).role is Role.BACKGROUND}

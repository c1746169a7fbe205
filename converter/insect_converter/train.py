"""Fit a model: the head on cached features, then the whole network on random views."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from insect_converter import backbone as backbones
from insect_converter import checkpoint as checkpoints
from insect_converter import head_stage, logit_adjustment, progress, run_record
from insect_converter.batches import PlainBatches
from insect_converter.checkpoint import Checkpoint
from insect_converter.errors import TrainingError
from insect_converter.fine_tuning import FineTuning
from insect_converter.judge import examine
from insect_converter.split import Part
from insect_converter.tensorboard import TensorBoard
from insect_converter.views import Views, model_views, occurrences, passing_views, training_batches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from insect_converter.judge import Record
    from insect_converter.recipes import Recipe
    from insect_converter.teachers import Teachers
    from insect_converter.training_set import TrainingSet

__all__ = ["Views", "fit", "model_views"]


def fit(
    data: TrainingSet,
    recipe: Recipe,
    *,
    backbone: Any,
    seed: int,
    folder: Path,
    resume: bool = False,
    teachers: Teachers | None = None,
) -> tuple[Any, list[Record]]:
    """Train both stages.

    Args:
        data: what to learn from.
        recipe: how.
        backbone: from `backbone.build_backbone`; it is trained in place. Where `resume` finds a checkpoint, one from
            `backbone.build_empty` will do.
        seed: of everything random.
        folder: of the run; after each epoch the history and a checkpoint are written there.
        resume: go on from the folder's checkpoint, where there is one.
        teachers: whose answers the second stage learns as well.

    Returns:
        The float model with its best weights, and the records of the head stage and of each epoch.

    Raises:
        TrainingError: when training diverges, its state cannot be written, or the checkpoint does not fit.
    """
    _settle(recipe, seed=seed)
    model = backbones.build_model(
        backbone, labels=len(data.labels), image_size=recipe.image_size, dropout=recipe.fine_tuning.dropout
    )
    training = Training(model, backbone, data=data, recipe=recipe, seed=seed, folder=folder, teachers=teachers)
    standing = checkpoints.read(folder) if resume else None
    if standing is None:
        training.begin()
    training.finish(standing)
    return model, training.history


def _settle(recipe: Recipe, *, seed: int) -> None:
    """Whatever TensorFlow leaves to chance is decided."""
    keras.utils.set_random_seed(seed)
    if recipe.deterministic:
        tf.config.experimental.enable_op_determinism()


class Training:
    """Both stages of one run, and where they stand.

    Attributes:
        history: the records so far.
    """

    def __init__(
        self,
        model: Any,
        backbone: Any,
        *,
        data: TrainingSet,
        recipe: Recipe,
        seed: int,
        folder: Path,
        teachers: Teachers | None = None,
    ) -> None:
        """Get ready; the model is from `backbone.build_model`, the other arguments are those of `fit`."""
        self.history: list[Record] = []
        self._model, self._backbone = model, backbone
        self._data, self._recipe, self._seed, self._folder = data, recipe, seed, folder
        self._teachers = teachers
        self._validation = model_views(data, Part.VALIDATION, recipe)
        self._start = model.get_weights()
        self._members: list[tuple[float, list[NDArray[Any]]]] = []
        self._board = TensorBoard(folder)

    def begin(self) -> None:
        """The first stage, where the recipe has one."""
        if not self._recipe.head.epochs:
            return
        record = head_stage.fit(
            self._model,
            self._backbone,
            labels=self._data.labels,
            train=passing_views(self._data, Part.TRAIN, self._recipe),
            validation=self._validation,
            recipe=self._recipe,
        )
        self.history.append(record)
        self._start = self._model.get_weights()

    def finish(self, standing: Checkpoint | None) -> None:
        """What the recipe has after the first stage.

        Args and errors are those of `fine_tune`.
        """
        if self._recipe.fine_tuning.epochs:
            self.fine_tune(standing)
        if self._recipe.logit_adjustment:
            self.adjust()

    def fine_tune(self, standing: Checkpoint | None) -> None:
        """The second stage, once or several times from the same start; the best or the average is in the model then.

        Args:
            standing: where to go on from; None to begin.

        Raises:
            TrainingError: when training diverges, its state cannot be written, or it does not fit the recipe.
        """
        if standing is not None:
            self._restore(standing)
        for member in range(len(self._members), self._recipe.fine_tuning.members):
            if self._recipe.fine_tuning.members > 1:
                progress.say(f"fine-tuning {member + 1} of {self._recipe.fine_tuning.members}")
            stage = self._member(member, standing)
            standing = None
            stage.run(on_epoch=lambda stage=stage: self._write(stage))  # type: ignore[misc]  # mypy and lambdas
            self._model.set_weights(stage.judge.best)
            self.history += stage.records
            self._members.append((stage.judge.best_score, stage.judge.best))
        if len(self._members) > 1:
            self.history.append(average(self._model, self._members, validation=self._plain()))

    def adjust(self) -> None:
        """Take out of the logits how often each label occurred in an epoch."""
        truth = self._validation.targets.argmax(axis=1)
        logits = self._model.predict(self._plain(), verbose=0)
        offsets = logit_adjustment.offsets(
            logits,
            truth,
            occurs=occurrences(self._data, self._recipe),
            strength=self._recipe.logit_adjustment,
        )
        layer = self._model.get_layer("logits")
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, bias + offsets])
        accuracy = float(np.mean((logits + offsets).argmax(axis=1) == truth))
        self.history.append({"stage": "logit adjustment", "val_accuracy": accuracy})
        progress.say(
            f"shares of the labels taken out: validation accuracy {accuracy:.4f}, "
            f"{self._data.labels[int(offsets.argmin())]} {offsets.min():+.2f} to "
            f"{self._data.labels[int(offsets.argmax())]} {offsets.max():+.2f}"
        )

    def _member(self, member: int, standing: Checkpoint | None) -> FineTuning:
        keras.utils.set_random_seed(self._seed + member)
        self._model.set_weights(self._start)
        stage = FineTuning(
            self._model,
            self._backbone,
            batches=training_batches(self._data, self._recipe, seed=self._seed + member),
            validation=self._plain(),
            recipe=self._recipe,
            teachers=self._teachers,
        )
        if standing is not None:
            with _fitting(self._folder):
                stage.restore(standing)
            progress.say(f"going on after epoch {standing.facts['epoch']}")
        return stage

    def _plain(self) -> PlainBatches:
        return PlainBatches(self._validation.pixels, self._validation.targets, contract=self._recipe.contract())

    def _restore(self, standing: Checkpoint) -> None:
        with _fitting(self._folder):
            self.history = list(standing.facts["history"])
            self._members = [
                (score, standing.arrays[f"member {number}"]) for number, score in enumerate(standing.facts["scores"])
            ]
            self._start = standing.arrays.get("start", self._start)

    def _write(self, stage: FineTuning) -> None:
        """Put down where everything stands, and the history as people read it."""
        here = stage.checkpoint()
        arrays = {f"member {number}": weights for number, (_, weights) in enumerate(self._members)}
        if len(self._members) + 1 < self._recipe.fine_tuning.members:
            arrays["start"] = self._start
        facts = {"history": self.history, "scores": [score for score, _ in self._members]}
        checkpoints.write(self._folder, Checkpoint(facts={**here.facts, **facts}, arrays={**here.arrays, **arrays}))
        run_record.write_history(self._folder, self.history + stage.records)
        self._board.add(stage.records[-1:], member=len(self._members))


def average(model: Any, members: Sequence[tuple[float, list[NDArray[Any]]]], *, validation: PlainBatches) -> Record:
    """Leave the mean of the members' weights in the model, or the best member where the mean validates worse."""
    best_score, best = max(members, key=lambda member: member[0])
    model.set_weights([np.mean(tensors, axis=0) for tensors in zip(*(weights for _, weights in members), strict=True)])
    found = examine(model, validation)
    kept = found.score >= best_score
    if not kept:
        model.set_weights(best)
    progress.say(
        f"average of {len(members)}: validation accuracy {found.accuracy:.4f}, "
        f"{'kept' if kept else 'the best alone is better and is kept'}"
    )
    return {"stage": "average", "members": float(len(members)), "val_loss": found.loss, "val_accuracy": found.accuracy}


@contextmanager
def _fitting(folder: Path) -> Iterator[None]:
    """Turn what a checkpoint of something else causes into one line."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TrainingError(
            f"{folder / checkpoints.FILE}: it does not fit the run's recipe ({str(error).partition(chr(10))[0]}): "
            "delete it to begin this run's training anew"
        ) from error

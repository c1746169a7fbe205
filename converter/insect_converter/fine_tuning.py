"""The second stage: the whole network on random views, an epoch at a time, each of which can be gone on from."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras

from insect_converter import backbone as backbones
from insect_converter import optimizers, progress
from insect_converter.batches import side_at
from insect_converter.checkpoint import Checkpoint
from insect_converter.head_stage import loss_of
from insect_converter.judge import Judge, examine
from insect_converter.prefetch import prefetching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from insect_converter.batches import AugmentedBatches, Batch, PlainBatches
    from insect_converter.judge import Record
    from insect_converter.prefetch import Prefetch
    from insect_converter.recipes import Recipe
    from insect_converter.teachers import Teachers

_POSTFIX_STEPS = 10


@dataclass(kw_only=True)
class Totals:
    """Sums over the photographs of an epoch, of which the means are told."""

    photographs: int = 0
    sums: dict[str, float] = field(default_factory=dict)

    def add(self, results: dict[str, float], *, photographs: int) -> None:
        """Take in one step."""
        self.photographs += photographs
        for name, value in results.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value) * photographs

    def means(self) -> dict[str, float]:
        """Mean of each over the photographs so far."""
        return {name: total / self.photographs for name, total in self.sums.items()}


class FineTuning:
    """One run through the second stage.

    Attributes:
        judge: who knows the best weights.
        records: one an epoch.
    """

    def __init__(
        self,
        model: Any,
        backbone: Any,
        *,
        batches: AugmentedBatches,
        validation: PlainBatches,
        recipe: Recipe,
        teachers: Teachers | None = None,
    ) -> None:
        """Get ready; nothing is learnt yet.

        Args:
            model: what learns, as it is judged; compiled here.
            backbone: of the model.
            batches: random views to learn from.
            validation: what is judged on.
            recipe: how.
            teachers: whose answers are learnt as well; None for the labels alone.
        """
        self.records: list[Record] = []
        self._plan = plan = recipe.fine_tuning
        self._batches = batches
        self._teachers = teachers
        self._epoch = 0
        self._seconds = 0.0
        backbones.freeze(backbone, until=plan.frozen_until)
        # Both models share every weight: one learns at the size of the views, the other is judged at that of the Pi.
        side = None if plan.first_image_size else plan.image_size
        self._trainer = backbones.resized(model, backbone, image_size=side)
        model.compile(loss=loss_of(recipe), metrics=["accuracy"])
        trained = self._trainer.trainable_variables
        self._optimizer = optimizers.build(plan, steps=len(batches), backbone=backbone, trained=trained)
        self._trainer.compile(self._optimizer, loss_of(recipe, smoothed=bool(teachers)), metrics=["accuracy"])
        self._optimizer.build(trained)
        self.judge = Judge(
            model, examination=lambda: examine(model, validation), patience=plan.patience, keep=plan.keep
        )

    def checkpoint(self) -> Checkpoint:
        """Where it stands, after an epoch or before the first."""
        facts = {"epoch": self._epoch, "seconds": self._seconds, "records": self.records, "judge": self.judge.facts()}
        arrays = {
            "model": [variable.numpy() for variable in self._trainer.variables],
            "optimizer": [variable.numpy() for variable in self._optimizer.variables],
            "best": self.judge.best,
        }
        return Checkpoint(facts=facts, arrays=arrays)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Stand where a checkpoint of the same recipe and photographs says."""
        self._epoch, self._seconds = int(checkpoint.facts["epoch"]), float(checkpoint.facts["seconds"])
        self.records = list(checkpoint.facts["records"])
        self.judge.restore(checkpoint.facts["judge"], checkpoint.arrays.get("best", []))
        for name, variables in (("model", self._trainer.variables), ("optimizer", self._optimizer.variables)):
            for variable, value in zip(variables, checkpoint.arrays[name], strict=True):
                variable.assign(value)

    def run(self, *, on_epoch: Callable[[], None]) -> None:
        """Go on from where it stands to the end; the best weights are with the judge then.

        Args:
            on_epoch: called before the first epoch and after each.

        Raises:
            TrainingError: when training diverges.
        """
        if not self._epoch:
            self.judge.examine_start()
            on_epoch()
        todo = range(self._epoch + 1, self._plan.epochs + 1)
        keys = ((epoch, index) for epoch in todo for index in range(len(self._batches)))
        total = len(self._batches) * self._plan.epochs
        with (
            progress.bar(total=total, description="fine-tuning", done=total - len(todo) * len(self._batches)) as bar,
            prefetching(lambda key: self._batches.batch(*key), keys) as ready,
        ):
            for epoch in todo:
                if self.judge.patience_is_out:
                    break
                self._one_epoch(epoch, ready, bar)
                on_epoch()

    def _one_epoch(self, epoch: int, ready: Prefetch[tuple[int, int], Batch], bar: Any) -> None:
        started, ready.waited = time.monotonic(), 0.0
        rate = float(self._optimizer.learning_rate)
        means = self._learn(epoch, ready, bar)
        waited = ready.waited
        with self._averaged():
            found, better = self.judge.examine(epoch)
        seconds = time.monotonic() - started
        self._epoch, self._seconds = epoch, self._seconds + seconds
        self.records.append(
            {
                "stage": "fine-tuning",
                "epoch": epoch,
                **means,
                "val_loss": found.loss,
                "val_accuracy": found.accuracy,
                "val_calibrated_loss": -found.score,
                "seconds": self._seconds,
                "epoch_seconds": seconds,
                "waited_seconds": waited,
                "learning_rate": rate,
                "image_size": side_at(self._plan, epoch),
            }
        )
        progress.say(
            f"epoch {epoch}: loss {means['loss']:.4f}, accuracy {means['accuracy']:.4f}, "
            f"validation accuracy {found.accuracy:.4f}{' (kept)' if better else ''}, {self._seconds:.0f} s so far"
        )

    def _learn(self, epoch: int, ready: Prefetch[tuple[int, int], Batch], bar: Any) -> dict[str, float]:
        """All steps of an epoch; means over its photographs."""
        if self._plan.first_image_size and side_at(self._plan, epoch) != side_at(self._plan, epoch - 1):
            # A graph of its own for each size, whatever sizes came before: a resumed run has not seen those.
            self._trainer.make_train_function(force=True)
        totals = Totals()
        for step in range(len(self._batches)):
            batch = ready.next()
            tensors = self._tensors(batch)
            totals.add(self._trainer.train_on_batch(*tensors, return_dict=True), photographs=len(batch.views))
            bar.update()
            if step % _POSTFIX_STEPS == 0:
                bar.set_postfix({name: f"{value:.3f}" for name, value in totals.means().items()} | {"epoch": epoch})
        return totals.means()

    def _tensors(self, batch: Batch) -> list[Any]:
        """Views, targets and weights as the training step takes them."""
        views = keras.ops.convert_to_tensor(batch.views)
        targets = self._teachers.soften(views, batch.targets) if self._teachers else batch.targets
        weights = None if batch.weights is None else keras.ops.convert_to_tensor(batch.weights)
        return [views, keras.ops.convert_to_tensor(targets), weights]

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """The moving average of the weights is in the model inside the block, where the plan has one."""
        if not self._plan.ema_momentum:
            yield
            return
        learning = [variable.numpy() for variable in self._trainer.trainable_variables]
        self._optimizer.finalize_variable_values(self._trainer.trainable_variables)
        try:
            yield
        finally:
            for variable, value in zip(self._trainer.trainable_variables, learning, strict=True):
                variable.assign(value)

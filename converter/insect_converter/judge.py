"""Validates after each epoch, keeps the best weights, and says when to stop."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any

import keras

from insect_converter import progress, run_record
from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    from insect_converter.batches import PlainBatches

Record = dict[str, float | str]
"""One epoch, or the head stage as a whole: stage, epoch, losses, accuracies and seconds."""
_POSTFIX_STEPS = 10


class Judge(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Fine-tuning as it goes on: the bar, a line and a record an epoch, the best weights on disk.

    What fine-tuning starts from takes part in the contest: where no epoch beats it, it stays.

    Attributes:
        file: the best weights.
        best_score: of those weights.
        records: one an epoch.
    """

    def __init__(self, model: Any, validation: PlainBatches, *, folder: Path, patience: int, steps: int) -> None:
        """Judge a model while another one, which shares its weights, is trained.

        Args:
            model: compiled with its metrics.
            validation: with targets.
            folder: of the run.
            patience: epochs without a better one after which training stops.
            steps: of the whole training, for the bar.
        """
        super().__init__()
        self.file = folder / "best.weights.h5"
        self.records: list[Record] = []
        self._judged = model
        self._validation = validation
        self._folder = folder
        self._patience = patience
        self.best_score = self._best = -math.inf
        self._waited = 0
        self._bar = progress.bar(total=steps, description="fine-tuning")
        self._started = time.monotonic()

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - Keras names it
        """What is there before the first epoch is the one to beat."""
        loss, accuracy = self._judged.evaluate(self._validation, verbose=0)
        self._keep(score_of(accuracy=accuracy, loss=loss))

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Move the bar."""
        logs = logs or {}
        self._bar.update()
        if batch % _POSTFIX_STEPS == 0:
            self._bar.set_postfix(loss=f"{logs.get('loss', 0):.3f}", accuracy=f"{logs.get('accuracy', 0):.3f}")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Validate and decide.

        Raises:
            TrainingError: when the loss is no number any more, or the weights cannot be written.
        """
        loss, accuracy = self._judged.evaluate(self._validation, verbose=0)
        if not math.isfinite(loss):
            raise TrainingError(
                f"epoch {epoch + 1}: the loss is {loss:g}: lower fine_tuning.learning_rate in the recipe"
            )
        record = {
            "stage": "fine-tuning",
            "epoch": epoch + 1,
            **(logs or {}),
            "val_loss": loss,
            "val_accuracy": accuracy,
            "seconds": time.monotonic() - self._started,
        }
        self.records.append(record)
        score = score_of(accuracy=accuracy, loss=loss)
        self._waited = 0 if score > self._best else self._waited + 1
        self._best = max(score, self._best)
        self.model.stop_training = self._waited >= self._patience
        better = self._keep(score)
        progress.say(
            f"epoch {epoch + 1}: loss {record['loss']:.4f}, accuracy {record['accuracy']:.4f}, "
            f"validation accuracy {accuracy:.4f}{' (best)' if better else ''}, {record['seconds']:.0f} s so far"
        )

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - Keras names it
        """Take the bar away."""
        self._bar.close()

    def _keep(self, score: float) -> bool:
        """Write the weights down where they are the best so far, and the records in any case."""
        better = score > self.best_score
        with run_record.writing(self._folder):
            if better:
                self.best_score = score
                temporary = self._folder / "writing.weights.h5"
                self._judged.save_weights(temporary)
                temporary.replace(self.file)
            (self._folder / run_record.HISTORY_FILE).write_text(json.dumps(self.records, indent=1), encoding="utf-8")
        return better


def score_of(*, accuracy: float, loss: float) -> float:
    """Accuracy moves in steps of one photograph; the loss breaks ties."""
    return accuracy - loss * 1e-3

"""Validates after each epoch, keeps the best weights, and says when to stop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_converter.batches import PlainBatches

Record = dict[str, Any]
"""One epoch, or the head stage as a whole: stage, epoch, losses, accuracies and seconds."""


class Judge:
    """The contest between the epochs of fine-tuning.

    What fine-tuning starts from takes part: where no epoch beats it, it stays.

    Attributes:
        best: weights with the best score so far.
        best_score: of those weights.
    """

    def __init__(self, model: Any, validation: PlainBatches, *, patience: int) -> None:
        """Judge a model while another one, which shares its weights, is trained.

        Args:
            model: compiled with its metrics.
            validation: with targets.
            patience: epochs without a better one after which training stops.
        """
        self.best: list[NDArray[Any]] = []
        self.best_score = -math.inf
        self._best_epoch_score = -math.inf
        self._model = model
        self._validation = validation
        self._patience = patience
        self._waited = 0

    @property
    def patience_is_out(self) -> bool:
        """Whether nothing has got better for so long that training should stop."""
        return self._waited >= self._patience

    def examine_start(self) -> None:
        """What is there before the first epoch is the one to beat."""
        loss, accuracy = self._model.evaluate(self._validation, verbose=0)
        self._keep(score_of(accuracy=accuracy, loss=loss))

    def examine(self, epoch: int) -> tuple[float, float, bool]:
        """Validate the weights as they are after an epoch.

        Returns:
            Loss, accuracy, and whether it is the best so far.

        Raises:
            TrainingError: when the loss is no number any more.
        """
        loss, accuracy = self._model.evaluate(self._validation, verbose=0)
        if not math.isfinite(loss):
            raise TrainingError(f"epoch {epoch}: the loss is {loss:g}: lower fine_tuning.learning_rate in the recipe")
        score = score_of(accuracy=accuracy, loss=loss)
        self._waited = 0 if score > self._best_epoch_score else self._waited + 1
        self._best_epoch_score = max(score, self._best_epoch_score)
        return loss, accuracy, self._keep(score)

    def facts(self) -> dict[str, float]:
        """Plain values that say where the contest stands, without the weights."""
        return {"best_score": self.best_score, "best_epoch_score": self._best_epoch_score, "waited": self._waited}

    def restore(self, facts: dict[str, float], best: Sequence[NDArray[Any]]) -> None:
        """Take up the contest where `facts` and the best weights say."""
        self.best_score, self._best_epoch_score = facts["best_score"], facts["best_epoch_score"]
        self._waited = int(facts["waited"])
        self.best = list(best)

    def _keep(self, score: float) -> bool:
        better = not self.best or score > self.best_score
        if better:
            # A start that is no number is beaten by whatever is one.
            self.best_score = score if math.isfinite(score) else -math.inf
            self.best = self._model.get_weights()
        return better


def score_of(*, accuracy: float, loss: float) -> float:
    """Accuracy moves in steps of one photograph; the loss breaks ties."""
    return accuracy - loss * 1e-3

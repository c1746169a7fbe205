"""Validates after each epoch, keeps the best weights, and says when to stop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_converter import calibration
from insect_converter.errors import TrainingError
from insect_converter.recipe_parts import Keep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from insect_converter.batches import PlainBatches

Record = dict[str, Any]
"""One epoch, or the head stage as a whole: stage, epoch, losses, accuracies and seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """How a model did on the validation photographs.

    Attributes:
        loss: the one it is trained with.
        accuracy: share of the photographs it names right.
        score: higher is better: the negative log-likelihood with its sign turned, at the temperature that suits the
            model best. Accuracy moves in steps of one photograph, so that the best of many epochs is the luckiest;
            the loss as it is would punish a model for being too sure, which the temperature mends in the bundle.
    """

    loss: float
    accuracy: float
    score: float


def examine(model: Any, validation: PlainBatches) -> Examination:
    """Have a model name the validation photographs.

    Args:
        model: compiled with its loss; ends in logits.
        validation: with targets.
    """
    logits = model.predict(validation, verbose=0)
    targets = validation.targets
    loss = float(np.asarray(model.loss(targets, logits)))
    if not np.isfinite(logits).all():
        return Examination(loss=math.nan, accuracy=0.0, score=-math.inf)
    truth = targets.argmax(axis=1)
    return Examination(
        loss=loss,
        accuracy=float(np.mean(logits.argmax(axis=1) == truth)),
        score=-calibration.least_loss(logits, truth),
    )


class Judge:
    """The contest between the epochs of fine-tuning.

    What fine-tuning starts from takes part: where no epoch beats it, it stays.

    Attributes:
        best: weights with the best score so far, or simply the newest where the last are to be kept.
        best_score: of those weights.
    """

    def __init__(
        self, model: Any, *, examination: Callable[[], Examination], patience: int, keep: Keep = Keep.BEST
    ) -> None:
        """Judge a model while another one, which shares its weights, is trained.

        Args:
            model: whose weights are kept.
            examination: examines it as it is.
            patience: epochs without a better one after which training stops.
            keep: which weights to keep.
        """
        self._keeps_last = keep is Keep.LAST
        self.best: list[NDArray[Any]] = []
        self.best_score = -math.inf
        self._best_epoch_score = -math.inf
        self._model = model
        self._examination = examination
        self._patience = patience
        self._waited = 0

    @property
    def patience_is_out(self) -> bool:
        """Whether nothing has got better for so long that training should stop."""
        return self._waited >= self._patience

    def examine_start(self) -> None:
        """What is there before the first epoch is the one to beat."""
        self._keep(self._examination().score)

    def examine(self, epoch: int) -> tuple[Examination, bool]:
        """Validate the weights as they are after an epoch.

        Returns:
            How they did, and whether they are kept for now.

        Raises:
            TrainingError: when the loss is no number any more.
        """
        found = self._examination()
        if not math.isfinite(found.loss):
            raise TrainingError(
                f"epoch {epoch}: the loss is {found.loss:g}: lower fine_tuning.learning_rate in the recipe"
            )
        self._waited = 0 if found.score > self._best_epoch_score else self._waited + 1
        self._best_epoch_score = max(found.score, self._best_epoch_score)
        return found, self._keep(found.score)

    def facts(self) -> dict[str, float]:
        """Plain values that say where the contest stands, without the weights."""
        return {"best_score": self.best_score, "best_epoch_score": self._best_epoch_score, "waited": self._waited}

    def restore(self, facts: dict[str, float], best: Sequence[NDArray[Any]]) -> None:
        """Take up the contest where `facts` and the best weights say."""
        self.best_score, self._best_epoch_score = facts["best_score"], facts["best_epoch_score"]
        self._waited = int(facts["waited"])
        self.best = list(best)

    def _keep(self, score: float) -> bool:
        better = not self.best or score > self.best_score or self._keeps_last
        if better:
            # A start that is no number is beaten by whatever is one.
            self.best_score = score if math.isfinite(score) else -math.inf
            self.best = self._model.get_weights()
        return better

"""How a float model does on all photographs that it has not learnt from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from insect_converter import calibration, rejection
from insect_converter.batches import PlainBatches
from insect_converter.split import Part
from insect_converter.views import Views, model_views
from insect_edge import preprocess
from insect_edge.domain import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_converter.recipes import Recipe
    from insect_converter.training_set import TrainingSet

SMALL = 0.6
"""Of its size, at which each photograph is shown once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Of one trained model; shares in [0, 1].

    Attributes:
        top1: of the animals, named right.
        small: the same, each photograph at 0.6 of its size, mirrored around.
        loss: mean negative log-likelihood of all photographs at the temperature that suits the model best: it tells
            models apart that name as many right.
        auroc: chance that a known animal is more familiar, by its largest logit, than an unknown insect; None where
            there are no unknown insects.
    """

    top1: float
    small: float
    loss: float
    auroc: float | None

    def as_dict(self) -> dict[str, float | None]:
        """By name."""
        return asdict(self)


def scores(model: Any, data: TrainingSet, recipe: Recipe, *, strangers: Sequence[NDArray[np.uint8]] = ()) -> Scores:
    """Ask a model about validation and test photographs.

    Args:
        model: float, ends in logits.
        data: divided.
        recipe: the model's.
        strangers: (height, width, 3) uint8, B, G, R: insects without a name that it has not learnt from.
    """
    parts = [model_views(data, part, recipe) for part in (Part.VALIDATION, Part.TEST)]
    views = Views(
        pixels=np.concatenate([part.pixels for part in parts]), targets=np.concatenate([part.targets for part in parts])
    )
    truth = views.targets.argmax(axis=1)
    animal = np.array([recipe.facts(name).role is not Role.BACKGROUND for name in data.labels])
    known = animal[truth]
    logits = _logits(model, views.pixels, recipe)
    small = _logits(model, np.stack([shrunk(view, share=SMALL) for view in views.pixels]), recipe)
    return Scores(
        top1=float(np.mean((logits.argmax(axis=1) == truth)[known])),
        small=float(np.mean((small.argmax(axis=1) == truth)[known])),
        loss=calibration.least_loss(logits, truth),
        auroc=_auroc(model, logits[known], strangers, recipe=recipe, animal=animal),
    )


def shrunk(view: NDArray[np.uint8], *, share: float) -> NDArray[np.uint8]:
    """A view at a share of its size in the middle, mirrored around.

    Args:
        view: (size, size, 3) uint8.
        share: of the side, above 0.5, since a mirror shows no more than there is.
    """
    size = view.shape[0]
    side = max(1, round(size * share))
    before = (size - side) // 2
    after = size - side - before
    small = cv2.resize(view, (side, side), interpolation=cv2.INTER_AREA)
    framed: NDArray[np.uint8] = np.asarray(
        cv2.copyMakeBorder(small, before, after, before, after, cv2.BORDER_REFLECT_101), dtype=np.uint8
    )
    return framed


def _auroc(
    model: Any,
    known: NDArray[np.float32],
    strangers: Sequence[NDArray[np.uint8]],
    *,
    recipe: Recipe,
    animal: NDArray[np.bool_],
) -> float | None:
    if not strangers:
        return None
    contract = recipe.contract()
    views = [preprocess.to_model_pixels(pixels, region=None, contract=contract) for pixels in strangers]
    unknown = _logits(model, np.stack(views), recipe)
    return rejection.separation(known[:, animal].max(axis=1), unknown[:, animal].max(axis=1)).auroc


def _logits(model: Any, pixels: NDArray[np.uint8], recipe: Recipe) -> NDArray[np.float32]:
    answers: NDArray[np.float32] = model.predict(PlainBatches(pixels, contract=recipe.contract()), verbose=0)
    return answers

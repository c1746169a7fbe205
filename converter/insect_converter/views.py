"""What training sees of the photographs: a part of them as the Pi would see it, and random views of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from insect_converter import balance, taxonomy
from insect_converter.batches import AugmentedBatches, LabelPlan
from insect_converter.recipe_parts import Balance
from insect_converter.split import Part
from insect_edge import preprocess
from insect_edge.domain import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_converter.recipes import Recipe
    from insect_converter.training_set import TrainingSet
    from insect_edge.card import InputContract


class Shown:
    """Views of photographs as the Pi would see them, made when asked for: training has many, and sees each once."""

    def __init__(self, pictures: Sequence[NDArray[np.uint8]], *, contract: InputContract) -> None:
        """Hold the photographs: (height, width, 3) uint8 each, B, G, R."""
        self._pictures, self._contract = pictures, contract

    def __len__(self) -> int:
        """How many there are."""
        return len(self._pictures)

    def __getitem__(self, part: slice) -> NDArray[np.uint8]:
        """Some of them: (views, size, size, 3) uint8, R, G, B."""
        chosen = self._pictures[part]
        return np.stack([preprocess.to_model_pixels(each, region=None, contract=self._contract) for each in chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """A part of the photographs as the Pi would see it.

    Attributes:
        pixels: (photographs, size, size, 3) uint8, R, G, B.
        targets: (photographs, labels) one-hot.
    """

    pixels: NDArray[np.uint8]
    targets: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassingViews:
    """The same of a part that is too large to hold: its views are made as they are asked for.

    Attributes:
        pixels: slices of it are those of `Views`.
        targets: (photographs, labels) one-hot.
    """

    pixels: Shown
    targets: NDArray[np.float32]


def model_views(data: TrainingSet, part: Part, recipe: Recipe) -> Views:
    """Pass a part through the Pi's own preprocessing."""
    passing = passing_views(data, part, recipe)
    return Views(pixels=passing.pixels[:], targets=passing.targets)


def passing_views(data: TrainingSet, part: Part, recipe: Recipe) -> PassingViews:
    """The same, without holding them all."""
    pixels, labels = data.arrays(part)
    targets = np.eye(len(data.labels), dtype=np.float32)[labels]
    return PassingViews(pixels=Shown(pixels, contract=recipe.contract()), targets=targets)


def training_batches(data: TrainingSet, recipe: Recipe, *, seed: int) -> AugmentedBatches:
    """Random views of the photographs to learn from."""
    pixels, labels = data.arrays(Part.TRAIN)
    strangers = list(data.strangers) * recipe.fine_tuning.unknown_repeat
    return AugmentedBatches(
        pixels + strangers,
        labels + [len(data.labels)] * len(strangers),
        plan=recipe.fine_tuning,
        treatment=_treatment(data.labels, np.asarray(labels), recipe),
        seed=seed,
        contract=recipe.contract(),
    )


def occurrences(data: TrainingSet, recipe: Recipe) -> NDArray[np.int64]:
    """How many views of each label an epoch has, as far as the network could learn that: (labels,)."""
    if recipe.balance is not Balance.NONE:
        return np.ones(len(data.labels), dtype=np.int64)
    _, labels = data.arrays(Part.TRAIN)
    counts = np.bincount(labels, minlength=len(data.labels))
    if not recipe.fine_tuning.epochs:
        return counts
    repeated = [recipe.facts(name).role is Role.BACKGROUND for name in data.labels]
    return counts * np.where(repeated, recipe.fine_tuning.background_repeat, 1)


def photograph_weights(recipe: Recipe, targets: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """How much each photograph counts where no epoch can be composed of views; None for all the same.

    Args:
        recipe: its balance.
        targets: (photographs, labels) one-hot.
    """
    if recipe.balance is Balance.NONE:
        return None
    labels = targets.argmax(axis=1)
    weights: NDArray[np.float32] = balance.label_weights(labels, count=targets.shape[1])[labels]
    return weights


def smoothing_of(recipe: Recipe, labels: Sequence[str]) -> NDArray[np.float32] | None:
    """What becomes of each label's one-hot target by its kin; None leaves it."""
    share = recipe.fine_tuning.taxonomy_smoothing
    return taxonomy.smoothing([recipe.facts(label).taxon for label in labels], share=share) if share else None


def _targets(count: int, background: set[int]) -> NDArray[np.float32]:
    """One-hot, and in one more row what an insect without a name is: any of the animals as much as another."""
    animals = np.array([index not in background for index in range(count)])
    # Without a single animal no row would sum to one.
    alike = animals / animals.sum() if animals.any() else np.full(count, 1 / count)
    targets: NDArray[np.float32] = np.vstack([np.eye(count), alike]).astype(np.float32)
    return targets


def _treatment(names: Sequence[str], labels: NDArray[np.int64], recipe: Recipe) -> LabelPlan:
    background = {index for index, name in enumerate(names) if recipe.facts(name).role is Role.BACKGROUND}
    weighted = recipe.balance is Balance.WEIGHTS
    # One more than there are labels: the insects without a name.
    return LabelPlan(
        augmentations=[
            recipe.background_augmentation if index in background else recipe.augmentation
            for index in range(len(names) + 1)
        ],
        targets=_targets(len(names), background),
        background=background,
        smoothing=smoothing_of(recipe, names),
        weights=balance.label_weights(labels, count=len(names)) if weighted else None,
        sampled=recipe.balance is Balance.SAMPLING,
    )

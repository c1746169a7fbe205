"""Batches for training: every view is drawn from a seed, the epoch and the photograph, so a run can be repeated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import keras
import numpy as np

from insect_converter import balance, mixing
from insect_converter.augment import Augmentation, inset, random_view
from insect_edge import preprocess
from insect_edge.card import InputContract

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from insect_converter.recipe_parts import FineTuning
    from insect_converter.views import Shown

_PLAIN_BATCH = 32
_MOBILENET = InputContract(width=224, height=224)
"""Its range of real values is what networks are fed unless somebody says otherwise."""
_GROWTH = 32
"""Sides of growing views are multiples of this: MobileNetV2 halves a picture five times."""


class PlainBatches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras ships no types
    """Views as they are, made real batch by batch so that memory holds bytes, not floats."""

    def __init__(
        self,
        views: NDArray[np.uint8] | Shown,
        targets: NDArray[np.float32] | None = None,
        *,
        contract: InputContract = _MOBILENET,
    ) -> None:
        """Hold the views.

        Args:
            views: (photographs, size, size, 3) uint8, R, G, B; or what makes slices of that.
            targets: (photographs, labels) one-hot; None to predict.
            contract: says what a byte is as a real value.
        """
        super().__init__()
        self._views = views
        self._targets = targets
        self._contract = contract

    @property
    def targets(self) -> NDArray[np.float32]:
        """(photographs, labels) one-hot.

        Raises:
            ValueError: when these are to be predicted.
        """
        if self._targets is None:
            raise ValueError("these views have no targets: give them when they are made")
        return self._targets

    def __len__(self) -> int:
        """How many batches there are."""
        return math.ceil(len(self._views) / _PLAIN_BATCH)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], ...]:
        """One batch: views as real values, and targets where there are."""
        part = slice(index * _PLAIN_BATCH, (index + 1) * _PLAIN_BATCH)
        real = preprocess.normalize(self._views[part], self._contract)
        return (real,) if self._targets is None else (real, self._targets[part])


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one step learns from.

    Attributes:
        views: (batch, size, size, 3) float32 as the network takes them, R, G, B.
        targets: (batch, labels) float32, each row a distribution.
        weights: (batch,) float32, how much each view counts; None for all the same.
    """

    views: NDArray[np.float32]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPlan:
    """How the labels are treated, each field by label index.

    Attributes:
        augmentations: how each label's photographs are augmented; one for every label.
        targets: (len(augmentations), labels) float32, what is to be answered to each; None for one-hot.
        background: indices of the labels that are no animal.
        smoothing: (labels, labels) float32, what becomes of each one-hot target; None leaves it.
        weights: (labels,) float32, how much a photograph counts; None for all the same.
        sampled: whether an epoch has as many views of each label.
    """

    augmentations: Sequence[Augmentation]
    targets: NDArray[np.float32] | None = None
    background: Collection[int] = ()
    smoothing: NDArray[np.float32] | None = None
    weights: NDArray[np.float32] | None = None
    sampled: bool = False


class AugmentedBatches:
    """Random views of photographs, shuffled anew each epoch; a batch depends on nothing but its epoch and place."""

    def __init__(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        labels: Sequence[int],
        *,
        plan: FineTuning,
        treatment: LabelPlan,
        seed: int,
        contract: InputContract = _MOBILENET,
    ) -> None:
        """Hold the photographs; nothing is drawn yet.

        Args:
            pictures: (height, width, 3) uint8, B, G, R.
            labels: index of each.
            plan: of the stage: size of the views, batches, mixing, repeats of the background.
            treatment: of the labels.
            seed: of the run.
            contract: says what a byte is as a real value.
        """
        self._pictures = pictures
        self._labels = np.asarray(labels)
        self._plan = plan
        self._treatment = treatment
        self._is_background = np.isin(self._labels, list(treatment.background))
        self._backgrounds = np.flatnonzero(self._is_background)
        self._repeated = repeat_background(self._labels, background=treatment.background, times=plan.background_repeat)
        one_hot = np.eye(len(treatment.augmentations), dtype=np.float32)
        self._targets = one_hot if treatment.targets is None else treatment.targets
        self._seed = seed
        self._contract = contract

    def __len__(self) -> int:
        """Steps an epoch."""
        return math.ceil(len(self._repeated) / self._plan.batch_size)

    def batch(self, epoch: int, index: int) -> Batch:
        """One batch.

        Args:
            epoch: from 1.
            index: of the batch in its epoch, from 0.
        """
        positions = self._positions(epoch)
        order = np.random.default_rng((self._seed, epoch)).permutation(len(positions))
        places = order[index * self._plan.batch_size : (index + 1) * self._plan.batch_size]
        chosen = positions[places]
        views = np.stack([self._view(int(chosen[at]), draw=int(places[at]), epoch=epoch) for at in range(len(places))])
        shares = self._targets[self._labels[chosen]]
        self._mix(views, shares, ~self._is_background[chosen], epoch=epoch, index=index)
        smoothing, weights = self._treatment.smoothing, self._treatment.weights
        return Batch(
            views=preprocess.normalize(views, self._contract),
            targets=shares if smoothing is None else shares @ smoothing,
            weights=None if weights is None else shares @ weights,
        )

    def _positions(self, epoch: int) -> NDArray[np.int64]:
        """Which photographs an epoch has."""
        if not self._treatment.sampled:
            return self._repeated
        generator = np.random.default_rng((self._seed, epoch, len(self._pictures), len(self)))
        return balance.sampled(self._labels, generator=generator)

    def _view(self, position: int, *, draw: int, epoch: int) -> NDArray[np.uint8]:
        """A photograph's view; a repeated one has another for each place it has in the epoch."""
        generator = np.random.default_rng((self._seed, epoch, draw))
        side = side_at(self._plan, epoch)
        view = self._drawn(position, generator, side=side)
        chance = self._treatment.augmentations[self._labels[position]].inset
        if len(self._backgrounds) and generator.random() < chance:
            behind = self._drawn(int(generator.choice(self._backgrounds)), generator, side=side)
            view = inset(view, behind, generator=generator)
        return cast("NDArray[np.uint8]", cv2.cvtColor(view, cv2.COLOR_BGR2RGB))

    def _drawn(self, position: int, generator: np.random.Generator, *, side: int) -> NDArray[np.uint8]:
        plan = self._treatment.augmentations[self._labels[position]]
        return random_view(self._pictures[position], size=side, plan=plan, generator=generator)

    def _mix(
        self,
        views: NDArray[np.uint8],
        shares: NDArray[np.float32],
        animals: NDArray[np.bool_],
        *,
        epoch: int,
        index: int,
    ) -> None:
        """Mix a batch's animals among themselves; with a background, a small animal would count as none."""
        generator = np.random.default_rng((self._seed, epoch, len(self._repeated), index))
        lot = generator.random()
        if lot < self._plan.mixup:
            views[animals], shares[animals] = mixing.mixup(views[animals], shares[animals], generator=generator)
        elif lot < self._plan.mixup + self._plan.cutmix:
            views[animals], shares[animals] = mixing.cutmix(views[animals], shares[animals], generator=generator)


def side_at(plan: FineTuning, epoch: int) -> int:
    """Side of the views of an epoch (from 1) in pixels, growing in even steps where the plan says so."""
    if not plan.first_image_size:
        return plan.image_size
    steps = (plan.image_size - plan.first_image_size) // _GROWTH + 1
    return plan.first_image_size + _GROWTH * min(steps - 1, (epoch - 1) * steps // max(1, plan.epochs))


def repeat_background(labels: NDArray[np.int64], *, background: Collection[int], times: int) -> NDArray[np.int64]:
    """Positions of the photographs in an epoch, those of the background's labels several times."""
    return np.repeat(np.arange(len(labels)), np.where(np.isin(labels, list(background)), times, 1))

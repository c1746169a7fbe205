"""Batches for training: every view is drawn from a seed, the epoch and the photograph, so a run can be repeated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import cv2
import keras
import numpy as np

from insect_converter import mixing
from insect_converter.augment import Augmentation, inset, random_view

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from insect_converter.recipes import FineTuning

_PLAIN_BATCH = 32


class PlainBatches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras ships no types
    """Views as they are, made real batch by batch so that memory holds bytes, not floats."""

    def __init__(self, views: NDArray[np.uint8], targets: NDArray[np.float32] | None = None) -> None:
        """Hold the views.

        Args:
            views: (photographs, size, size, 3) uint8, R, G, B.
            targets: (photographs, labels) one-hot; None to predict.
        """
        super().__init__()
        self._views = views
        self._targets = targets

    def __len__(self) -> int:
        """How many batches there are."""
        return math.ceil(len(self._views) / _PLAIN_BATCH)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], ...]:
        """One batch: views in [-1, 1], and targets where there are."""
        part = slice(index * _PLAIN_BATCH, (index + 1) * _PLAIN_BATCH)
        real = _real(self._views[part])
        return (real,) if self._targets is None else (real, self._targets[part])


class AugmentedBatches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras ships no types
    """Random views of photographs, shuffled anew each epoch."""

    def __init__(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        labels: Sequence[int],
        *,
        plan: FineTuning,
        augmentations: Sequence[Augmentation],
        background: Collection[int],
        seed: int,
    ) -> None:
        """Hold the photographs; nothing is drawn yet.

        Args:
            pictures: (height, width, 3) uint8, B, G, R.
            labels: index of each.
            plan: of the stage: size of the views, batches, mixing, repeats of the background.
            augmentations: how each label's photographs are augmented, by label index; one for every label.
            background: indices of the labels that are no animal.
            seed: of the run.
        """
        # One thread draws ahead while the step runs; more would take processors from it.
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=6)
        self._pictures = pictures
        self._labels = np.asarray(labels)
        self._plan = plan
        self._augmentations = augmentations
        self._is_background = np.isin(self._labels, list(background))
        self._backgrounds = np.flatnonzero(self._is_background)
        self._positions = repeat_background(self._labels, background=background, times=plan.background_repeat)
        self._targets = np.eye(len(augmentations), dtype=np.float32)
        self._seed = seed
        self._epoch = 0

    def __len__(self) -> int:
        """Steps an epoch."""
        return math.ceil(len(self._positions) / self._plan.batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """One batch: views in [-1, 1], R, G, B, and targets: one-hot, or shares where views were mixed."""
        order = np.random.default_rng((self._seed, self._epoch)).permutation(len(self._positions))
        places = order[index * self._plan.batch_size : (index + 1) * self._plan.batch_size]
        chosen = self._positions[places]
        views = np.stack([self._view(int(chosen[at]), draw=int(places[at])) for at in range(len(places))])
        targets = self._targets[self._labels[chosen]]
        self._mix(views, targets, ~self._is_background[chosen], index=index)
        return _real(views), targets

    def on_epoch_end(self) -> None:
        """The next epoch sees other views in another order."""
        self._epoch += 1

    def _view(self, position: int, *, draw: int) -> NDArray[np.uint8]:
        """A photograph's view; a repeated one has another for each place it has in the epoch."""
        generator = np.random.default_rng((self._seed, self._epoch, draw))
        view = self._drawn(position, generator)
        if len(self._backgrounds) and generator.random() < self._augmentations[self._labels[position]].inset:
            view = inset(view, self._drawn(int(generator.choice(self._backgrounds)), generator), generator=generator)
        return cast("NDArray[np.uint8]", cv2.cvtColor(view, cv2.COLOR_BGR2RGB))

    def _drawn(self, position: int, generator: np.random.Generator) -> NDArray[np.uint8]:
        plan = self._augmentations[self._labels[position]]
        return random_view(self._pictures[position], size=self._plan.image_size, plan=plan, generator=generator)

    def _mix(
        self, views: NDArray[np.uint8], targets: NDArray[np.float32], animals: NDArray[np.bool_], *, index: int
    ) -> None:
        """Mix a batch's animals among themselves; with a background, a small animal would count as none."""
        generator = np.random.default_rng((self._seed, self._epoch, len(self._positions), index))
        lot = generator.random()
        if lot < self._plan.mixup:
            views[animals], targets[animals] = mixing.mixup(views[animals], targets[animals], generator=generator)
        elif lot < self._plan.mixup + self._plan.cutmix:
            views[animals], targets[animals] = mixing.cutmix(views[animals], targets[animals], generator=generator)


def repeat_background(labels: NDArray[np.int64], *, background: Collection[int], times: int) -> NDArray[np.int64]:
    """Positions of the photographs in an epoch, those of the background's labels several times."""
    return np.repeat(np.arange(len(labels)), np.where(np.isin(labels, list(background)), times, 1))


def _real(views: NDArray[np.uint8]) -> NDArray[np.float32]:
    """MobileNetV2's own range: [-1, 1]."""
    scaled: NDArray[np.float32] = views.astype(np.float32) / 127.5 - 1.0
    return scaled

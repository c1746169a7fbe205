"""Batches for training: every view is drawn from a seed, the epoch and the photograph, so a run can be repeated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import cv2
import keras
import numpy as np

from insect_converter.augment import Augmentation, random_view

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray


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
        plans: Sequence[Augmentation],
        label_count: int,
        image_size: int,
        batch_size: int,
        seed: int,
    ) -> None:
        """Hold the photographs; nothing is drawn yet.

        Args:
            pictures: (height, width, 3) uint8, B, G, R; one may occur several times.
            labels: index of each.
            plans: how each label's photographs are augmented, by label index.
            label_count: of the model.
            image_size: side of the views.
            batch_size: views a step.
            seed: of the run.
        """
        # One thread draws ahead while the step runs; more would take processors from it.
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=6)
        self._pictures = pictures
        self._labels = np.asarray(labels)
        self._plans = plans
        self._targets = np.eye(label_count, dtype=np.float32)
        self._image_size = image_size
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def __len__(self) -> int:
        """Steps an epoch."""
        return math.ceil(len(self._pictures) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """One batch: views in [-1, 1], R, G, B, and one-hot targets."""
        order = np.random.default_rng((self._seed, self._epoch)).permutation(len(self._pictures))
        chosen = order[index * self._batch_size : (index + 1) * self._batch_size]
        views = np.stack([self._view(int(position)) for position in chosen])
        return _real(views), self._targets[self._labels[chosen]]

    def on_epoch_end(self) -> None:
        """The next epoch sees other views in another order."""
        self._epoch += 1

    def _view(self, position: int) -> NDArray[np.uint8]:
        generator = np.random.default_rng((self._seed, self._epoch, position))
        plan = self._plans[self._labels[position]]
        view = random_view(self._pictures[position], size=self._image_size, plan=plan, generator=generator)
        return cast("NDArray[np.uint8]", cv2.cvtColor(view, cv2.COLOR_BGR2RGB))


def repeat_background(labels: Sequence[int], *, background: Collection[int], times: int) -> list[int]:
    """Positions of the photographs in an epoch, those of the background's labels several times."""
    return [position for position, label in enumerate(labels) for _ in range(times if label in background else 1)]


def _real(views: NDArray[np.uint8]) -> NDArray[np.float32]:
    """MobileNetV2's own range: [-1, 1]."""
    scaled: NDArray[np.float32] = views.astype(np.float32) / 127.5 - 1.0
    return scaled

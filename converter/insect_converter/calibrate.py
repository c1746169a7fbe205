"""The representative dataset: what the converter sees to choose scales and zero points."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from insect_edge import preprocess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from insect_edge.card import InputContract

PER_LABEL = 20
"""Photographs of each label, at least."""
ALL = 200
"""Photographs in all, at least, where there are so many: ranges settle there."""


def per_label(labels: int) -> int:
    """How many photographs of each label the ranges are fixed with."""
    return max(PER_LABEL, math.ceil(ALL / labels))


def choose(labels: Sequence[int], *, per_label: int, seed: int) -> list[int]:
    """Positions of up to `per_label` photographs of each label, drawn with a seed, labels taking turns.

    Turns matter: the TFLite calibrator keeps the extremes of all pictures, but a run that is cut short should still
    have seen every label.
    """
    generator = np.random.default_rng(seed)
    array = np.asarray(labels)
    drawn = [generator.permutation(np.flatnonzero(array == label))[:per_label].tolist() for label in np.unique(array)]
    rounds = max(len(positions) for positions in drawn)
    return [positions[turn] for turn in range(rounds) for positions in drawn if turn < len(positions)]


def representative(
    pictures: Iterable[NDArray[np.uint8]], *, contract: InputContract
) -> Callable[[], Iterator[list[NDArray[np.float32]]]]:
    """The generator TFLite's converter asks for: float input tensors made by the Pi's own preprocessing.

    Args:
        pictures: (height, width, 3) uint8, B, G, R; taken one by one and kept only at the model's own size, since some
            hundred photographs as cameras make them are more than a desktop's memory.
        contract: of the model.
    """
    views = [preprocess.to_model_pixels(picture, region=None, contract=contract) for picture in pictures]

    def generate() -> Iterator[list[NDArray[np.float32]]]:
        for view in views:
            yield [preprocess.normalize(view, contract)[np.newaxis]]

    return generate

"""The representative dataset: every label in turn, through the Pi's own preprocessing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_converter.calibrate import choose, per_label, representative
from insect_edge import preprocess
from insect_edge.card import InputContract
from support.photographs import draw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LABELS = [0] * 50 + [1] * 3 + [2] * 30


def test_each_label_is_represented_evenly() -> None:
    """No label gives more than asked, and one with fewer gives all it has."""
    chosen = choose(LABELS, per_label=10, seed=1)
    assert np.bincount([LABELS[position] for position in chosen]).tolist() == [10, 3, 10]
    assert len(set(chosen)) == len(chosen)


@pytest.mark.parametrize(("labels", "wanted"), [(2, 100), (3, 67), (10, 20), (13, 20), (100, 20)])
def test_few_labels_give_more_each(labels: int, wanted: int) -> None:
    """Twenty of each, and where labels are few so many that there are two hundred."""
    assert per_label(labels) == wanted


def test_labels_take_turns() -> None:
    """A run that is cut short has seen every label."""
    assert [LABELS[position] for position in choose(LABELS, per_label=10, seed=1)][:6] == [0, 1, 2, 0, 1, 2]


def test_the_seed_decides() -> None:
    """The same seed draws the same photographs, another seed others."""
    assert choose(LABELS, per_label=10, seed=1) == choose(LABELS, per_label=10, seed=1)
    assert choose(LABELS, per_label=10, seed=1) != choose(LABELS, per_label=10, seed=2)


def test_tensors_are_what_the_pi_would_see() -> None:
    """Each is a batch of one in [-1, 1], equal to what preprocessing gives, and they can be had again."""
    contract = InputContract(width=32, height=32)
    pictures = [draw("mantis", seed=seed) for seed in range(3)]
    generate = representative(pictures, contract=contract)
    tensors = [tensor for (tensor,) in generate()]
    expected = [
        preprocess.normalize(preprocess.to_model_pixels(picture, region=None, contract=contract), contract)
        for picture in pictures
    ]
    assert np.array_equal(np.concatenate(tensors), np.stack(expected))
    assert tensors[0].shape == (1, 32, 32, 3)
    assert min(tensor.min() for tensor in tensors) >= -1
    assert len(list(generate())) == 3


def test_photographs_are_taken_one_by_one() -> None:
    """No photograph is kept at its full size: the next is asked for only once the last has been reduced."""
    alive: list[int] = []

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for number in range(4):
            alive.append(number)
            yield np.full((60, 80, 3), number, np.uint8)

    generate = representative(pictures(), contract=InputContract(width=32, height=32))
    assert alive == [0, 1, 2, 3]
    assert [int(tensor[0, 0, 0, 0] * 127.5 + 127.5 + 0.5) for (tensor,) in generate()] == [0, 1, 2, 3]

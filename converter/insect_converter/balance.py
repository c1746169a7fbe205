"""What can be done for labels with few photographs. Pure numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def label_weights(labels: NDArray[np.int64], *, count: int) -> NDArray[np.float32]:
    """How much a photograph of each label counts, so that all labels count the same and the mean weight is 1.

    Args:
        labels: (photographs,) index of each.
        count: of labels; one without a photograph gets 0.

    Returns:
        (count,) float32.
    """
    occurs = np.bincount(labels, minlength=count)
    present = np.count_nonzero(occurs)
    weights = np.zeros(count, dtype=np.float32)
    weights[occurs > 0] = len(labels) / (present * occurs[occurs > 0])
    return weights


def sampled(labels: NDArray[np.int64], *, generator: np.random.Generator) -> NDArray[np.int64]:
    """Positions for an epoch as long as there are photographs, with as many of each label (to one).

    Those of a label are all used before one is used again.

    Args:
        labels: (photographs,) index of each.
        generator: seeded by the caller.

    Returns:
        (photographs,) positions, label by label.
    """
    present = np.unique(labels)
    # The remainder goes to labels drawn by chance, or the first ones would always have more.
    extra = set(generator.permutation(present)[: len(labels) % len(present)].tolist())
    chosen = []
    for label in present.tolist():
        positions = np.flatnonzero(labels == label)
        wanted = len(labels) // len(present) + (label in extra)
        rounds = -(-wanted // len(positions))
        chosen.append(np.concatenate([generator.permutation(positions) for _ in range(rounds)])[:wanted])
    return np.concatenate(chosen)

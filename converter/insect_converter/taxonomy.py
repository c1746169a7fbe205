"""Label smoothing by kinship: who takes a bee for a wasp is less wrong than who takes it for a slug. Pure numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_edge.domain import Taxon

STEP = 3.0
"""How many times as much a relative of one rank gets as one of the next wider rank."""
_RANKS = ("order", "family", "genus")
"""From wide to narrow."""


def smoothing(taxa: Sequence[Taxon | None], *, share: float) -> NDArray[np.float32]:
    """What becomes of each label's one-hot target.

    A label keeps 1 - `share`; the rest goes to its relatives, in proportion to STEP to the power of the narrowest rank
    they have in common: a label of the same genus gets three times what one of the same family gets, and that one
    three times what one of the same order gets (the soft labels of Bertinetto et al., "Making Better Mistakes", 2020,
    whose weights fall exponentially with the distance in the tree, cut off where no rank is shared). A label without
    relatives, such as the background, spreads it evenly, as plain smoothing does.

    Args:
        taxa: by label index; None, or ranks that are None, where nothing is known.
        share: of the target that goes elsewhere, in [0, 1).

    Returns:
        (labels, labels) float32; each row, the target of one label, sums to 1.
    """
    count = len(taxa)
    kin = np.array([[_kinship(one, other) for other in taxa] for one in taxa], dtype=np.float64).reshape(count, count)
    weights = np.where(kin > 0, STEP**kin, 0.0)
    np.fill_diagonal(weights, 0.0)
    others = 1.0 - np.eye(count)
    weights = np.where(weights.sum(axis=1, keepdims=True) > 0, weights, others)
    total = weights.sum(axis=1, keepdims=True)
    spread = np.divide(share * weights, total, out=np.zeros_like(weights), where=total > 0)
    # The label keeps what is left, which is everything where there is no other label.
    spread += np.diag(1.0 - spread.sum(axis=1))
    targets: NDArray[np.float32] = spread.astype(np.float32)
    return targets


def _kinship(one: Taxon | None, other: Taxon | None) -> int:
    """The narrowest rank that two taxa share: 1 for the order, 2 for the family, 3 for the genus; 0 for none."""
    if one is None or other is None:
        return 0
    shared = [
        depth
        for depth, rank in enumerate(_RANKS, start=1)
        if getattr(one, rank) is not None and getattr(one, rank) == getattr(other, rank)
    ]
    return max(shared, default=0)

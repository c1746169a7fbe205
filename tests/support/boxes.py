"""Proposed boxes against true ones: which were found, which were missed, which were nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_edge.domain import Region

LARGEST_AROUND = 6.0
"""A proposal about the middle of a thing may have so many times its area: the model is shown a margin anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Who belongs to whom; positions in the two lists that were compared.

    Attributes:
        hits: (true box, proposal), each of them at most once, best overlap first.
        missed: true boxes without a proposal.
        false: proposals without a true box; a second one of the same animal is one of these.
    """

    hits: tuple[tuple[int, int], ...]
    missed: tuple[int, ...]
    false: tuple[int, ...]

    @property
    def recall(self) -> float:
        """Share of the true boxes that were found; 1 where there are none."""
        total = len(self.hits) + len(self.missed)
        return len(self.hits) / total if total else 1.0

    @property
    def false_share(self) -> float:
        """Share of the proposals that are nothing; 0 where there are none."""
        total = len(self.hits) + len(self.false)
        return len(self.false) / total if total else 0.0


def matched(truths: Sequence[Region], proposals: Sequence[Region], *, iou: float = 0.1) -> Matching:
    """Each true box with the one proposal that fits it best, greedily, best overlap first.

    A proposal fits where its intersection over union is at least `iou`, or its middle lies in the true box and its
    area is at most `LARGEST_AROUND` times that of the true box.

    Args:
        truths: where animals are.
        proposals: where they are said to be, all of one frame.
        iou: the least intersection over union, in (0, 1].
    """
    if not truths or not proposals:
        return Matching(hits=(), missed=tuple(range(len(truths))), false=tuple(range(len(proposals))))
    overlap, inside = _compared(_corners(truths), _corners(proposals))
    rows, columns = np.nonzero((overlap >= iou) | inside)
    best_first = np.argsort(-overlap[rows, columns], kind="stable")
    hits: list[tuple[int, int]] = []
    free_truths, free_proposals = set(range(len(truths))), set(range(len(proposals)))
    for truth, proposal in zip(rows[best_first].tolist(), columns[best_first].tolist(), strict=True):
        if truth in free_truths and proposal in free_proposals:
            hits.append((truth, proposal))
            free_truths.remove(truth)
            free_proposals.remove(proposal)
    return Matching(hits=tuple(hits), missed=tuple(sorted(free_truths)), false=tuple(sorted(free_proposals)))


def _corners(regions: Sequence[Region]) -> NDArray[np.float64]:
    """(boxes, 4): left, top, right, bottom, in fractions."""
    return np.array([(box.x, box.y, box.x + box.width, box.y + box.height) for box in regions], np.float64)


def _compared(
    truths: NDArray[np.float64], proposals: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """For every true box (row) and proposal (column): intersection over union; whether the middle fits."""
    true, proposed = truths[:, None], proposals[None]
    sides = np.minimum(true[..., 2:], proposed[..., 2:]) - np.maximum(true[..., :2], proposed[..., :2])
    shared = np.prod(np.clip(sides, 0, None), axis=-1)
    true_area = np.prod(true[..., 2:] - true[..., :2], axis=-1)
    proposed_area = np.prod(proposed[..., 2:] - proposed[..., :2], axis=-1)
    middle = (proposed[..., :2] + proposed[..., 2:]) / 2
    around = np.all((middle >= true[..., :2]) & (middle <= true[..., 2:]), axis=-1)
    inside = around & (proposed_area <= LARGEST_AROUND * true_area)
    return shared / (true_area + proposed_area - shared), inside

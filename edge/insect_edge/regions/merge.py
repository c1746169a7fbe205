"""Joining, ranking and bounding of proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from insect_edge.domain import Region
from insect_edge.sightings import Found, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from insect_edge.sightings import Proposal

SAME = 0.3
"""Intersection over union from which on two boxes are of one animal."""
INSIDE = 0.7
"""Part of the smaller box within the larger from which on they are of one animal, too."""


def intersection(one: Region, other: Region) -> float:
    """The area two regions share, as a part of the frame."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(across, 0.0) * max(down, 0.0)


def overlap(one: Region, other: Region) -> float:
    """Intersection over union of two regions, in [0, 1]."""
    shared = intersection(one, other)
    return shared / (one.width * one.height + other.width * other.height - shared)


def around(regions: Sequence[Region]) -> Region:
    """The smallest region that holds all of them, of at least one."""
    left, top = min(region.x for region in regions), min(region.y for region in regions)
    right = min(max(region.x + region.width for region in regions), 1.0)
    bottom = min(max(region.y + region.height for region in regions), 1.0)
    return Region(x=left, y=top, width=right - left, height=bottom - top)


def distinct(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Each thing once, by its strongest proposal, strongest first.

    An animal that rests goes before all others: what is known of it would be lost if it were looked at afresh.
    """
    ranked = sorted(proposals, key=_rank)
    alike = _same(ranked, ranked)
    kept: list[int] = []
    for number in range(len(ranked)):
        if not alike[number, kept].any():
            kept.append(number)
    return sorted((ranked[number] for number in kept), key=lambda proposal: -proposal.strength)


def strangers(proposals: Sequence[Proposal], known: Sequence[Proposal]) -> list[Proposal]:
    """Those that are of no thing known, in their order; for hundreds of either."""
    strange = np.flatnonzero(np.all(~_same(proposals, known), axis=1))
    return [proposals[number] for number in strange.tolist()]


def _same(ones: Sequence[Proposal], others: Sequence[Proposal]) -> NDArray[np.bool_]:
    """(ones, others): which are of one thing, much alike or one mostly within the other."""
    (x, y, width, height), (other_x, other_y, other_width, other_height) = _sides(ones), _sides(others)
    across = np.minimum.outer(x + width, other_x + other_width) - np.maximum.outer(x, other_x)
    down = np.minimum.outer(y + height, other_y + other_height) - np.maximum.outer(y, other_y)
    shared = np.maximum(across, 0) * np.maximum(down, 0)
    areas, other_areas = width * height, other_width * other_height
    either, smaller = np.add.outer(areas, other_areas) - shared, np.minimum.outer(areas, other_areas)
    return cast("NDArray[np.bool_]", (shared >= SAME * either) | (shared >= INSIDE * smaller))


def _sides(proposals: Sequence[Proposal]) -> NDArray[np.float64]:
    """(4, proposals): left, top, width and height of each."""
    boxes = [(one.region.x, one.region.y, one.region.width, one.region.height) for one in proposals]
    return np.array(boxes, np.float64).reshape(-1, 4).T


def bounded(proposals: Iterable[Proposal], *, most: int, settled: bool = True) -> Found:
    """The strongest, and how many more there were.

    Animals that rest are all given, and before the bound: they cost no inference, and there are no more of them than
    are watched.

    Args:
        proposals: in any order; the order of equally strong ones is kept.
        most: of those that do not rest.
        settled: as of `Found`.
    """
    ranked = sorted(proposals, key=lambda proposal: -proposal.strength)
    room, kept = most, []
    for proposal in ranked:
        if proposal.origin is Origin.REST:
            kept.append(proposal)
        elif room > 0:
            room -= 1
            kept.append(proposal)
    return Found(proposals=tuple(kept), skipped=len(ranked) - len(kept), settled=settled)


def _rank(proposal: Proposal) -> tuple[bool, float]:
    return proposal.origin is not Origin.REST, -proposal.strength

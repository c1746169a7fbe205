"""Which sightings speak for an animal: all that a finder found; of parts of a frame looked at anyhow, those named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.domain import BACKGROUND, Role
from insect_edge.sightings import Origin
from insect_edge.tracking.box import Box

if TYPE_CHECKING:
    from collections.abc import Iterable

    from insect_edge.domain import Region, Verdict
    from insect_edge.sightings import Sighting

FIXED = frozenset({Origin.WHOLE, Origin.AREA, Origin.TILE})
"""These are looked at whether or not anything is there."""


def present(sightings: Iterable[Sighting]) -> list[Sighting]:
    """The sightings an animal may be behind; of tiles that overlap and show the same, the surest."""
    found: list[Sighting] = []
    fixed: list[tuple[Sighting, Verdict]] = []
    for sighting in sightings:
        verdict = None if sighting.classification is None else sighting.classification.verdict
        if sighting.proposal.origin not in FIXED:
            found.append(sighting)
        elif verdict is not None and verdict.role is not Role.BACKGROUND and verdict.label != BACKGROUND:
            fixed.append((sighting, verdict))
    fixed.sort(key=lambda pair: (-pair[1].score, order(pair[0])))
    kept: list[tuple[Sighting, Verdict]] = []
    for sighting, verdict in fixed:
        if not any(verdict.label == other.label and _overlap(sighting, one) for one, other in kept):
            kept.append((sighting, verdict))
    return found + [sighting for sighting, _ in kept]


def not_looked_at(sightings: Iterable[Sighting]) -> list[Region]:
    """Parts that are looked at in turns, and were not this time."""
    return [one.proposal.region for one in sightings if one.proposal.origin in FIXED and one.classification is None]


def order(sighting: Sighting) -> tuple[float, float, float, float, str, float]:
    """By which sightings can be sorted, so that it does not matter in which order they come."""
    region, proposal = sighting.proposal.region, sighting.proposal
    return region.x, region.y, region.width, region.height, proposal.origin, proposal.strength


def _overlap(one: Sighting, other: Sighting) -> bool:
    boxes = [Box.of(sighting.proposal.region, aspect=1.0) for sighting in (one, other)]
    return boxes[0].shared(boxes[1]) > 0

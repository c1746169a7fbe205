"""Animals that rest: whether what was seen of them is still to be seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.regions.steady import STEADY
from insect_edge.sightings import Origin, Proposal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from insect_edge.domain import Region
    from insect_edge.regions.steady import Shift

    Picture = NDArray[np.float32]
    Window = tuple[slice, slice]

_AROUND = 0.15
"""Of a box, on each side: the outline is part of what is compared."""
_ALIKE = 0.85
"""Correlation from which on two patches show the same. One that has moved by a tenth of its length falls below."""
_STILL_UNUSUAL = 0.5
"""Part of what was unlike the background that must be so still."""
_FLAT = 3.0
"""Brightness: patches that differ by no more, in the same light, are alike whatever their correlation."""
_STANDS_OUT = 2.5
"""Times the spread around it that something there differs from its surroundings, at least."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Patch:
    """What a place looked like.

    Attributes:
        core: the place.
        window: the place and a little around it.
        picture: of the window, without noise.
        unusual: share of the core that was not like the background.
    """

    core: Window
    window: Window
    picture: Picture
    unusual: float


class Resting:
    """Remembers what watched places looked like when they were proposed."""

    def __init__(self) -> None:
        self._patches: dict[Region, _Patch] = {}
        self._windows: dict[Region, Window] = {}
        self._proposed: frozenset[Region] = frozenset()
        self._shift: Shift = STEADY
        self._before: Picture | None = None
        self._excess: Picture | None = None

    def unchanged(
        self, picture: Picture, watched: Sequence[Region], *, excess: Picture | None = None
    ) -> list[Proposal]:
        """The watched places at which nothing has changed since, each as it was given.

        Where something was unlike the background it must be still: a leaf that has swung back is no animal that rests.

        Args:
            picture: (rows, columns) float32, the brightness now, moved back to where the first picture lay.
            watched: as they were proposed, or returned from here.
            excess: (rows, columns) float32, above 1 where the picture is not like the background; None where no
                background is known.
        """
        self._patches = dict(self._known(picture, watched))
        self._windows = {
            region: patch.core
            for region, patch in self._patches.items()
            if _unusual(excess, patch.core) >= _STILL_UNUSUAL * patch.unusual
            and alike(patch.picture, _smooth(picture, patch.window))
        }
        return [Proposal(region=region, origin=Origin.REST, strength=1.0) for region in self._windows]

    def remember(
        self,
        picture: Picture,
        proposals: Sequence[Proposal],
        *,
        shift: Shift = STEADY,
        excess: Picture | None = None,
    ) -> None:
        """Keep what this frame proposes and looks like, for the next.

        Args:
            picture: as for `unchanged`.
            proposals: in places of the frame as it was.
            shift: by how much the picture was moved back.
            excess: as for `unchanged`.
        """
        self._proposed = frozenset(proposal.region for proposal in proposals)
        self._shift, self._before, self._excess = shift, picture, excess

    def also(self, proposals: Sequence[Proposal]) -> None:
        """More that is proposed in the frame that was remembered last."""
        self._proposed |= {proposal.region for proposal in proposals}

    def forgive(self) -> None:
        """The background is learned anew: nothing has to be unlike it any more."""
        self._excess = None
        self._patches = {region: replace(patch, unusual=0.0) for region, patch in self._patches.items()}

    def windows(self) -> list[Window]:
        """Where in the newest picture the places lie at which nothing has changed."""
        return list(self._windows.values())

    def watched_windows(self) -> list[Window]:
        """Where in the newest picture all watched places lie."""
        return [patch.core for patch in self._patches.values()]

    def _known(self, picture: Picture, watched: Sequence[Region]) -> Iterable[tuple[Region, _Patch]]:
        if self._before is None:
            # Watched before anything was proposed: known from an earlier run, which left no picture.
            standing = [region for region in watched if stands_out(picture, region)]
            return [(region, _patch(picture, region, shift=STEADY, excess=None)) for region in standing]
        if self._before.shape != picture.shape:
            return ()
        found = ((region, self._remembered(region)) for region in watched)
        return [(region, patch) for region, patch in found if patch is not None]

    def _remembered(self, region: Region) -> _Patch | None:
        patch = self._patches.get(region)
        if patch is None and region in self._proposed and self._before is not None:
            patch = _patch(self._before, region, shift=self._shift, excess=self._excess)
        return patch


def _patch(picture: Picture, region: Region, *, shift: Shift, excess: Picture | None) -> _Patch:
    core, window = (_window(picture, region, around=around, shift=shift) for around in (0.0, _AROUND))
    return _Patch(core=core, window=window, picture=_smooth(picture, window), unusual=_unusual(excess, core))


def _unusual(excess: Picture | None, window: Window) -> float:
    return float(np.mean(excess[window] > 1)) if excess is not None else 0.0


def alike(one: Picture, other: Picture) -> bool:
    """Whether two patches show the same in whatever light.

    Args:
        one: (rows, columns) float32.
        other: the same shape.
    """
    first, second = one - one.mean(), other - other.mean()
    strength, weight = float((first * second).sum()), float((first * first).sum())
    gain = strength / weight if weight > 0 else 1.0
    if np.sqrt(np.square(second - gain * first).mean()) <= _FLAT and 0.5 <= gain <= 2:  # noqa: PLR2004 - light halves or doubles
        return True
    return strength >= _ALIKE * float(np.sqrt(weight * float((second * second).sum())))


def stands_out(picture: Picture, region: Region) -> bool:
    """Whether something in a region differs from what is around it."""
    inner, outer = _window(picture, region, around=0.0), _window(picture, region, around=0.6)
    ring = np.ones(picture.shape, bool)
    ring[inner] = False
    surroundings = picture[outer][ring[outer]]
    if not len(surroundings):
        return False
    apart = np.abs(picture[inner] - surroundings.mean())
    return bool(np.quantile(apart, 0.8) > _STANDS_OUT * max(float(surroundings.std()), 2.0))


def _smooth(picture: Picture, window: Window) -> Picture:
    """A copy of a part, without noise."""
    return cv2.blur(picture[window], (3, 3)).astype(np.float32, copy=False)


def _window(picture: Picture, region: Region, *, around: float, shift: Shift = STEADY) -> Window:
    rows, columns = picture.shape
    across, down = around * region.width, around * region.height
    left, right = (region.x - across) * columns, (region.x + region.width + across) * columns
    top, bottom = (region.y - down) * rows, (region.y + region.height + down) * rows
    return _span(top - shift[1], bottom - shift[1], room=rows), _span(left - shift[0], right - shift[0], room=columns)


def _span(start: float, stop: float, *, room: int) -> slice:
    first = min(max(round(start), 0), room - 1)
    return slice(first, max(min(round(stop), room), first + 1))

"""Animals that rest: whether what was seen of them is still to be seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.regions.movers import meetings
from insect_edge.regions.steady import STEADY
from insect_edge.sightings import Origin, Proposal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from insect_edge.domain import Region
    from insect_edge.regions.movers import Mover
    from insect_edge.regions.steady import Shift

    Mask = NDArray[np.bool_]
    Picture = NDArray[np.float32]
    Window = tuple[slice, slice]

_AROUND = 0.15
"""Of a box, on each side: the outline is part of what is compared."""
_ALIKE = 0.85
"""Correlation from which on two patches show the same. One that has moved by a tenth of its length falls below."""
_STILL_UNUSUAL = 0.5
"""Part of what was unlike the background that must be so still."""
_HALF_UNUSUAL = 0.8
"""The same where only half is compared."""
_HALF_FULL = 0.25
"""Part of a half that an animal fills, at least, for that half to tell whether it is still there."""
_FLAT = 3.0
"""Brightness: patches that differ by no more, in the same light, are alike whatever their correlation."""
_CREPT = 0.2
"""Of the length of a thing: who is so far from where it was has crept on, although it looks as it did."""
_BY_CHANCE = 1.0
"""Pixels by which the middle of a box jumps with the noise."""
_AS_LARGE = 1.5
"""Times the area of a place, or a part of it, that the box of what was seen there has at most, or at least."""
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
        thing: which pixels of the window were not; None where no background was known.
        rested: whether all of it was still there a frame later.
    """

    core: Window
    window: Window
    picture: Picture
    unusual: float
    thing: Mask | None
    rested: bool = False


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
        Half of one that rested before is enough: another one may have walked upon it.

        Args:
            picture: (rows, columns) float32, the brightness now, moved back to where the first picture lay.
            watched: as they were proposed, or returned from here.
            excess: (rows, columns) float32, above 1 where the picture is not like the background; None where no
                background is known.
        """
        self._patches = dict(self._known(picture, watched))
        self._windows = {}
        for region, patch in self._patches.items():
            now = _smooth(picture, patch.window)
            if _is_there(patch, now, excess):
                self._patches[region] = replace(patch, rested=True)
                self._windows[region] = patch.core
            elif patch.rested and _is_half_there(patch, now, excess):
                self._windows[region] = patch.core
        return self._resting()

    def still(self, found: Sequence[Mover]) -> list[Proposal]:
        """Those of the unchanged places from which no thing has crept on.

        Args:
            found: what is unlike the background, in places of the picture of which `unchanged` was told.
        """
        touched = meetings(list(self._windows.values()), [mover.window for mover in found])
        self._windows = {
            region: core
            for (region, core), near in zip(self._windows.items(), touched, strict=True)
            if not any(_crept(core, found[number]) for number in near)
        }
        return self._resting()

    def _resting(self) -> list[Proposal]:
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
        self._patches = {region: replace(patch, unusual=0.0, thing=None) for region, patch in self._patches.items()}

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
    return _Patch(
        core=core,
        window=window,
        picture=_smooth(picture, window),
        unusual=_unusual(excess, core),
        thing=excess[window] > 1 if excess is not None else None,
    )


def _is_there(patch: _Patch, now: Picture, excess: Picture | None) -> bool:
    """Whether what was to be seen at a place is still there."""
    return _unusual(excess, patch.core) >= _STILL_UNUSUAL * patch.unusual and alike(patch.picture, now)


def _is_half_there(patch: _Patch, now: Picture, excess: Picture | None) -> bool:
    """Whether one half of it is."""
    if excess is None or patch.thing is None:
        return False
    for half in _halves(now.shape):
        was, still = float(np.mean(patch.thing[half])), float(np.mean(excess[patch.window][half] > 1))
        if was >= _HALF_FULL and still >= _HALF_UNUSUAL * was and alike(patch.picture[half], now[half]):
            return True
    return False


def _halves(shape: tuple[int, ...]) -> tuple[Window, ...]:
    rows, columns = (max(side // 2, 1) for side in shape)
    every = slice(None)
    return (
        (slice(None, rows), every),
        (slice(-rows, None), every),
        (every, slice(None, columns)),
        (every, slice(-columns, None)),
    )


def _crept(core: Window, mover: Mover) -> bool:
    """Whether a thing is the one of that place, but not quite there any more."""
    rows, columns = core
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if not 1 / _AS_LARGE <= mover.box_area / (height * width) <= _AS_LARGE:
        return False
    down = abs(mover.top + mover.bottom - rows.start - rows.stop) / 2
    across = abs(mover.left + mover.right - columns.start - columns.stop) / 2
    is_there = across < width / 2 and down < height / 2
    return bool(is_there and max(across, down) > max(_CREPT * mover.longer, _BY_CHANCE))


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
    return 0 < strength >= _ALIKE * float(np.sqrt(weight * float((second * second).sum())))


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

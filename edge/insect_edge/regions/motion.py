"""What moves before a fixed camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.domain import Region
from insect_edge.regions.background import Background, BackgroundSettings
from insect_edge.regions.haunts import Haunts
from insect_edge.regions.merge import bounded, distinct
from insect_edge.regions.movers import Mover, meetings, movers, outside, unusual, weightiest
from insect_edge.regions.rain import Rain
from insect_edge.regions.reduce import reduced
from insect_edge.regions.rest import Resting
from insect_edge.regions.settings import SMALLEST_MOVING
from insect_edge.regions.standing import Standing, holds
from insect_edge.sightings import Found, Origin, Proposal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_edge.domain import Frame
    from insect_edge.regions.background import Compared

    Picture = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Window = tuple[slice, slice]

_BRIM = 2
"""Pixels around what is found that do not become background either."""
_BLUR = 1.0
"""Pixels by which a thing seems shorter than it is, since its outline is half ground."""
_SLIVER = 4
"""Pixels: what is narrower and beside an animal at rest is its own outline."""
_MOST = 500
"""Things of one frame that are told apart from rain and leaves; where there are more, most of it is weather."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionSettings:
    """What counts as an animal that moves.

    Attributes:
        smallest: longer side of an animal, in frame widths, at least.
        largest: the same, at most.
        most: proposals of one frame.
        background: how the scene is learned.
        sure: an animal has a pixel that is so many times as different as would be usual there.
        faint: the same of one that is watched.
        dense: times as different as usual that the box of one that is not watched is on average, pixels that are not
            the animal's counting nothing: the edge of a shadow is long and thin.
        gap: between the parts of one animal, in frame widths, at most.
        flooded: share of a frame that is unlike the background from which on nothing is said of it.
        patience: seconds after which a frame that stays flooded is a new scene, which is learned afresh.
        standing: seconds after which what stands still and nobody watches becomes background.
    """

    smallest: float = SMALLEST_MOVING
    largest: float = 0.25
    most: int = 500
    background: BackgroundSettings = field(default_factory=BackgroundSettings)
    sure: float = 3.0
    faint: float = 2.0
    dense: float = 0.45
    gap: float = 0.005
    flooded: float = 0.2
    patience: float = 2.0
    standing: float = 15.0


class MotionFinder:
    """Proposes what is of an animal's size and unlike the background.

    Args:
        settings: the numbers.
    """

    def __init__(self, settings: MotionSettings) -> None:
        self._settings = settings
        self._background = Background(settings.background)
        self._resting = Resting()
        self._standing = Standing()
        self._haunts = Haunts()
        self._flooded_since: float | None = None
        self._rain = Rain()
        self._shape: tuple[int, ...] = ()

    def find(self, frame: Frame, *, watched: Sequence[Region] = ()) -> Found:
        """Animals that move, and watched ones at whose places nothing has changed."""
        picture, at = reduced(frame).astype(np.float32), frame.captured.monotonic
        if picture.shape != self._shape:
            self._begin_anew(picture.shape)
        if not self._background.fits(picture):
            return self._unsettled(picture, watched, at=at)
        compared = self._background.compare(picture)
        if self._is_flood(compared, at=at):
            rest = self._resting.unchanged(compared.picture, watched)
            return bounded(rest, most=self._settings.most, settled=False)
        self._resting.unchanged(compared.picture, watched, excess=compared.excess)
        found = self._found(compared, at=at)
        rest = self._resting.still(found)
        self._learn(compared, found, at=at)
        moving = [_proposal(mover, compared) for mover in found]
        proposals = distinct([*rest, *moving])
        self._resting.remember(compared.picture, proposals, shift=compared.shift, excess=compared.excess)
        return bounded(proposals, most=self._settings.most)

    @property
    def restlessness(self) -> float:
        """Share of the scene that moves by itself, in [0, 1]; 1 of one that is not known."""
        return self._background.restlessness

    def also_proposed(self, proposals: Sequence[Proposal]) -> None:
        """Have what another finder proposed in the newest frame recognised when it rests there."""
        self._resting.also(proposals)

    def _begin_anew(self, shape: tuple[int, ...]) -> None:
        """Forget all places in pixels: in pictures of another size they are elsewhere, or nowhere."""
        self._shape, self._flooded_since = shape, None
        self._standing.forget()
        self._rain, self._haunts = Rain(), Haunts()

    def _unsettled(self, picture: Picture, watched: Sequence[Region], *, at: float) -> Found:
        """Of a scene that is still being learned only what was known before."""
        rest = self._resting.unchanged(picture, watched)
        self._resting.remember(picture, rest)
        self._background.watch(picture, at=at)
        return bounded(rest, most=self._settings.most, settled=False)

    def _is_flood(self, compared: Compared, *, at: float) -> bool:
        """Whether too much has changed at once; when that lasts, all is learned afresh."""
        if unusual(compared.excess) < self._settings.flooded:
            self._flooded_since = None
            return False
        if self._flooded_since is None:
            self._flooded_since = at
        if at - self._flooded_since >= self._settings.patience:
            self._flooded_since = None
            self._background.forget()
            self._standing.forget()
            self._resting.forgive()
        return True

    def _found(self, compared: Compared, *, at: float) -> list[Mover]:
        """What is of the right size, but for what only seems to be there."""
        settings, columns = self._settings, compared.picture.shape[1]
        found = movers(compared.excess, gap=round(settings.gap * columns), sure=settings.faint)
        found = self._beside_the_resting(found, compared)
        # Each is compared with each: a hailstorm must not take seconds.
        found = weightiest(found, most=_MOST)
        shortest, longest = settings.smallest * columns - _BLUR, settings.largest * columns
        sized = [mover for mover in found if shortest <= mover.longer <= longest]
        watched, before = self._resting.watched_windows(), self._rain.before
        touched = meetings([mover.window for mover in sized], watched)
        known = [mover for mover, is_known in zip(sized, touched, strict=True) if is_known]
        others = [mover for mover, is_known in zip(sized, touched, strict=True) if not is_known]
        others = [mover for mover in others if mover.peak >= settings.sure and mover.density >= settings.dense]
        others = self._rain.leave_out(others, found, columns=columns, at=at)
        sized = known + self._haunts.leave_out(others, before, shape=compared.picture.shape, at=at)
        kept = []
        at_rest = meetings([mover.window for mover in sized], self._resting.windows())
        stands = self._standing.seconds(compared.picture, sized, at=at, watched=watched)
        for (mover, still, idle), rests in zip(stands, at_rest, strict=True):
            is_left_bare = still > 0 and not rests and self._background.is_bare(compared, mover)
            if idle > settings.standing or is_left_bare:
                self._background.absorb(compared, mover)
            else:
                kept.append(mover)
        return kept

    def _beside_the_resting(self, found: list[Mover], compared: Compared) -> list[Mover]:
        """Of a thing that reaches beyond an animal at rest what is beyond, which is another animal, also by itself."""
        settings, gap = self._settings, round(self._settings.gap * compared.picture.shape[1])
        windows = [_grown(window) for window in self._resting.windows()]
        parts = []
        for mover, touched in zip(found, meetings([one.window for one in found], windows), strict=True):
            covered = [windows[number] for number in touched]
            if not covered or any(holds(window, mover) for window in covered):
                parts.append(mover)
                continue
            others = outside(covered, mover, compared.excess, gap=gap, sure=settings.faint)
            parts += [other for other in others if other.shorter >= _SLIVER] or [mover]
        return parts

    def _learn(self, compared: Compared, found: Sequence[Mover], *, at: float) -> None:
        resting = _covered(self._resting.windows(), compared.picture.shape)
        held = resting | _covered([mover.window for mover in found], compared.picture.shape)
        self._background.learn(compared, at=at, held=held, resting=resting)


def _covered(windows: Sequence[Window], shape: tuple[int, ...]) -> Mask:
    covered = np.zeros(shape, bool)
    for window in windows:
        covered[_grown(window)] = True
    return covered


def _grown(window: Window) -> Window:
    rows, columns = (slice(max(side.start - _BRIM, 0), side.stop + _BRIM) for side in window)
    return rows, columns


def _proposal(mover: Mover, compared: Compared) -> Proposal:
    """A mover in fractions of the frame as it was, before it was moved to where the background lies."""
    rows, columns = compared.picture.shape
    across, down = compared.shift
    left, right = (min(max(side + across, 0.0), columns) / columns for side in (mover.left, mover.right))
    top, bottom = (min(max(side + down, 0.0), rows) / rows for side in (mover.top, mover.bottom))
    region = Region(x=left, y=top, width=right - left, height=bottom - top)
    return Proposal(region=region, origin=Origin.MOTION, strength=_strength(mover))


def _strength(mover: Mover) -> float:
    """In [0, 1): more for what differs more and is larger."""
    return 1 - 1 / (1 + mover.weight / 10)

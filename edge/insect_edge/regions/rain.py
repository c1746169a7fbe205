"""Drops of rain: what is small or slender, and there for one frame only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.regions.movers import Mover

_SMALL = 0.022
"""Picture widths: splashes are no longer than this."""
_CLUSTER = 0.06
"""Picture widths: drops and streaks that touch are longer, but no longer than this."""
_SLENDER = 4
"""Longer than so many times its breadth may be a streak; an animal of that shape is there a frame later too."""
_PACE = 1.6
"""Lengths of its own body that a small animal walks in a second, at most."""
_STEP = 3.0
"""Pixels that an outline may jump besides."""
_LONG_AGO = 1.0
"""Seconds: what was where longer ago says nothing."""
_SHOWER = 1.0
"""New small things in a frame, on average, from which on it rains; one that flies by is alone."""
_LASTS = 5.0
"""Seconds in which two thirds of a shower are forgotten."""


class Rain:
    """Knows what was there a frame before, and whether it rains."""

    def __init__(self) -> None:
        self.before: Sequence[Mover] = ()
        self._at = -math.inf
        self._strength = 0.0

    def leave_out(self, sized: Sequence[Mover], found: Sequence[Mover], *, columns: int, at: float) -> list[Mover]:
        """Those of the things that are neither drops nor, while it rains, several of them that touch.

        Args:
            sized: what may be an animal that nobody knows yet.
            found: all that differs, the smallest too.
            columns: of the picture.
            at: seconds.
        """
        past = max(at - self._at, 0.0)
        news = [mover for mover in found if self._is_new(mover, past=min(past, _LONG_AGO))]
        drops = [mover for mover in news if mover.longer < _SMALL * columns or _is_slender(mover)]
        self._strength += (len(drops) - self._strength) * (1 - math.exp(-past / _LASTS))
        self.before, self._at = found, at
        is_raining = max(self._strength, len(drops) / 2) > _SHOWER
        if not is_raining:
            return list(sized)
        wet = {*drops, *(mover for mover in news if mover.longer < _CLUSTER * columns)}
        return [mover for mover in sized if mover not in wet]

    def _is_new(self, mover: Mover, *, past: float) -> bool:
        """Whether nothing was near that it may have been a frame ago."""
        reach = _STEP if _is_slender(mover) else _STEP + _PACE * past * mover.longer
        return not any(mover.distance(other) <= reach for other in self.before)


def _is_slender(mover: Mover) -> bool:
    return mover.longer > _SLENDER * mover.shorter

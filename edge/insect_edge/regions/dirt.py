"""How clear a thing must be, among the dirt of its frame, to be taken for an animal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEAK = (0.5, 4.0)
"""Hardly an animal on a sheet amounts to so little, but most of the dirt that is measured at all."""
CLEARER = 20.0
"""What a thing must amount to where there are as many weak ones as things so clear. The clearer, the less there is of
dirt, about inversely to the square, and of two real traps' dirt alike: four times as many weak things ask twice as much
of a clear one, for the same share of dirt among what is taken for animals."""


def enough(merits: NDArray[np.float64]) -> float:
    """The least merit of an animal in this frame, at least 1; infinite where nothing is clear enough.

    On a clean sheet little is enough; so it is where most of what stands out is clear, a few weak things or not.

    Args:
        merits: (things,) what everything amounts to that may be an animal, in parts of what must be on a clean sheet.
    """
    weak = np.count_nonzero((merits >= WEAK[0]) & (merits < WEAK[1]))
    clearest_first = np.sort(merits[merits >= 1])[::-1]
    needed = np.maximum(CLEARER * np.sqrt(weak / np.arange(1, len(clearest_first) + 1)), 1)
    clear = np.flatnonzero(clearest_first >= needed)
    return float(needed[clear[-1]]) if len(clear) else np.inf

"""How clear a thing must be, among the dirt of its frame, to be taken for an animal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEAK = (0.5, 4.0)
"""Few animals on a sheet amount to so little, but most of the dirt that is measured at all."""
ALIKE = 1.5
"""Dirt is of all sizes, what flies in a swarm of one: the most things of which none amounts to more than so many times
another are no dirt, however weak. A faint fly that sits alone is such a swarm; so is a single speck."""
STRAYS = 0.1
"""So many weak things of another size are no dirt either, in parts of a swarm that is enough on a clean sheet."""
CERTAIN = 50.0
"""Dirt hardly amounts to so much. Where nothing does, and next to nothing is too weak for a clean sheet, there is none:
small faint flies of different sizes are all that the sheet holds."""
CLEARER = 28.0
"""What a thing must amount to where there is as much dirt as things so clear. The clearer, the less there is of dirt,
about inversely to the square, and of two real traps' dirt alike: four times as much dirt asks twice as much of a clear
thing, for the same share of dirt among what is taken for animals."""


def enough(merits: NDArray[np.float64]) -> float:
    """The least merit of an animal in this frame, at least 1; infinite where nothing is clear enough.

    On a clean sheet little is enough, of one thing and of a swarm; so it is where most of what stands out is clear.
    Faint animals of different sizes beside a clear one cannot be told from dirt this way, and are lost with it.

    Args:
        merits: (things,) what everything amounts to that may be an animal, in parts of what must be on a clean sheet.
    """
    clearest_first = np.sort(merits[merits >= 1])[::-1]
    needed = np.maximum(CLEARER * np.sqrt(_dirt(merits) / np.arange(1, len(clearest_first) + 1)), 1)
    clear = np.flatnonzero(clearest_first >= needed)
    return float(needed[clear[-1]]) if len(clear) else np.inf


def _dirt(merits: NDArray[np.float64]) -> int:
    """How many weak things there are but for the largest swarm of them; none on a sheet of small flies."""
    too_weak, others = np.count_nonzero((merits >= WEAK[0]) & (merits < 1)), merits[merits >= 1]
    if others.max(initial=0) < CERTAIN and too_weak <= STRAYS * len(others):
        return 0
    weak = np.sort(merits[(merits >= WEAK[0]) & (merits < WEAK[1])])
    if not len(weak):
        return 0
    alike = np.searchsorted(weak, ALIKE * weak, "right") - np.arange(len(weak))
    first = int(np.argmax(alike))
    swarm, dirt = int(alike[first]), len(weak) - int(alike[first])
    return 0 if weak[first] >= 1 and dirt <= STRAYS * swarm else dirt

"""Dark or bright things on a sheet, a card or a wall, found in one still picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.domain import Region
from insect_edge.regions.backdrop import behind, mean, reduced
from insect_edge.regions.blobs import absorbed, blobs
from insect_edge.regions.dirt import WEAK, enough
from insect_edge.regions.merge import bounded
from insect_edge.regions.settings import SMALLEST_STANDING
from insect_edge.regions.sheet import at_edge, lit_sheet
from insect_edge.sightings import Origin, Proposal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cv2.typing import MatLike
    from numpy.typing import NDArray

    from insect_edge.domain import Frame
    from insect_edge.regions.backdrop import Backdrop
    from insect_edge.regions.blobs import Blobs
    from insect_edge.sightings import Found

LEAST = 0.10
"""Difference that stands out on a smooth sheet, as a part of its light, at the middle sensitivity."""
ABOVE_NOISE = 5.0
"""How many times the grain nearby a difference must be, at the middle sensitivity."""
CLEAR = 0.5
"""What a thing of the smallest size must amount to on a clean sheet: an eighth of its square at three thresholds."""
FEWEST = 4.0
"""Pixels of the picture that is searched that the smallest animal has in any case: what is smaller has no form."""
BODY = 0.7
"""The part of an animal that stands out is that much of its length at least: thin legs and feelers do not."""
OBLONG, MOST_OBLONG = 1.5, 3.0
"""An animal is longer than wide, dirt rather round: a thing amounts to more by this power of its elongation, up to that
of a resting moth or fly, since a fibre has more."""
SLENDER = 10.0
"""Longer than so many widths is a fibre, a scratch or a line."""
SOFT, GRADUAL = 0.3, 6.0
"""Less steep than this is a fold, a stain's halo or a shadow: a step over two pixels in parts of the whole difference,
and the same times the thing's width in pixels, since a lens draws what it enlarges less sharply."""
SHARP, WRITTEN = 96, 0.08
"""Steps from one pixel to the next of so many brightnesses are rare behind a lens, but a tenth to a third of all in
writing that the camera puts into its pictures."""
MARGIN = 0.05
"""Such writing stands so near to the frame's border, in its width or height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastSettings:
    """What is a thing.

    Attributes:
        smallest: its width or height, whichever is longer, in frame widths.
        largest: the same.
        most: proposals of one frame; what there is beyond is counted only.
        sensitivity: in [0, 1]; more finds fainter things, and more that are nothing.
    """

    smallest: float = SMALLEST_STANDING
    largest: float = 0.25
    most: int = 500
    sensitivity: float = 0.5


class ContrastFinder:
    """Things that stand out in a still scene, animals at rest included; remembers nothing."""

    def __init__(self, settings: ContrastSettings | None = None) -> None:
        self._settings = settings or ContrastSettings()

    def find(self, frame: Frame, *, watched: Sequence[Region] = ()) -> Found:  # noqa: ARG002 - has no memory
        """What stands out in this frame, the clearest first."""
        picture = reduced(frame.pixels)
        strict = 2.0 ** (1 - 2 * self._settings.sensitivity)
        backdrop = behind(picture, least=LEAST * strict, above_noise=ABOVE_NOISE * strict)
        things, merits, least = self._things(backdrop)
        rows, columns = picture.shape[:2]
        scaled = things.boxes / (columns, rows, columns, rows)
        # What is only just clear enough has a strength of a half.
        strengths = merits / (merits + least)
        found = [
            Proposal(region=Region(x=x, y=y, width=width, height=height), origin=Origin.CONTRAST, strength=strength)
            for (x, y, width, height), strength in zip(scaled.tolist(), strengths.tolist(), strict=True)
        ]
        animals = [proposal for proposal in found if not _is_writing(proposal.region, frame.pixels)]
        return bounded(animals, most=self._settings.most)

    def _things(self, backdrop: Backdrop) -> tuple[Blobs, NDArray[np.float64], float]:
        """What may be an animal, what it amounts to, and how much that must be."""
        rows, columns = backdrop.difference.shape
        smallest, largest = max(self._settings.smallest * columns, FEWEST), self._settings.largest * columns
        grey = mean(backdrop.smooth)
        things = blobs(backdrop, smallest=BODY * smallest, largest=largest, sheet=_sheet(grey, backdrop))
        things = absorbed(things.only(_is_solid(things) & (_merit(things, smallest) >= WEAK[0])))
        things = things.only(~at_edge(things.boxes / (columns, rows, columns, rows), grey))
        merits = _merit(things, smallest)
        least = enough(merits)
        return things.only(merits >= least), merits[merits >= least], least


def _merit(things: Blobs, smallest: float) -> NDArray[np.float64]:
    """(things,) how much like an animal each is: 1 of the least that is one on a clean sheet.

    Args:
        things: which.
        smallest: length of the smallest animal, in pixels.
    """
    return things.clear * np.minimum(things.elongated, MOST_OBLONG) ** OBLONG / (CLEAR * smallest**2)


def _is_solid(things: Blobs) -> NDArray[np.bool_]:
    """Which have a body and an edge."""
    # A pale wing stands out by its rim alone, so that its hull counts as much as what is seen of it.
    filled = np.sqrt(things.area * things.hull)
    hard = (things.sharp >= SOFT) | (4 * things.thin * things.sharp >= GRADUAL)
    return (things.length**2 <= SLENDER * filled) & hard


def _sheet(grey: MatLike, backdrop: Backdrop) -> MatLike | None:
    """The lit sheet, as large as the picture; None where the frame shows no sheet, or nothing else."""
    sheet = lit_sheet(grey)
    if sheet is None:
        return None
    rows, columns = backdrop.difference.shape
    return cv2.resize(255 * sheet, (columns, rows), interpolation=cv2.INTER_NEAREST)


def _is_writing(region: Region, pixels: NDArray[np.uint8]) -> bool:
    """Whether it is a time or a name that the camera has written into the picture."""
    right, bottom = 1 - region.x - region.width, 1 - region.y - region.height
    if min(region.x, region.y, right, bottom) > MARGIN:
        return False
    rows, columns = pixels.shape[:2]
    left, top = int(region.x * columns), int(region.y * rows)
    part = pixels[top : top + int(region.height * rows) + 1, left : left + int(region.width * columns) + 1]
    if part.shape[1] == 1:
        return False
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    return float(np.mean(cv2.absdiff(grey[:, 1:], grey[:, :-1]) > SHARP)) >= WRITTEN

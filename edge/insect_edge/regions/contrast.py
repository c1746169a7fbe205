"""Dark or bright things on a sheet, a card or a wall, found in one still picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from insect_edge.domain import Region
from insect_edge.regions.backdrop import behind, mean, reduced
from insect_edge.regions.blobs import absorbed, blobs
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
BODY = 0.7
"""The part of an animal that stands out is that much of its length at least: thin legs and feelers do not."""
WEAK, DIRTY = 0.1, 30.0
"""Where so many spots are too small for animals, or too faint (down to this part of enough), a thing must be twice as
clear as on a clean sheet: dirt has no largest size."""
SLENDER = 10.0
"""Longer than so many widths is a fibre, a scratch or a line."""
SOFT = 0.3
"""Less steep than this, in parts of the whole difference over two pixels, is a fold, a stain's halo or a shadow."""
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
        things, enough = self._things(backdrop)
        rows, columns = picture.shape[:2]
        scaled = things.boxes / (columns, rows, columns, rows)
        # What is only just clear enough has a strength of a half.
        strengths = things.clear / (things.clear + enough)
        found = [
            Proposal(region=Region(x=x, y=y, width=width, height=height), origin=Origin.CONTRAST, strength=strength)
            for (x, y, width, height), strength in zip(scaled.tolist(), strengths.tolist(), strict=True)
        ]
        animals = [proposal for proposal in found if not _is_writing(proposal.region, frame.pixels)]
        return bounded(animals, most=self._settings.most)

    def _things(self, backdrop: Backdrop) -> tuple[Blobs, float]:
        """What may be an animal, and how clear it must be."""
        rows, columns = backdrop.difference.shape
        smallest, largest = self._settings.smallest * columns, self._settings.largest * columns
        grey = mean(backdrop.smooth)
        things = blobs(backdrop, smallest=BODY * smallest, largest=largest, sheet=_sheet(grey, backdrop))
        enough = CLEAR * smallest**2
        weak = np.count_nonzero((things.clear >= WEAK * enough) & (things.clear < enough))
        enough *= 1 + (things.specks + weak) / DIRTY
        solid = (things.length**2 <= SLENDER * things.area) & (things.sharp >= SOFT)
        things = absorbed(things.only((things.clear >= enough) & solid))
        return things.only(~at_edge(things.boxes / (columns, rows, columns, rows), grey)), enough


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
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    return float(np.mean(cv2.absdiff(grey[:, 1:], grey[:, :-1]) > SHARP)) >= WRITTEN

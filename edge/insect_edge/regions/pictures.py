"""Looking for animals on a still picture, from the whole down to its parts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from insect_edge.domain import Frame, Moment
from insect_edge.regions.context import SMALLEST, shown
from insect_edge.regions.contrast import ContrastFinder
from insect_edge.regions.grid import GridFinder
from insect_edge.regions.second_looks import (
    CANDIDATES,
    around,
    candidates,
    careful,
    centred,
    named,
    presence,
    small,
    sure,
)
from insect_edge.sightings import Origin, Proposal, Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from insect_edge.classifier import Classifier
    from insect_edge.domain import Classification, Region
    from insect_edge.regions.finder import Finder

Mode = Literal["grid", "contrast", "auto"]
MODES: dict[str, Mode] = {"grid": "grid", "contrast": "contrast", "auto": "auto"}
COARSE, FINE = (0.35,), (0.25, 0.18)
"""Sides of the tiles in parts of the picture's width."""
CLOSER = 3
"""In mode `auto`: in how many of the coarse tiles, the likeliest, the fine ones are looked at."""
OVERLAP = 0.5
MOST = 500
"""Regions of one picture that are looked at."""
FINEST = 100_000
"""Tiles to choose from: of the finest only those in the likeliest places are looked at."""
ANIMALS = 50
"""Places that are looked at again in mode `grid`."""

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What was found on one picture.

    Attributes:
        mode: how it was searched.
        answer: what the picture as a whole amounts to.
        sightings: names first, the surest of them first, then what is unknown, then what has no verdict.
        looks: how often the model was asked.
        skipped: regions past the most that are looked at.
        inference_ms: milliseconds inside the interpreter, altogether.
    """

    mode: Mode
    answer: Classification
    sightings: tuple[Sighting, ...]
    looks: int
    skipped: int
    inference_ms: float


def search(pixels: NDArray[np.uint8], classifier: Classifier, *, mode: Mode) -> Picture:
    """Look for animals on a picture.

    The centred square is asked first. A name there is the picture's answer, and in mode `auto` all there is to say.
    Else the parts are looked at, and the one most like an animal answers for the picture where it is sure enough
    (`second_looks.sure`) and no part of a larger one (`second_looks.small`); where none is, the square answers.

    Args:
        pixels: (height, width, 3) uint8 in B, G, R order; regions are cut from these very pixels.
        classifier: a model.
        mode: `grid` for every one of overlapping tiles, `contrast` for what stands out from its surroundings, `auto`
            for the likeliest tiles, where the whole does not answer.

    Raises:
        InferenceError: when the runtime fails.
    """
    eye = _Eye(classifier, pixels)
    whole = eye.whole()
    if mode == "auto" and named(whole):
        return eye.picture(mode, whole, [_sighting(whole, Origin.WHOLE)])
    frame = _frame(pixels)
    found = _finder(mode, pixels).find(frame)
    parts = looked = eye.all(found.proposals)
    if mode == "auto":
        finer = _tiles(FINE, pixels, most=FINEST).find(frame).proposals
        looked = parts + eye.all(_within(finer, sorted(parts, key=presence)[-CLOSER:]))
    animals = _animals(eye, looked, mode=mode)
    single = [seen for seen in animals if small(seen.region, whole, parts)]
    if mode == "contrast":
        pairs = zip(found.proposals, looked, strict=True)
        sightings = [Sighting(proposal=proposal, classification=seen) for proposal, seen in pairs]
    else:
        sightings = [_sighting(seen, Origin.TILE) for seen in (single if mode == "auto" else animals)]
    return eye.picture(mode, _answer(whole, single), sightings, skipped=found.skipped)


def _animals(eye: _Eye, looked: Sequence[Classification], *, mode: Mode) -> list[Classification]:
    """What is still an animal after several looks, each once, the likeliest first."""
    most = ANIMALS if mode == "grid" else CANDIDATES
    likely = candidates(looked, most=most)
    places = [seen.region if mode == "contrast" else eye.middle(seen, looked) for seen in likely]
    # What looked like two has moved to the middle of one.
    again = candidates([eye.again(place) for place in places], most=most)
    return [careful(seen) for seen in again if sure(seen)]


def _answer(whole: Classification, animals: Sequence[Classification]) -> Classification:
    """The whole's name, else the likeliest animal's, else an animal without a name, else what the whole says."""
    if named(whole) or not animals:
        return whole
    return next((seen for seen in animals if named(seen)), animals[0])


class _Eye:
    """Asks the model about parts of one picture, and counts."""

    def __init__(self, classifier: Classifier, pixels: NDArray[np.uint8]) -> None:
        self._classifier = classifier
        self._pixels = pixels
        self._size = {"frame_width": pixels.shape[1], "frame_height": pixels.shape[0]}
        self._looks = 0
        self._inference_ms = 0.0

    def whole(self) -> Classification:
        """What the model sees by default."""
        return self._counted(self._classifier.classify_pixels(self._pixels), looks=1)

    def all(self, proposals: Sequence[Proposal]) -> tuple[Classification, ...]:
        """One look at each."""
        squares = [shown(proposal, **self._size) for proposal in proposals]
        return tuple(self._counted(seen, looks=1) for seen in self._classifier.classify_regions(self._pixels, squares))

    def middle(self, seen: Classification, looked: Sequence[Classification]) -> Region:
        """Where the animal in a tile is, as the tiles that overlap it tell."""
        return centred(seen, looked, **self._size)

    def again(self, place: Region) -> Classification:
        """Several looks at where one look saw something."""
        views = around(place, **self._size)
        together = self._classifier.judge([self._classifier.look(self._pixels, region=view) for view in views])
        return self._counted(together, looks=len(views))

    def picture(
        self, mode: Mode, answer: Classification, sightings: Sequence[Sighting], *, skipped: int = 0
    ) -> Picture:
        """All that was found, in order."""
        return Picture(
            mode=mode,
            answer=answer,
            sightings=tuple(sorted(sightings, key=_rank)),
            looks=self._looks,
            skipped=skipped,
            inference_ms=self._inference_ms,
        )

    def _counted(self, seen: Classification, *, looks: int) -> Classification:
        self._looks += looks
        self._inference_ms += seen.inference_ms
        return seen


def _finder(mode: Mode, pixels: NDArray[np.uint8]) -> Finder:
    if mode == "contrast":
        return ContrastFinder()
    return _tiles(COARSE if mode == "auto" else COARSE + FINE, pixels)


def _tiles(parts: Sequence[float], pixels: NDArray[np.uint8], *, most: int = MOST) -> GridFinder:
    height, width = pixels.shape[:2]
    sides = dict.fromkeys(min(max(part * width, SMALLEST) / min(height, width), 1.0) for part in parts)
    return GridFinder(tiles=tuple(sides), overlap=OVERLAP, most=most)


def _within(proposals: Sequence[Proposal], likely: Sequence[Classification]) -> list[Proposal]:
    """Those with their middle in one of the likely places."""
    return [proposal for proposal in proposals if any(_holds(seen.region, proposal.region) for seen in likely)]


def _holds(place: Region, region: Region) -> bool:
    x, y = region.x + region.width / 2, region.y + region.height / 2
    return place.x <= x <= place.x + place.width and place.y <= y <= place.y + place.height


def _frame(pixels: NDArray[np.uint8]) -> Frame:
    # A picture is of no time, which finders that remember nothing never ask for.
    return Frame(pixels=pixels, captured=Moment(monotonic=0, utc=_NO_TIME, clock_synced=False), sequence=0)


def _sighting(seen: Classification, origin: Origin) -> Sighting:
    proposal = Proposal(region=seen.region, origin=origin, strength=presence(seen))
    return Sighting(proposal=proposal, classification=seen)


def _rank(sighting: Sighting) -> tuple[int, float]:
    """Names, what is unknown, the rest; in each the surest first."""
    seen = sighting.classification
    if seen is None or seen.verdict is None:
        return 2, -sighting.proposal.strength
    return int(not named(seen)), -seen.verdict.score

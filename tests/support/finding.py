"""What a finder makes of a scene, frame by frame, and how much of the truth is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from insect_edge.regions.merge import INSIDE, SAME, intersection
from insect_edge.sightings import Origin
from support.boxes import matched
from support.proposals import frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from insect_edge.domain import Region
    from insect_edge.regions.finder import Finder
    from insect_edge.sightings import Found
    from support.crawling import Ground


def same(one: Region, other: Region) -> bool:
    """Whether two regions are of one thing, as finders see it: much alike, or one mostly within the other."""
    shared = intersection(one, other)
    first, second = one.width * one.height, other.width * other.height
    return shared >= SAME * (first + second - shared) or shared >= INSIDE * min(first, second)


@dataclass(slots=True)
class Watcher:
    """What a tracker with a model that never errs would watch: proposals of animals, until they are found elsewhere.

    Attributes:
        patience: seconds for which an animal that is not proposed is still watched.
    """

    patience: float = 20.0
    _last: dict[Region, float] = field(default_factory=dict)

    @property
    def watched(self) -> tuple[Region, ...]:
        """For the next frame."""
        return tuple(self._last)

    def see(self, found: Found, truths: list[Region], *, seconds: float) -> None:
        """Take a frame's proposals."""
        boxes = [one.region for one in found.proposals]
        animals = {boxes[number]: seconds for _, number in matched(truths, boxes).hits}
        kept = {
            region: at
            for region, at in self._last.items()
            if seconds - at < self.patience and not any(same(region, other) for other in animals)
        }
        self._last = animals | kept


@dataclass(slots=True)
class Tally:
    """Hits and misses so far.

    Attributes:
        frames: how many were judged.
        hits: animals that were proposed, by whether they moved.
        animals: how many there were, by the same.
        false: proposals of nothing.
        resting: proposals of the origin `rest`.
    """

    frames: int = 0
    hits: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    animals: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    false: int = 0
    resting: int = 0

    def judge(self, found: Found, animals: list[tuple[Region, bool]], *, visible: list[Region]) -> None:
        """Take a frame.

        Args:
            found: in it.
            animals: that should be found, each with whether it moves.
            visible: of which some can be seen: proposals of these are not false.
        """
        boxes = [one.region for one in found.proposals]
        seen = {truth for truth, _ in matched([box for box, _ in animals], boxes).hits}
        for number, (_, moves) in enumerate(animals):
            self.hits[moves] += number in seen
            self.animals[moves] += 1
        self.false += len(matched(visible, boxes).false)
        self.resting += sum(one.origin is Origin.REST for one in found.proposals)
        self.frames += 1

    def recall(self, *, moving: bool) -> float:
        """Share of the animals that were proposed; 1 where there were none."""
        return self.hits[moving] / self.animals[moving] if self.animals[moving] else 1.0

    @property
    def false_per_frame(self) -> float:
        """Proposals of nothing, in one frame on average."""
        return self.false / max(self.frames, 1)


def watching(finder: Finder, ground: Ground, moments: Iterable[float]) -> Iterator[tuple[float, Found, list[Region]]]:
    """Show a finder the ground at those moments: each with what it found and the truth."""
    watcher = Watcher()
    for seconds in moments:
        found = finder.find(frame(ground.frame(seconds), seconds=seconds), watched=watcher.watched)
        truths = ground.truths(seconds)
        watcher.see(found, truths, seconds=seconds)
        yield seconds, found, truths

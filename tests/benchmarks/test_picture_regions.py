"""How well small animals in wide pictures are found, and what that costs pictures that one animal fills.

`INSECT_EDGE_BENCHMARK_PART=validation` measures on the photographs that decide thresholds, `…_EVERY=8` on each eighth,
`…_MODES=auto` in that mode alone.
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge.adapters.pictures import read_picture
from insect_edge.domain import BACKGROUND, Region
from insect_edge.model_bundle import default_path
from insect_edge.preprocess import to_tensor
from insect_edge.regions.pictures import MODES, search
from insect_edge.regions.second_looks import named
from support.shared_data import data_folder
from support.wide_pictures import compositions, photographs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from insect_edge.classifier import Classifier
    from insect_edge.domain import Classification

PART = os.environ.get("INSECT_EDGE_BENCHMARK_PART", "test")
EVERY = int(os.environ.get("INSECT_EDGE_BENCHMARK_EVERY", "1"))
WANTED = [MODES[name] for name in os.environ.get("INSECT_EDGE_BENCHMARK_MODES", "auto contrast grid").split()]
CROPS = 8
ROUNDS = 40


@dataclass
class Score:
    """Of one way to look at some pictures."""

    top: list[bool] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    wrong: list[bool] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, label: str, answer: Classification, *, looks: int, seconds: float) -> None:
        """Count one picture."""
        name = answer.verdict.label if answer.verdict is not None and named(answer) else None
        self.top.append(answer.categories[0].label.name == label)
        self.right.append(name == label)
        self.wrong.append(name not in {None, label})
        self.looks.append(looks)
        self.seconds.append(seconds)

    def __str__(self) -> str:
        """One line of the table."""
        shares = [statistics.mean(column) for column in (self.top, self.right, self.wrong)]
        cost = f"{statistics.mean(self.looks):6.1f} looks {1e3 * statistics.mean(self.seconds):6.0f} ms of CPU"
        return f"top-1 {shares[0]:.3f}  right {shares[1]:.3f}  wrong name {shares[2]:.3f}  {cost}"


def measured(classifier: Classifier, pictures: Iterable[tuple[str, NDArray[np.uint8]]]) -> dict[str, Score]:
    """Every mode on every picture."""
    scores = {mode: Score() for mode in ("whole", *WANTED)}
    for label, pixels in pictures:
        started = time.process_time()
        whole = classifier.classify_pixels(pixels)
        scores["whole"].add(label, whole, looks=1, seconds=time.process_time() - started)
        for mode in WANTED:
            started = time.process_time()
            found = search(pixels, classifier, mode=mode)
            scores[mode].add(label, found.answer, looks=found.looks, seconds=time.process_time() - started)
    return scores


@pytest.mark.parametrize("what", ["one animal fills it", "scenes without", "wide, 1280 pixels", "wide, as it came"])
def test_regions_against_the_whole(classifier: Classifier, say: Callable[[str], None], what: str) -> None:
    """A model's own test photographs, the same small in scenes without insects, and those scenes alone."""
    part = photographs(default_path() / "split.csv", data_folder(), part=PART)
    animals = [one for one in part if one.label != BACKGROUND][::EVERY]
    scenes = [one for one in part if one.label == BACKGROUND]
    if what.startswith("wide"):
        width = 1280 if "1280" in what else None
        made = compositions(animals, scenes, width=width, seed=1)
        scores = measured(classifier, ((animal.label, pixels) for animal, pixels, _ in made))
    else:
        shown = animals if "fills" in what else scenes
        scores = measured(classifier, ((one.label, read_picture(one.path)) for one in shown))
    for mode, score in scores.items():
        say(f"{PART}, {what}, {len(score.top)} pictures, {mode:<8} {score}")
    assert len(scores["whole"].top) > 0


@pytest.mark.parametrize("crops", [1, CROPS])
def test_crops_against_bare_invokes(classifier: Classifier, say: Callable[[str], None], crops: int) -> None:
    """Some regions of a full-size still, cut, prepared, asked and judged, against as many bare invokes."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (3040, 4056, 3), dtype=np.uint8)
    corners = generator.random((crops, 2)) * 0.9
    regions = [Region(x=float(x), y=float(y), width=0.05, height=0.05 * 4056 / 3040) for x, y in corners]
    card, interpreter = classifier.card, classifier.interpreter
    tensor = to_tensor(pixels, region=regions[0], contract=card.input, table=classifier._table)
    pairs = []
    for _ in range(ROUNDS):
        started = time.process_time()
        assert len(classifier.classify_regions(pixels, regions)) == crops
        between = time.process_time()
        for _ in regions:
            interpreter.invoke(tensor)
        pairs.append((between - started, time.process_time() - between))
    ours, bare = (1e3 * statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    say(f"{crops} regions of 4056x3040: {ours:.1f} ms of CPU, as many bare invokes {bare:.1f} ms: {ratio:.2f} times")
    assert ratio > 0.9, "a look holds an invoke, so it cannot be quicker: the measurement is broken"

"""The user sees classes, counts and the split in percent, and the long tail as a picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from insect_converter.dataset import Photograph
from insect_converter.parts import Part
from insect_converter.prepare import distribution, summary
from insect_converter.split import Split

NUMBERS = {
    "ant": {Part.TRAIN: 6, Part.TEST: 3, Part.VALIDATION: 1},
    "green bug": {Part.TRAIN: 1200, Part.TEST: 600, Part.VALIDATION: 200},
}


def test_photographs_are_counted_by_class_and_part() -> None:
    """A class without any in a part has a 0 there."""

    def some(label: int, count: int) -> tuple[Photograph, ...]:
        return (Photograph(path=Path("a"), name="a", label=label),) * count

    split = Split(train=some(0, 3) + some(1, 2), validation=some(1, 1), test=some(0, 2), groups=0)
    assert summary.counts(split, ("ant", "wasp")) == {
        "ant": {Part.TRAIN: 3, Part.TEST: 2, Part.VALIDATION: 0},
        "wasp": {Part.TRAIN: 2, Part.TEST: 0, Part.VALIDATION: 1},
    }


def test_the_table_begins_with_the_largest_class() -> None:
    """Counts by part, a bar to see the tail, and the sum."""
    assert summary.table(NUMBERS) == [
        "class        total       train        test  validation",
        "green bug    2,000       1,200         600         200  " + "█" * 24,
        "ant             10           6           3           1  █",
        "all          2,010       1,206         603         201",
    ]


def test_the_split_is_told_in_percent() -> None:
    """Beside what was asked for."""
    told = summary.shares(NUMBERS, asked="asked: 60/30/10")
    assert told == "split: train 60.0 %, test 30.0 %, validation 10.0 % (asked: 60/30/10)"


@pytest.mark.parametrize("classes", [2, 102])
def test_the_plot_is_a_picture_that_grows_with_the_classes(classes: int) -> None:
    """Bars in the colours of the parts; names with dollars and in other scripts disturb nothing."""
    pytest.importorskip("matplotlib")
    distribution.require()
    names = ["$\\frac$ant$", "蛾", *(f"class {number}" for number in range(100))][:classes]
    data = distribution.draw({name: {Part.TRAIN: 60, Part.TEST: 30, Part.VALIDATION: 10} for name in names})
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert pixels.shape[1] == 880
    assert (pixels.shape[0] > 2500) == (classes == 102)
    for colour in distribution.COLOURS.values():
        red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
        assert (pixels == (blue, green, red)).all(axis=2).mean() > 0.01

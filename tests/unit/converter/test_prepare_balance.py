"""Classes are kept within a smallest and a largest number of photographs, and what goes is said."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from insect_converter.dataset import Dataset, Photograph
from insect_converter.errors import DatasetError
from insect_converter.parts import Part
from insect_converter.prepare import balance
from insect_converter.prepare.findings import Kind
from insect_converter.prepare.inspection import Facts


def sample(*counts: int, parts: tuple[Part | None, ...] = (None,)) -> Dataset:
    """A dataset without files whose photographs take their parts in turn."""
    labels = ("ant", "moth", "wasp")[: len(counts)]
    return Dataset(
        labels=labels,
        photographs=tuple(
            Photograph(path=Path(f"{label}/{number}"), name=f"{label}/{number}", label=index, split=part)
            for index, (label, count) in enumerate(zip(labels, counts, strict=True))
            for number in range(count)
            for part in [parts[number % len(parts)]]
        ),
    )


def facts(dataset: Dataset) -> dict[Path, Facts]:
    """Made-up facts."""
    look = np.zeros((16, 16), np.uint8)
    return {
        item.path: Facts(sha256=item.name, difference_hash=0, thumbnail=look, width=99, height=99, format="JPEG")
        for item in dataset.photographs
    }


def test_classes_that_are_too_small_are_dropped_when_asked() -> None:
    """The others close ranks, and every photograph that goes is listed with its class and count."""
    result = balance.drop_small(sample(5, 3, 9), minimum=5)
    assert result.dataset.counts() == {"ant": 5, "wasp": 9}
    assert {(item.kind, item.label, item.detail) for item in result.findings} == {
        (Kind.CLASS_TOO_SMALL, "moth", "3 photographs")
    }
    assert len(result.findings) == 3


def test_classes_that_cannot_be_divided_are_an_error_otherwise() -> None:
    """A class with one picture is named, with what can be done."""
    with pytest.raises(
        DatasetError,
        match=r"2 classes have fewer than 3 usable photographs, the first is ant with 1: add photographs, or leave "
        "such classes out with --min-per-class 3",
    ):
        balance.drop_small(sample(1, 2, 9), minimum=None)
    assert balance.drop_small(sample(3, 4), minimum=None).findings == ()


def test_two_classes_have_to_be_left() -> None:
    """Nothing can be told apart from nothing."""
    with pytest.raises(DatasetError, match="only 1 classes have 5 usable photographs: lower --min-per-class or add"):
        balance.drop_small(sample(4, 9), minimum=5)


def test_lots_are_drawn_in_large_classes() -> None:
    """The same ones lose for the same seed, others for another; small classes are left alone."""
    dataset = sample(30, 8)
    results = [balance.thin_large(dataset, facts(dataset), maximum=10, seed=seed) for seed in (1, 1, 2)]
    assert [result.dataset.counts() for result in results] == [{"ant": 10, "moth": 8}] * 3
    assert results[0] == results[1] != results[2]
    assert {item.kind for item in results[0].findings} == {Kind.CLASS_TOO_LARGE}
    gone = {item.name for item in results[0].findings}
    assert gone | {item.name for item in results[0].dataset.photographs} == {item.name for item in dataset.photographs}
    assert len(gone) == 20


def test_given_parts_keep_their_proportion() -> None:
    """Of a class that came divided three to one, lots are drawn three to one, and no part is emptied."""
    parts = (Part.TRAIN,) * 3 + (Part.TEST,)
    dataset = sample(40, 3, parts=parts)
    result = balance.thin_large(dataset, facts(dataset), maximum=8, seed=1)
    kept = Counter(item.split for item in result.dataset.photographs if item.label == 0)
    assert kept == {Part.TRAIN: 6, Part.TEST: 2}
    uneven = sample(40, 3, parts=(Part.TRAIN,) * 38 + (Part.TEST, Part.VALIDATION))
    left = balance.thin_large(uneven, facts(uneven), maximum=3, seed=1).dataset
    assert {item.split for item in left.photographs if item.label == 0} == set(Part)

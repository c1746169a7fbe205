"""Photographs are divided the same way for ever, evenly, and near-duplicates together."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insect_converter.dataset import Dataset, Photograph
from insect_converter.errors import DatasetError
from insect_converter.pictures import Picture
from insect_converter.split import NEAR_DUPLICATE_BITS, Part, Split, divide, near_duplicates, to_csv

PIXELS = np.zeros((1, 1, 3), np.uint8)


def world(groups: list[list[int]], *, salt: str = "") -> tuple[Dataset, dict[Path, Picture]]:
    """A dataset whose labels have groups of near-duplicates of the given sizes, all groups far apart."""
    generator = np.random.default_rng(7)
    found: list[Photograph] = []
    pictures: dict[Path, Picture] = {}
    for label, sizes in enumerate(groups):
        for group, size in enumerate(sizes):
            motif = int(generator.integers(2**63))
            for number in range(size):
                name = f"{label}/{group:03}-{number}.jpg"
                found.append(Photograph(path=Path(name), name=name, label=label))
                pictures[Path(name)] = Picture(
                    pixels=PIXELS, sha256=f"{salt}{name}", difference_hash=motif ^ (1 << number % 2)
                )
    return Dataset(labels=tuple(f"class{index}" for index in range(len(groups))), photographs=tuple(found)), pictures


def divided(groups: list[list[int]], *, seed: int = 1, validation: float = 0.1, test: float = 0.1) -> Split:
    """The division of such a dataset."""
    dataset, pictures = world(groups)
    return divide(dataset, pictures, validation=validation, test=test, seed=seed)


def test_each_class_is_divided_in_the_same_proportion() -> None:
    """Of 100 and of 30 photographs a tenth each goes to validation and test."""
    split = divided([[1] * 100, [1] * 30])
    counts = {part: Counter(item.label for item in split.part(part)) for part in Part}
    assert counts[Part.TEST] == counts[Part.VALIDATION] == {0: 10, 1: 3}
    assert counts[Part.TRAIN] == {0: 80, 1: 24}
    assert split.groups == 0


def test_the_same_seed_gives_the_same_division_and_another_seed_another() -> None:
    """A division is a function of photographs and seed."""
    groups = [[1] * 40, [2] * 20]
    assert divided(groups) == divided(groups)
    assert divided(groups, seed=2).test != divided(groups).test


def test_names_do_not_matter() -> None:
    """Content decides: renamed photographs fall into the same parts."""
    dataset, pictures = world([[1] * 40, [1] * 40])
    renamed = {item.path: Path(f"x{number}.jpg") for number, item in enumerate(reversed(dataset.photographs))}
    other = Dataset(
        labels=dataset.labels,
        photographs=tuple(
            Photograph(path=renamed[item.path], name=str(renamed[item.path]), label=item.label)
            for item in dataset.photographs
        ),
    )
    again = divide(
        other, {renamed[path]: picture for path, picture in pictures.items()}, validation=0.1, test=0.1, seed=1
    )
    before = divide(dataset, pictures, validation=0.1, test=0.1, seed=1)
    assert {renamed[item.path] for item in before.test} == {item.path for item in again.test}


def test_adding_a_photograph_leaves_nearly_all_where_they_were() -> None:
    """One more photograph moves at most two others."""
    before, after = divided([[1] * 100, [1] * 50]), divided([[1] * 100, [1] * 51])
    assert len(set(before.test) - set(after.test)) <= 2


@settings(max_examples=60, deadline=None)
@given(
    groups=st.lists(st.lists(st.integers(1, 6), min_size=3, max_size=25), min_size=2, max_size=3),
    seed=st.integers(0, 5),
    validation=st.floats(0.01, 0.45),
    test=st.floats(0.01, 0.45),
)
def test_nothing_is_lost_and_no_class_goes_without(
    groups: list[list[int]], seed: int, validation: float, test: float
) -> None:
    """Whatever the shares and groups: each photograph is in one part, each class in all, each group in one."""
    dataset, pictures = world(groups)
    split = divide(dataset, pictures, validation=validation, test=test, seed=seed)
    everything = [item.name for part in Part for item in split.part(part)]
    assert sorted(everything) == sorted(item.name for item in dataset.photographs)
    for part in Part:
        assert {item.label for item in split.part(part)} == set(range(len(groups)))
    places = {item.name: part for part in Part for item in split.part(part)}
    assert all(len({places[name] for name in places if name.startswith(item[:5])}) == 1 for item in places)
    assert split.groups == sum(size > 1 for sizes in groups for size in sizes)


def test_a_class_of_near_duplicates_is_fatal() -> None:
    """A class that shows fewer than three motifs is named: it cannot be learnt and tested."""
    with pytest.raises(
        DatasetError, match=r"class class1: 2 different motifs among its photographs, .* near-duplicates"
    ):
        divided([[1] * 9, [7, 5]])


def test_a_group_with_two_labels_stays_whole() -> None:
    """A photograph that lies in two class folders is not learnt from in one and tested in the other."""
    dataset, pictures = world([[1] * 30, [1] * 30])
    copies = dict(zip([item for item in dataset.photographs if item.label == 1], dataset.photographs, strict=False))
    chosen = dict(list(copies.items())[:10])
    for copy, original in chosen.items():
        pictures[copy.path] = pictures[original.path]
    split = divide(dataset, pictures, validation=0.2, test=0.2, seed=1)
    places = {item: part for part in Part for item in split.part(part)}
    assert split.groups == 10
    assert all(places[copy] is places[original] for copy, original in chosen.items())


def test_near_duplicates_chain() -> None:
    """Alike is alike through a third; more than four bits apart is not; everything else is alone."""
    near, chained, far = (1 << NEAR_DUPLICATE_BITS) - 1, (1 << 2 * NEAR_DUPLICATE_BITS) - 1, (1 << 40) - 1
    assert near_duplicates([far, 0, chained, near]) == [0, 1, 1, 1]
    assert near_duplicates([0, (1 << NEAR_DUPLICATE_BITS + 1) - 1]) == [0, 1]
    assert near_duplicates([2**64 - 1, 2**64 - 1]) == [0, 0]


def test_the_written_division_is_the_same_text_each_time() -> None:
    """The file has a heading and a line a photograph, sorted by name, quoted where a name has a comma."""
    dataset, pictures = world([[1] * 5, [2] * 3])
    odd = Photograph(path=Path("o"), name='0/a, "b".jpg', label=0)
    dataset = Dataset(labels=dataset.labels, photographs=(*dataset.photographs, odd))
    pictures[Path("o")] = Picture(pixels=PIXELS, sha256="abc", difference_hash=2**64 - 1)
    split = divide(dataset, pictures, validation=0.2, test=0.2, seed=1)
    text = to_csv(split, dataset.labels, pictures)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert text.splitlines()[0] == "name,label,split,sha256"
    assert [row["name"] for row in rows] == sorted(item.name for item in dataset.photographs)
    assert next(row for row in rows if row["name"] == odd.name) | {"split": ""} == {
        "name": odd.name,
        "label": "class0",
        "split": "",
        "sha256": "abc",
    }
    assert text == to_csv(divide(dataset, pictures, validation=0.2, test=0.2, seed=1), dataset.labels, pictures)

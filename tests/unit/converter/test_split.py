"""Photographs are divided the same way for ever, evenly, and near-duplicates together."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import settings
from hypothesis import strategies as st

from insect_converter.dataset import Dataset, Photograph
from insect_converter.dealing import quotas
from insect_converter.errors import DatasetError
from insect_converter.pictures import Picture
from insect_converter.split import Part, Split, divide, to_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

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
@hypothesis_given(
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


def given(
    groups: list[list[int]],
    parts: dict[str, Part],
    *,
    named: dict[str, str] | None = None,
    keep_leaks: bool = False,
) -> Split:
    """The division of such a dataset of which photographs, by the beginnings of their names, were given to parts."""
    dataset, pictures = world(groups)
    photographs = tuple(
        replace(
            item,
            split=next((part for start, part in parts.items() if item.name.startswith(start)), None),
            group=next((name for start, name in (named or {}).items() if item.name.startswith(start)), None),
        )
        for item in dataset.photographs
    )
    dataset = Dataset(labels=dataset.labels, photographs=photographs)
    return divide(dataset, pictures, validation=0.2, test=0.2, seed=1, keep_leaks=keep_leaks)


def names(photographs: Sequence[Photograph]) -> list[str]:
    """What they are called."""
    return [item.name for item in photographs]


THREE = {"0/000": Part.TEST, "0/001": Part.VALIDATION, "0/": Part.TRAIN, "1/000": Part.TEST, "1/001": Part.VALIDATION}
"""Of each of two classes one for test and one for validation."""


@pytest.mark.parametrize(("shares", "counts"), [((0.1, 0.3), (60, 10, 30)), ((0.15, 0.15), (70, 15, 15))])
def test_the_shares_of_the_whole_are_exact(shares: tuple[float, float], counts: tuple[int, int, int]) -> None:
    """Asked for 60, 30 and 10 percent, one gets them, although no class can be divided so."""
    groups = [[1] * 9, [1] * 13, [1] * 17, [1] * 25, [1] * 36]
    split = divided(groups, validation=shares[0], test=shares[1])
    assert (len(split.train), len(split.validation), len(split.test)) == counts
    for label, sizes in enumerate(groups):
        tested = sum(item.label == label for item in split.test)
        assert abs(tested - shares[1] * len(sizes)) <= 1


@settings(max_examples=80, deadline=None)
@hypothesis_given(totals=st.lists(st.integers(3, 400), min_size=1, max_size=20), share=st.floats(0.01, 0.45))
def test_quotas_make_up_the_share(totals: list[int], share: float) -> None:
    """At least one of each class, never a whole one, and together the share of all where that many are to be had."""
    counts = quotas(totals, share)
    assert all(1 <= count < total for count, total in zip(counts, totals, strict=True))
    assert sum(counts) == max(round(sum(totals) * share), len(totals))


def test_classes_of_single_photographs_make_up_for_those_of_large_groups() -> None:
    """Where one class comes in heaps of seven, the whole is divided as asked all the same."""
    split = divided([[7] * 10, [1] * 70], validation=0.1, test=0.3)
    assert (len(split.train), len(split.validation), len(split.test)) == (84, 14, 42)


def test_a_named_group_stays_in_one_part() -> None:
    """Photographs of one trap are never learnt from and tested on, though nothing else makes them alike."""
    dataset, pictures = world([[1] * 60, [1] * 60])
    traps = {item.name: f"trap{number % 12}" for number, item in enumerate(dataset.photographs)}
    photographs = tuple(replace(item, group=traps[item.name]) for item in dataset.photographs)
    split = divide(Dataset(labels=dataset.labels, photographs=photographs), pictures, validation=0.2, test=0.2, seed=1)
    places = {traps[item.name]: set[Part]() for item in photographs}
    for part in Part:
        for item in split.part(part):
            places[traps[item.name]].add(part)
    assert all(len(parts) == 1 for parts in places.values())
    assert split.groups == 12
    for part, wanted in ((Part.TRAIN, 72), (Part.VALIDATION, 24), (Part.TEST, 24)):
        assert {item.label for item in split.part(part)} == {0, 1}
        assert abs(len(split.part(part)) - wanted) < 10


def test_data_that_came_divided_stays_so() -> None:
    """What was given to a part is in it, whatever shares are asked for."""
    split = given([[1] * 9, [1] * 9], {**THREE, "1/": Part.TRAIN})
    assert names(split.test) == ["0/000-0.jpg", "1/000-0.jpg"]
    assert names(split.validation) == ["0/001-0.jpg", "1/001-0.jpg"]
    assert (len(split.train), split.leaked) == (14, ())


def test_a_part_that_is_lacking_is_taken_from_training() -> None:
    """Data with training and test only keeps its test; validation comes out of the training part."""
    split = given([[1] * 20, [1] * 20], {"0/00": Part.TEST, "1/00": Part.TEST, "": Part.TRAIN})
    assert len(split.test) == 20
    assert all(item.split is Part.TEST for item in split.test)
    assert (len(split.validation), len(split.train)) == (8, 12)
    assert {item.label for item in split.validation} == {0, 1}


def test_what_is_open_is_divided_beside_what_is_given() -> None:
    """A background without parts joins data that came divided, in the shares asked for."""
    split = given([[1] * 9, [1] * 30], {start: part for start, part in THREE.items() if start.startswith("0/")})
    assert [sum(item.label == 1 for item in split.part(part)) for part in Part] == [18, 6, 6]
    assert names(split.test)[0] == "0/000-0.jpg"


def test_photographs_that_show_the_test_are_not_learnt_from() -> None:
    """Where data came divided between near-duplicates, test keeps its own and training loses them."""
    parts = {"0/000-0": Part.TEST, "0/001-0": Part.VALIDATION, "0/002-0": Part.TEST, "0/002-1": Part.VALIDATION}
    split = given([[3, 2, 2, 1, 1], [1] * 9], {**parts, **THREE, "0/": Part.TRAIN, "1/": Part.TRAIN})
    torn = given(
        [[3, 2, 2, 1, 1], [1] * 9],
        parts | {"0/": Part.TRAIN, "1/000": Part.TEST, "1/001": Part.VALIDATION, "1/": Part.TRAIN},
    )
    assert names(torn.leaked) == ["0/000-1.jpg", "0/000-2.jpg", "0/001-1.jpg", "0/002-1.jpg"]
    assert names(torn.test) == ["0/000-0.jpg", "0/002-0.jpg", "1/000-0.jpg"]
    assert not set(torn.leaked) & {*torn.train, *torn.validation, *torn.test}
    assert len(split.leaked) <= len(torn.leaked)


def test_leaks_are_kept_where_that_is_asked_for() -> None:
    """Every photograph stays in the part it was given to, and those that show what is held back are counted."""
    parts = {"0/000-0": Part.TEST, "0/001-0": Part.VALIDATION, "0/": Part.TRAIN}
    parts |= {"1/000": Part.TEST, "1/001": Part.VALIDATION, "1/": Part.TRAIN}
    counts = [[3, 2, 2, 1, 1], [1] * 9]
    kept, clean = given(counts, parts, keep_leaks=True), given(counts, parts)
    assert (kept.leaked, kept.leaks_kept, clean.leaks_kept) == ((), len(clean.leaked), 0)
    assert len(clean.leaked) == 3
    assert (kept.test, kept.validation) == (clean.test, clean.validation)
    assert {*kept.train} == {*clean.train, *clean.leaked}


def test_a_leak_does_not_take_its_whole_trap_with_it() -> None:
    """One near-duplicate between two traps in two parts costs that photograph, not all of its trap."""
    parts = {"0/000-0": Part.TEST, "0/001": Part.TEST, "0/002": Part.VALIDATION, "0/": Part.TRAIN}
    others = {"1/000": Part.TEST, "1/001": Part.VALIDATION, "1/": Part.TRAIN}
    traps = {"0/000-0": "east", "0/001": "east", "0/000-1": "west", "0/003": "west", "0/004": "west"}
    split = given([[2, 1, 1, 1, 1], [1] * 5], parts | others, named=traps)
    assert names(split.leaked) == ["0/000-1.jpg"]
    assert [item.name for item in split.train if item.label == 0] == ["0/003-0.jpg", "0/004-0.jpg"]


def test_a_group_that_was_given_to_two_parts_is_refused() -> None:
    """Names and parts that contradict each other are the user's to settle."""
    parts = {"0/000": Part.TEST, "0/": Part.TRAIN, "1/": Part.VALIDATION}
    with pytest.raises(DatasetError, match=r"group trap is in test and in train: give each group one part, or divide"):
        given([[1] * 5, [1] * 5], parts, named={"0/000": "trap", "0/001": "trap"})


def test_a_class_without_test_is_named_where_the_data_came_divided() -> None:
    """Nothing is moved behind the back of whoever divided the data."""
    with pytest.raises(DatasetError, match=r"class class1: no photograph in test, as the data came divided: add some"):
        given([[1] * 9, [1] * 9], {**THREE, "1/000": Part.TRAIN, "1/": Part.TRAIN})


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

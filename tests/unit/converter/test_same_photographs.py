"""A run goes on with the very photographs it began with, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import run_record, same_photographs, split, training_set
from insect_converter.dataset import read_class_folders
from insect_converter.errors import DatasetError
from insect_converter.recipes import Recipe
from insect_converter.split import Part
from support.photographs import draw, encoded, write_classes

if TYPE_CHECKING:
    from pathlib import Path

    from insect_converter.training_set import TrainingSet

RECIPE = Recipe(name="test", image_size=32, shorter_side=40, validation=0.2, test=0.2)


def again(folder: Path, *, split_text: str, labels: tuple[str, ...]) -> TrainingSet:
    """The photographs of a written split, from the folder as it is now."""
    divided = run_record.read_split(split_text, read_class_folders(folder), labels=labels)
    return same_photographs.load(divided, RECIPE, labels=labels, split_text=split_text)


def test_the_same_pictures_come_back(tmp_path: Path) -> None:
    """Every part has the same pixels and labels in the same order."""
    write_classes(tmp_path, each=6)
    before = training_set.load(read_class_folders(tmp_path), RECIPE, seed=1)
    text = split.to_csv(before.split, before.labels, before.pictures)
    after = again(tmp_path, split_text=text, labels=before.labels)
    for part in Part:
        (one, labels), (other, other_labels) = before.arrays(part), after.arrays(part)
        assert labels == other_labels
        assert all(np.array_equal(first, second) for first, second in zip(one, other, strict=True))


def test_another_picture_of_the_same_name_is_refused(tmp_path: Path) -> None:
    """A file that was changed meanwhile is named, and one that cannot be read any more."""
    write_classes(tmp_path, each=6)
    before = training_set.load(read_class_folders(tmp_path), RECIPE, seed=1)
    text = split.to_csv(before.split, before.labels, before.pictures)
    (tmp_path / "aphid" / "003.jpg").write_bytes(encoded(draw("aphid", seed=99)))
    with pytest.raises(DatasetError, match=r"003\.jpg: not the picture it was when the run began: bring"):
        again(tmp_path, split_text=text, labels=before.labels)
    (tmp_path / "aphid" / "003.jpg").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"003\.jpg: .*: the run learns from it: bring the file back"):
        again(tmp_path, split_text=text, labels=before.labels)

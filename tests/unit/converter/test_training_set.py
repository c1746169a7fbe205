"""From class folders to photographs ready to learn from, with everything that is left out said aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import split, training_set
from insect_converter.dataset import read_class_folders
from insect_converter.errors import DatasetError
from insect_converter.recipes import Recipe
from insect_converter.split import Part
from support.photographs import AS_THEY_COME, draw, truncated, write_classes

if TYPE_CHECKING:
    from pathlib import Path

RECIPE = Recipe(name="test", image_size=32, shorter_side=48, validation=0.2, test=0.2)


def test_unreadable_photographs_are_named_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Odd files are used, broken ones left out by name and in the count, and training can go on."""
    write_classes(tmp_path, each=8)
    for name, convert in AS_THEY_COME.items():
        (tmp_path / "ladybird" / name).write_bytes(convert(draw("ladybird", seed=100 + len(name))))
    for number in range(2):
        (tmp_path / "aphid" / f"half{number}.jpg").write_bytes(truncated(draw("aphid", seed=50 + number)))
    data = training_set.load(read_class_folders(tmp_path), RECIPE, seed=1)
    told = capsys.readouterr().err
    assert f"left out: {tmp_path}/aphid/half0.jpg: truncated" in told
    assert f"left out: {tmp_path}/aphid/half1.jpg: truncated" in told
    assert "29 photographs (aphid 8, ladybird 13, mantis 8); 2 unreadable left out" in told
    assert "split: 15 train, 7 validation, 7 test; 0 groups of near-duplicates kept together" in told
    assert sum(len(data.split.part(part)) for part in Part) == len(data.pictures) == 29


def test_arrays_are_pixels_and_labels_of_one_part(tmp_path: Path) -> None:
    """Each part's pictures come with their label indices, small enough to stay in memory."""
    write_classes(tmp_path, each=5)
    data = training_set.load(read_class_folders(tmp_path), RECIPE, seed=1)
    pixels, labels = data.arrays(Part.TEST)
    assert labels == [0, 1, 2]
    assert all(picture.dtype == np.uint8 and min(picture.shape[:2]) == 48 for picture in pixels)


def test_a_class_that_dies_ends_it(tmp_path: Path) -> None:
    """When too few of a class can be read the class is named."""
    write_classes(tmp_path, each=4)
    for number in range(2):
        (tmp_path / "mantis" / f"{number:03}.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match="class mantis: 2 readable photographs, at least 3 are needed"):
        training_set.load(read_class_folders(tmp_path), RECIPE, seed=1)


def test_the_same_seed_writes_the_same_split(tmp_path: Path) -> None:
    """The written split depends on photographs and seed, not on where the folder lies."""
    texts = []
    for place, seed in (("here", 1), ("there", 1), ("there", 2)):
        if not (tmp_path / place).exists():
            write_classes(tmp_path / place, each=9)
        data = training_set.load(read_class_folders(tmp_path / place), RECIPE, seed=seed)
        texts.append(split.to_csv(data.split, data.labels, data.pictures))
    assert texts[0] == texts[1] != texts[2]

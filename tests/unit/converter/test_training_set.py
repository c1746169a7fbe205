"""From class folders to photographs ready to learn from, with everything that is left out said aloud."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import split, training_set
from insect_converter.dataset import read, read_class_folders
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
    assert "split: 17 train, 6 validation, 6 test; 0 groups of near-duplicates kept together" in told
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


def test_named_photographs_are_left_out_of_training_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is doubted is not learnt from; validation and test stay as they are, so that scores compare."""
    write_classes(tmp_path, each=10)
    found = read_class_folders(tmp_path)
    whole = training_set.load(found, RECIPE, seed=1)
    doubted = frozenset({whole.split.train[0].name, whole.split.train[5].name, whole.split.test[0].name})
    data = training_set.load(found, RECIPE, seed=1, leave_out=doubted)
    assert (data.split.test, data.split.validation) == (whole.split.test, whole.split.validation)
    assert {item.name for item in whole.split.train} - {item.name for item in data.split.train} == {
        whole.split.train[0].name,
        whole.split.train[5].name,
    }
    told = capsys.readouterr().err
    assert "2 named photographs left out of training; 1 others of the list stay in validation and test" in told


def test_names_to_leave_out_have_to_exist(tmp_path: Path) -> None:
    """A list that belongs to other data is refused, and so is one that leaves nothing of a class."""
    write_classes(tmp_path, each=4)
    found = read_class_folders(tmp_path)
    with pytest.raises(DatasetError, match=r"1 names to leave out are not in the data, the first is wasp/1\.jpg: give"):
        training_set.load(found, RECIPE, seed=1, leave_out=frozenset({"wasp/1.jpg", "mantis/000.jpg"}))
    all_of_one = frozenset(item.name for item in found.photographs if item.name.startswith("mantis"))
    with pytest.raises(DatasetError, match="class mantis: nothing is left to learn from: shorten the list"):
        training_set.load(found, RECIPE, seed=1, leave_out=all_of_one)


def test_the_parts_of_a_list_are_kept_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was divided is not divided again, and what shows the test is not learnt from."""
    write_classes(tmp_path / "p", each=4)
    (tmp_path / "p" / "mantis" / "copy.jpg").write_bytes((tmp_path / "p" / "mantis" / "000.jpg").read_bytes())
    parts = {"000": "test", "001": "validation"}
    rows = [
        f"{path.relative_to(tmp_path)},{path.parent.name},{parts.get(path.stem, 'train')}"
        for path in sorted(tmp_path.rglob("*.jpg"))
    ]
    (tmp_path / "list.csv").write_text("\n".join(["path,label,split", *rows]))
    data = training_set.load(read(tmp_path / "list.csv"), RECIPE, seed=9)
    assert [item.path.stem for item in data.split.test] == ["000"] * 3
    assert [item.path.stem for item in data.split.validation] == ["001"] * 3
    assert [item.name for item in data.split.leaked] == ["p/mantis/copy.jpg"]
    assert len(data.split.train) == 6
    assert "1 photographs left out: the data came divided, and they show what is held back" in capsys.readouterr().err
    kept = training_set.load(read(tmp_path / "list.csv"), RECIPE, seed=9, keep_leaks=True)
    assert (len(kept.split.train), kept.split.leaked, kept.split.leaks_kept) == (7, (), 1)
    assert kept.split.test == data.split.test
    assert "1 photographs to learn from show what is held back, and are kept" in capsys.readouterr().err


def test_photographs_that_changed_since_they_were_listed_are_refused(tmp_path: Path) -> None:
    """A list with hashes is a promise about content."""
    write_classes(tmp_path, each=3)
    rows = [
        f"{path.relative_to(tmp_path)},{path.parent.name},{hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(tmp_path.rglob("*.jpg"))
    ]
    (tmp_path / "list.csv").write_text("\n".join(["path,label,sha256", *rows]))
    training_set.load(read(tmp_path / "list.csv"), RECIPE, seed=1)
    (tmp_path / "mantis" / "001.jpg").write_bytes((tmp_path / "mantis" / "000.jpg").read_bytes())
    with pytest.raises(DatasetError, match=r"1 photographs have changed since .*mantis/001\.jpg: bring them"):
        training_set.load(read(tmp_path / "list.csv"), RECIPE, seed=1)

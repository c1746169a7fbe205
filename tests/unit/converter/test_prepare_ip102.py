"""IP102 is read as it is published, and nobody is off by one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from insect_converter.errors import DatasetError
from insect_converter.parts import Part
from insect_converter.prepare import ip102
from support.shared_data import data_folder

if TYPE_CHECKING:
    from pathlib import Path

NAMES = "1  rice leaf roller \t\t\r\n2 aphids\r\n3   Dacus dorsalis(Hendel)\t\r\n\r\n"


def published(
    folder: Path, *, train: str = "a.jpg 0\nb.jpg 2\n", val: str = "c.jpg 1\n", test: str = "d.jpg 2\n"
) -> Path:
    """Lists as they are published, without pictures."""
    (folder / "images").mkdir(parents=True)
    for name, text in (("train", train), ("val", val), ("test", test)):
        (folder / f"{name}.txt").write_text(text)
    return folder


def test_lists_count_from_0_and_names_from_1(tmp_path: Path) -> None:
    """Class 0 of the lists is number 1 of the names file, whose blanks and Windows lines do not matter."""
    folder = published(tmp_path / "ip102_v1.1")
    (tmp_path / "classes.txt").write_text(NAMES)
    names = ip102.read_names(ip102.find_names(folder, None))
    assert names == {1: "rice leaf roller", 2: "aphids", 3: "Dacus dorsalis(Hendel)"}
    found = ip102.read(folder, names)
    assert [(label, item.name, item.split) for label, item in found] == [
        ("rice leaf roller", "images/a.jpg", Part.TRAIN),
        ("Dacus dorsalis(Hendel)", "images/b.jpg", Part.TRAIN),
        ("aphids", "images/c.jpg", Part.VALIDATION),
        ("Dacus dorsalis(Hendel)", "images/d.jpg", Part.TEST),
    ]
    assert found[0][1].path == folder / "images" / "a.jpg"


def test_a_names_file_that_counts_from_0_is_understood(tmp_path: Path) -> None:
    """Some copies of the names file are numbered like the lists."""
    (tmp_path / "classes.txt").write_text("0 ant\n1 wasp\n2 moth\n")
    names = ip102.read_names(tmp_path / "classes.txt")
    assert [label for label, _ in ip102.read(published(tmp_path / "lists"), names)] == ["ant", "moth", "wasp", "moth"]


def test_the_lists_are_found_at_or_below_the_folder(tmp_path: Path) -> None:
    """The folder itself, or the only one in it with all three lists."""
    folder = published(tmp_path / "ip102_v1.1")
    assert ip102.find(folder) == ip102.find(tmp_path) == folder
    published(tmp_path / "another")
    assert ip102.find(tmp_path) is None
    (folder / "val.txt").unlink()
    assert ip102.find(folder) is None
    assert ip102.find(tmp_path / "nowhere") is None


def test_the_names_file_can_be_named(tmp_path: Path) -> None:
    """Where it is not called classes.txt it has to be said, and it has to be there."""
    folder = published(tmp_path / "lists")
    (tmp_path / "names").write_text(NAMES)
    assert ip102.find_names(folder, tmp_path / "names") == tmp_path / "names"
    with pytest.raises(DatasetError, match=r"lists/classes.txt: no such file: say with --class-names"):
        ip102.find_names(folder, None)
    with pytest.raises(DatasetError, match="gone: no such file: say with --class-names"):
        ip102.find_names(folder, tmp_path / "gone")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1 ant\nwasp\n", "classes.txt, line 2: 'wasp' is no number and name: correct"),
        ("1 ant\n1 wasp\n", "classes.txt, line 2: 1 is there twice"),
        ("1 ant\n3 wasp\n", "classes.txt: the classes are not numbered 1, 2, 3 and so on"),
        ("2 ant\n3 wasp\n", "classes.txt: the classes are not numbered 1, 2, 3 and so on"),
        ("1 ant\n2 ant\n", "classes.txt: the classes are not numbered 1, 2, 3 and so on with a name each"),
        ("", "classes.txt: the classes are not numbered"),
    ],
)
def test_names_that_make_no_sense_are_one_clear_line(tmp_path: Path, text: str, line: str) -> None:
    """A gap, a repetition or a missing number is told."""
    (tmp_path / "classes.txt").write_text(text)
    with pytest.raises(DatasetError, match=line):
        ip102.read_names(tmp_path / "classes.txt")


@pytest.mark.parametrize("bad", ["x.jpg 3", "x.jpg -1", "x.jpg", "x.jpg one", "102"])
def test_lines_that_make_no_sense_are_one_clear_line(tmp_path: Path, bad: str) -> None:
    """The list, the line and what a class may be are named."""
    folder = published(tmp_path, train=f"a.jpg 0\n{bad}\n")
    with pytest.raises(DatasetError, match=r"train.txt, line 2: .* is no file and class number from 0 to 2: correct"):
        ip102.read(folder, {1: "ant", 2: "wasp", 3: "moth"})


def test_the_true_lists_are_read_whole() -> None:
    """All 75,222 lines, divided as published, with the classes that everybody trains on where they are known to be."""
    folder = ip102.find(data_folder() / "ip102")
    assert folder is not None
    names = ip102.read_names(ip102.find_names(folder, None))
    found = ip102.read(folder, names)
    assert Counter(item.split for _, item in found) == {Part.TRAIN: 45_095, Part.VALIDATION: 7_508, Part.TEST: 22_619}
    assert len({item.name for _, item in found}) == 75_222
    assert [names[number] for number in (25, 52, 68, 71, 102)] == [
        *("aphids", "blister beetle", "Lycorma delicatula", "Miridae", "Cicadellidae")
    ]
    assert Counter(label for label, _ in found).most_common(1) == [("Cicadellidae", 5_740)]

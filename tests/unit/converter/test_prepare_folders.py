"""Divided photographs are written as folders by hard links, or by copies where links are refused."""

from __future__ import annotations

import errno
import os
from pathlib import Path, PurePosixPath

import pytest

from insect_converter.errors import DatasetError
from insect_converter.manifest import Entry
from insect_converter.parts import Part
from insect_converter.prepare import folders


def entry(path: str, *, label: str = "ant", part: Part = Part.TRAIN, sha256: str = "0" * 64) -> Entry:
    """A line of the manifest."""
    return Entry(path=Path(path), name=path, label=label, split=part, sha256=sha256)


def test_each_part_has_its_folder() -> None:
    """Training, testing and validation, with a folder a class in each."""
    entries = [entry("x/a.jpg"), entry("x/b.jpg", part=Part.TEST), entry("x/c.jpg", part=Part.VALIDATION, label="moth")]
    assert list(map(str, folders.places(entries))) == [
        "training/ant/a.jpg",
        "testing/ant/b.jpg",
        "validation/moth/c.jpg",
    ]


def test_photographs_of_one_name_do_not_take_each_others_place() -> None:
    """They get the beginnings of their hashes, also where only capitals differ; other folders do not count."""
    entries = [
        *(entry("x/a.jpg", sha256="1" * 64), entry("y/A.jpg", sha256="2" * 64), entry("z/a.jpg", label="moth")),
        entry("z/a.jpg", part=Part.TEST),
    ]
    assert list(map(str, folders.places(entries))) == [
        "training/ant/a-111111111111.jpg",
        "training/ant/A-222222222222.jpg",
        "training/moth/a.jpg",
        "testing/ant/a.jpg",
    ]


@pytest.mark.parametrize("label", ["moth/butterfly", "..", "."])
def test_labels_that_cannot_be_folders_are_refused(label: str) -> None:
    """Nothing is written outside of the folder."""
    with pytest.raises(DatasetError, match="cannot be the name of a folder: rename the class, or leave --materialize"):
        folders.places([entry("a.jpg", label=label)])


def test_photographs_are_linked_not_copied(tmp_path: Path) -> None:
    """They take no room; a link to a photograph becomes the photograph."""
    (tmp_path / "a.jpg").write_bytes(b"a")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "a.jpg")
    places = {
        PurePosixPath("training/ant/a.jpg"): tmp_path / "a.jpg",
        PurePosixPath("testing/b.jpg"): tmp_path / "b.jpg",
    }
    calls: list[int] = []
    assert folders.write(tmp_path / "out", places, on_each=lambda: calls.append(1)) == 0
    for place in places:
        assert (tmp_path / "out" / place).samefile(tmp_path / "a.jpg")
        assert not (tmp_path / "out" / place).is_symlink()
    assert len(calls) == 2


def test_what_cannot_be_linked_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On another file system the photographs are copied, and counted."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    (tmp_path / "a.jpg").write_bytes(b"a")
    monkeypatch.setattr(os, "link", refuse)
    assert folders.write(tmp_path / "out", {PurePosixPath("training/ant/a.jpg"): tmp_path / "a.jpg"}) == 1
    copy = tmp_path / "out" / "training" / "ant" / "a.jpg"
    assert copy.read_bytes() == b"a"
    assert not copy.samefile(tmp_path / "a.jpg")

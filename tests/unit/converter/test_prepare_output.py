"""The folder of a prepared dataset is there whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from insect_converter.errors import DatasetError
from insect_converter.prepare import output

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_takes_its_name_when_all_is_written(tmp_path: Path) -> None:
    """Before that there is nothing of that name, after it nothing else."""
    with output.staged(tmp_path / "out") as folder:
        (folder / "a.txt").write_text("a")
        assert not (tmp_path / "out").exists()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["out", "out/a.txt"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_what_fails(tmp_path: Path, error: BaseException) -> None:
    """A full disk is one line; an impatient user leaves no traces either."""
    wanted = DatasetError if isinstance(error, OSError) else KeyboardInterrupt

    def fail() -> None:
        with output.staged(tmp_path / "out") as folder:
            (folder / "a.txt").write_text("a")
            raise error

    with pytest.raises(wanted) as caught:
        fail()
    assert list(tmp_path.iterdir()) == []
    if isinstance(error, OSError):
        assert str(caught.value) == (
            f"{tmp_path / 'out'}: cannot be written (No space left on device): make room or name another place"
        )


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    """Files, folders and broken links are refused before the work begins."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(DatasetError, match=f"{name}: there is something already: nothing is overwritten"):
            output.check(tmp_path / name)


def test_what_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """A folder that somebody else made while the photographs were read stays as it is."""

    def write() -> None:
        with output.staged(tmp_path / "out") as folder:
            (folder / "mine").touch()
            (tmp_path / "out").mkdir()
            (tmp_path / "out" / "theirs").touch()

    with pytest.raises(DatasetError, match=r"out: cannot be written \(Directory not empty\)"):
        write()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["theirs"]


def test_a_place_that_takes_no_files_is_refused_before_the_work(tmp_path: Path) -> None:
    """A file in the place of a folder, or no permission to write."""
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match=r"file/out: cannot be written \(File exists\): make room or name"):
        output.check(tmp_path / "file" / "out")
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(DatasetError, match=r"locked/out: cannot be written \(Permission denied\)"):
        output.check(tmp_path / "locked" / "out")


def test_a_list_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """Whole, with whatever bytes file names are made of."""
    for lines in (["old"], ["a.jpg", os.fsdecode(b"k\xe4fer.jpg")]):
        output.write_list(tmp_path / "list.txt", lines)
    assert (tmp_path / "list.txt").read_bytes() == b"a.jpg\nk\xe4fer.jpg\n"
    assert [path.name for path in tmp_path.iterdir()] == ["list.txt"]

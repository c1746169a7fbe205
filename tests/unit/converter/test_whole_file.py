"""A file is there whole or not at all, and never in the place of something else unasked."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from insect_converter import whole_file
from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_file_is_written_for_all_to_read(tmp_path: Path) -> None:
    """Its folder is made, its content is whole, nothing else is left."""
    path = tmp_path / "pages" / "report.html"
    whole_file.check_place(path, replace=False)
    whole_file.write(path, b"page", replace=False)
    assert path.read_bytes() == b"page"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_what_is_there_stays_unless_it_may_go(tmp_path: Path) -> None:
    """A file is refused before and at writing, a folder always; with leave the file is replaced."""
    path = tmp_path / "report.html"
    path.write_bytes(b"mine")
    with pytest.raises(TrainingError, match=r"report\.html: there is something already: name another file, or say"):
        whole_file.check_place(path, replace=False)
    with pytest.raises(TrainingError, match="there is something already"):
        whole_file.write(path, b"page", replace=False)
    assert path.read_bytes() == b"mine"
    with pytest.raises(TrainingError, match="there is something already"):
        whole_file.check_place(tmp_path, replace=True)
    whole_file.check_place(path, replace=True)
    whole_file.write(path, b"page", replace=True)
    assert path.read_bytes() == b"page"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear line, and neither half a page nor a scratch file."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match=r"p\.html: cannot be written \(No space left on device\): make room"):
        whole_file.write(tmp_path / "p.html", b"page", replace=True)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_takes_no_files_is_one_clear_line(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"p\.html: cannot be written"):
        whole_file.check_place(tmp_path / "file" / "p.html", replace=False)
    with pytest.raises(TrainingError, match=r"p\.html: cannot be written"):
        whole_file.write(tmp_path / "file" / "p.html", b"page", replace=False)

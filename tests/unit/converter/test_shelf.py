"""Pictures that no longer fit into memory lie on the disk, and are the same."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_converter.errors import DatasetError
from insect_converter.shelf import Shelf

if TYPE_CHECKING:
    from pathlib import Path


def pictures() -> list[np.ndarray]:
    """Of several sizes, one larger than a chunk, and one of a single pixel."""
    generator = np.random.default_rng(1)
    sides = [(30, 40), (50, 20), (1, 1), (90, 100), (30, 40), (30, 40)]
    return [generator.integers(0, 256, (*side, 3), dtype=np.uint8) for side in sides]


@pytest.mark.parametrize(("room", "on_disk"), [(10**6, 0), (6700, 34200), (0, 40803)])
def test_what_is_kept_is_what_was_put_there(room: int, on_disk: int) -> None:
    """In memory while there is room, then on the disk, whatever the sizes; nothing overwrites anything."""
    shelf = Shelf(room=room, chunk=8192)
    given = pictures()
    kept = [shelf.keep(pixels) for pixels in given]
    assert shelf.on_disk == on_disk
    for pixels, again in zip(given, kept, strict=True):
        assert again.dtype == np.uint8
        np.testing.assert_array_equal(again, pixels)


def test_the_room_is_a_share_of_the_memory() -> None:
    """By default a few pictures stay in memory."""
    shelf = Shelf()
    pixels = pictures()[0]
    assert shelf.keep(pixels) is pixels
    assert shelf.on_disk == 0


def test_files_lie_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They have no name there, and where they cannot be made, the folder is told."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    Shelf(room=0, chunk=8192).keep(pictures()[0])
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match=r"nowhere: no room .*: make some, name another folder with TMPDIR"):
        Shelf(room=0).keep(pictures()[0])


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, before a pixel is written."""

    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DatasetError, match=r"no room for the decoded photographs \(No space left on device\): make"):
        Shelf(room=0).keep(pictures()[0])

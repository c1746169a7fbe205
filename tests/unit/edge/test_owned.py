"""Files in a folder whose owner may be less trusted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from insect_edge.errors import StateError
from insect_edge.models import owned

if TYPE_CHECKING:
    from pathlib import Path


def test_a_lock_is_waited_for_so_long_and_no_longer(tmp_path: Path) -> None:
    """It is free again as soon as the other's file is closed."""
    first, second = (owned.open_lock(tmp_path / "lock") for _ in range(2))
    owned.take_lock(first, folder=tmp_path, patience=0)
    with pytest.raises(StateError, match=r"another process has kept it locked for 0\.1 s"):
        owned.take_lock(second, folder=tmp_path, patience=0.1)
    os.close(first)
    owned.take_lock(second, folder=tmp_path, patience=0.1)
    os.close(second)


def test_a_pipe_in_the_place_of_the_lock_holds_nobody_up(tmp_path: Path) -> None:
    """Opened without care, it would wait for a writer for ever."""
    os.mkfifo(tmp_path / "lock")
    os.close(owned.open_lock(tmp_path / "lock"))


def test_files_are_filled_into_the_folder_itself_and_over_none(tmp_path: Path) -> None:
    """A link in the place of the folder or of a file leads nowhere."""
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "new").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "new")
    (tmp_path / "new" / "a").symlink_to(tmp_path / "secret")
    with pytest.raises(FileExistsError):
        owned.fill(tmp_path / "new", {"a": b"mine"}, like=tmp_path)
    with pytest.raises(NotADirectoryError):
        owned.fill(tmp_path / "link", {"b": b"mine"}, like=tmp_path)
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert not (tmp_path / "new" / "b").exists()


def test_a_file_put_in_place_leaves_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it could be written or not; everybody may read it."""
    path = tmp_path / "a.json"
    owned.put_in_place(path, b"old", prefix=".writing-")
    assert path.stat().st_mode & 0o777 == 0o644

    def full(_: object, __: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(owned, "_write_synced", full)
    with pytest.raises(OSError, match="No space left"):
        owned.put_in_place(path, b"new", prefix=".writing-")
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"old", [path])

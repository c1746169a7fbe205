"""Names of photographs to leave out, as programs and as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_converter import leave_out
from insect_converter.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "text",
    [
        "ants/1.jpg\nbees/2, wide.jpg\n",
        "\ufeffants/1.jpg\r\n\r\n  bees/2, wide.jpg  \r\n",
        'rank,name,label\n1,ants/1.jpg,ants\n2,"bees/2, wide.jpg",bees\n3,,\n',
        '"name"\nants/1.jpg\n"bees/2, wide.jpg"\n',
    ],
)
def test_names_are_read(tmp_path: Path, text: str) -> None:
    """One name a line, or the column `name` of a CSV; blank ones and spaces around them do not count."""
    (tmp_path / "list").write_text(text, encoding="utf-8", newline="")
    assert leave_out.read(tmp_path / "list") == {"ants/1.jpg", "bees/2, wide.jpg"}


@pytest.mark.parametrize("text", ["", "\n \n", "name,label\n", "rank,name\n1,\n"])
def test_a_list_without_a_name_is_one_clear_line(tmp_path: Path, text: str) -> None:
    """An empty list is a mistake, not a wish."""
    (tmp_path / "list").write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match=r"list: no name in it: list the photographs as split\.csv calls them"):
        leave_out.read(tmp_path / "list")


def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    """No file, and no text."""
    with pytest.raises(DatasetError, match=r"cannot be read \(No such file"):
        leave_out.read(tmp_path / "gone")
    (tmp_path / "latin").write_bytes(b"K\xe4fer\n")
    with pytest.raises(DatasetError, match=r"cannot be read \(not UTF-8 text\)"):
        leave_out.read(tmp_path / "latin")

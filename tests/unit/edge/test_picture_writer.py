"""Pixels to a picture file, there whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge.adapters import picture_writer
from insect_edge.adapters.picture_writer import SUFFIXES, write_picture
from insect_edge.adapters.pictures import read_picture
from insect_edge.errors import ImageError

if TYPE_CHECKING:
    from pathlib import Path


def gradient(width: int = 40, height: int = 30) -> np.ndarray:
    """A soft picture that survives lossy formats, with three different channels."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 4, columns * 4, np.full_like(rows, 200)], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".PNG", ".Jpg"])
def test_what_is_written_can_be_read(tmp_path: Path, suffix: str) -> None:
    """Every suffix gives a picture of the same size and colours, exactly where the format keeps them."""
    path = tmp_path / f"seen{suffix}"
    write_picture(path, gradient())
    pixels = read_picture(path)
    assert pixels.shape == gradient().shape
    tolerance = 0 if suffix.lower() in {".png", ".bmp"} else 12
    assert np.abs(pixels.astype(int) - gradient()).max() <= tolerance


def test_an_existing_file_is_replaced_and_nothing_else_left(tmp_path: Path) -> None:
    """The new picture takes the old one's place, and the folder holds just it."""
    path = tmp_path / "seen.png"
    path.write_text("old")
    write_picture(path, gradient())
    assert [entry.name for entry in tmp_path.iterdir()] == ["seen.png"]
    assert read_picture(path).shape == (30, 40, 3)


def test_the_file_can_be_read_by_others(tmp_path: Path) -> None:
    """A picture is no secret."""
    write_picture(tmp_path / "seen.png", gradient())
    assert stat.S_IMODE((tmp_path / "seen.png").stat().st_mode) == 0o644


@pytest.mark.parametrize("name", ["seen.gif", "seen", "seen.txt", ".png", "seen.png.bak"])
def test_an_unknown_suffix_is_refused(tmp_path: Path, name: str) -> None:
    """The message proposes a name that works."""
    with pytest.raises(ImageError, match=r"cannot write this kind of picture: name it .+\.png"):
        write_picture(tmp_path / name, gradient())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_a_picture_too_long_for_its_format_is_refused(tmp_path: Path, suffix: str) -> None:
    """JPEG and WebP have a longest side; beyond it the message says to use another format."""
    with pytest.raises(ImageError, match=rf"seen{suffix}: 70000x1 pixels cannot be encoded as {suffix}: use \.png"):
        write_picture(tmp_path / f"seen{suffix}", np.zeros((1, 70_000, 3), np.uint8))
    assert not list(tmp_path.iterdir())


def test_an_encoder_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV's own errors end as one clear line, like a refusal to encode."""

    def fail(*_: object) -> None:
        raise picture_writer.cv2.error("WEBP_MAX_DIMENSION")

    monkeypatch.setattr(picture_writer.cv2, "imencode", fail)
    with pytest.raises(ImageError, match=r"40x30 pixels cannot be encoded as \.webp: use \.png"):
        write_picture(tmp_path / "seen.webp", gradient())


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    """Folders are not made on the quiet."""
    with pytest.raises(ImageError, match=r"cannot be written \(No such file or directory\): check the folder"):
        write_picture(tmp_path / "nowhere" / "seen.png", gradient())


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    """A folder of that name is not replaced, and no half-written file stays behind."""
    (tmp_path / "seen.png").mkdir()
    with pytest.raises(ImageError, match=r"seen\.png: cannot be written"):
        write_picture(tmp_path / "seen.png", gradient())
    assert [entry.name for entry in tmp_path.iterdir()] == ["seen.png"]


def test_a_full_disk_leaves_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the new bytes cannot be made durable, the old file is untouched and the temporary one gone."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(picture_writer.os, "fsync", full)
    path = tmp_path / "seen.png"
    path.write_text("old")
    with pytest.raises(ImageError, match=r"seen\.png: cannot be written \(No space left on device\)"):
        write_picture(path, gradient())
    assert [entry.name for entry in tmp_path.iterdir()] == ["seen.png"]
    assert path.read_text() == "old"

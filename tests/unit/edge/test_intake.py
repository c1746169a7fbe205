"""Bundles that somebody brings, of whom nothing is known."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from insect_edge.errors import ModelError
from insect_edge.models import intake
from insect_edge.models.intake import read_bundle

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"model.tflite": b"model", "card.json": b"{}", "labels.txt": b"a\n"}


def zipped(path: Path, members: list[tuple[str, bytes]]) -> Path:
    """A zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def tarred(path: Path, members: list[tuple[str, bytes]], *, mode: str = "w:gz") -> Path:
    """A tar archive."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload] # the mode is one of the parameters
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def members(prefix: str = "") -> list[tuple[str, bytes]]:
    """Those of a bundle, below a folder of the archive."""
    return [(prefix + name, content) for name, content in FILES.items()]


def test_a_folder_is_read(tmp_path: Path) -> None:
    """Its own files alone, and a signature where there is one."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert read_bundle(tmp_path) == FILES
    (tmp_path / "bundle.sig").write_bytes(b"signed")
    assert read_bundle(tmp_path) == FILES | {"bundle.sig": b"signed"}


@pytest.mark.parametrize("prefix", ["", "./", "garden-v2/", "a/b/"])
def test_an_archive_is_read_wherever_the_bundle_lies_in_it(tmp_path: Path, prefix: str) -> None:
    """At the top or in one folder, zipped or tarred, packed or not."""
    strange = [("README", b"x"), ("other/labels.txt", b"none of the bundle's")]
    assert read_bundle(zipped(tmp_path / "a.zip", strange + members(prefix))) == FILES
    assert read_bundle(tarred(tmp_path / "a.tar.gz", strange + members(prefix))) == FILES
    assert read_bundle(tarred(tmp_path / "a.tar", members(prefix), mode="w")) == FILES


def test_paths_lead_nowhere(tmp_path: Path) -> None:
    """Absolute names and names that climb are read like any other: nothing is written where they say."""
    for number, prefix in enumerate(["/etc/", "../../"]):
        assert read_bundle(tarred(tmp_path / f"{number}.tar.gz", members(prefix))) == FILES
        assert read_bundle(zipped(tmp_path / f"{number}.zip", members(prefix))) == FILES


def test_links_and_pipes_are_no_files(tmp_path: Path) -> None:
    """An archive's link to a secret is not followed, and a pipe is not read for ever."""
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name in FILES:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member)
    with pytest.raises(ModelError, match=r"no card\.json in it"):
        read_bundle(tmp_path / "a.tar")
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "model.tflite").unlink()
    os.mkfifo(tmp_path / "model.tflite")
    with pytest.raises(ModelError, match=r"model\.tflite is missing"):
        read_bundle(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (members()[1:], r"model\.tflite is missing"),
        (members()[:1], r"no card\.json in it"),
        (members("a/") + members("b/"), "2 bundles in it"),
        ([], r"no card\.json in it"),
    ],
)
def test_half_a_bundle_is_none(tmp_path: Path, content: list[tuple[str, bytes]], says: str) -> None:
    """What is missing is named; of two bundles none is guessed."""
    for path in (zipped(tmp_path / "a.zip", content), tarred(tmp_path / "a.tgz", content)):
        with pytest.raises(ModelError, match=says):
            read_bundle(path)


def test_a_file_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """Two readers could take different ones."""
    with pytest.raises(ModelError, match="in it twice"):
        read_bundle(tarred(tmp_path / "a.tgz", [*members(), ("card.json", b"[]")]))


def test_sizes_are_bounded_whatever_the_archive_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small archive that unpacks to something large is given up on the way."""
    monkeypatch.setitem(intake.LIMITS, "model.tflite", 1000)
    large = [*members()[1:], ("model.tflite", bytes(1001))]
    for path in (zipped(tmp_path / "a.zip", large), tarred(tmp_path / "a.tgz", large)):
        with pytest.raises(ModelError, match=r"model\.tflite is larger than 1000 bytes"):
            read_bundle(path)
    monkeypatch.setattr(intake, "_MOST_BYTES", 100_000)
    with pytest.raises(ModelError, match="unpacks to more than 100000 bytes"):
        read_bundle(tarred(tmp_path / "b.tgz", [("bomb", bytes(200_000)), *members()]))
    (tmp_path / "c.tgz").write_bytes(gzip.compress(bytes(200_000)))
    with pytest.raises(ModelError, match=r"no archive|no card"):
        read_bundle(tmp_path / "c.tgz")


def test_an_endless_list_of_files_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand members are more than any bundle has."""
    monkeypatch.setattr(intake, "_MOST_MEMBERS", 5)
    many = [(f"{number}.txt", b"") for number in range(6)]
    with pytest.raises(ModelError, match="more than 5 files"):
        read_bundle(tarred(tmp_path / "a.tgz", many + members()))
    with pytest.raises(ModelError, match=r"no card\.json"):
        read_bundle(zipped(tmp_path / "a.zip", many + members()))


def test_a_damaged_lzma_member_is_one_line(tmp_path: Path) -> None:
    """Its packer has an error of its own."""
    path = tmp_path / "a.zip"
    content = b"model" * 1000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("model.tflite", content)
    # Behind the local header, the name and the packer's own header lies what it packed.
    start = 30 + len("model.tflite") + 9
    whole = path.read_bytes()
    path.write_bytes(whole[:start] + b"\xff" * 8 + whole[start + 8 :])
    with pytest.raises(ModelError, match="a damaged one"):
        read_bundle(path)


def test_what_is_no_archive_is_one_line(tmp_path: Path) -> None:
    """Garbage, a cut archive, nothing at all."""
    whole = tarred(tmp_path / "whole.tgz", [*members(), ("x", os.urandom(50_000))]).read_bytes()
    for name, content in {
        "garbage": b"hello",
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "gz": b"\x1f\x8b!",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ModelError, match=r"a bundle is a folder, a \.zip or a \.tar\.gz"):
            read_bundle(tmp_path / name)
    cut = zipped(tmp_path / "cut.zip", members()).read_bytes()
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04" + cut[10:])
    with pytest.raises(ModelError):
        read_bundle(tmp_path / "cut.zip")
    with pytest.raises(ModelError, match="no such file"):
        read_bundle(tmp_path / "absent")

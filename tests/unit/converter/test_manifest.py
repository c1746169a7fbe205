"""Lists of photographs are read as they are written, by hand or by the program."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

from insect_converter import manifest
from insect_converter.errors import DatasetError
from insect_converter.manifest import Entry
from insect_converter.parts import Part


def listed(folder: Path, text: str) -> Path:
    """A list on disk."""
    path = folder / "list.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def entries(folder: Path) -> list[Entry]:
    """Two lines with everything and with next to nothing, below the list and elsewhere."""
    whole = Entry(
        path=folder / "p" / 'a, "1".jpg',
        name="ant/a.jpg",
        label="ant, red",
        split=Part.VALIDATION,
        group="trap 1/2026-06-01",
        sha256="ab" * 32,
        difference_hash=2**63 + 5,
        width=300,
        height=200,
    )
    return [whole, Entry(path=Path("/elsewhere/b.jpg"), name="b.jpg", label="Käfer")]


def test_csv_comes_back(tmp_path: Path) -> None:
    """All columns survive, commas and quotes too; paths below the list are relative in it, so that it can be moved."""
    text = manifest.to_csv(entries(tmp_path), folder=tmp_path)
    assert text.decode().splitlines()[0] == ",".join(manifest.COLUMNS)
    assert text.decode().splitlines()[2] == "/elsewhere/b.jpg,Käfer,,,b.jpg,,,,"
    (tmp_path / "m.csv").write_bytes(text)
    assert list(manifest.read(tmp_path / "m.csv")) == entries(tmp_path)
    assert str(tmp_path) not in text.decode()


def test_parquet_comes_back(tmp_path: Path) -> None:
    """The same in Parquet, with numbers as numbers."""
    arrow = pytest.importorskip("pyarrow")
    (tmp_path / "m.parquet").write_bytes(manifest.to_parquet(entries(tmp_path), folder=tmp_path))
    assert list(manifest.read(tmp_path / "m.parquet")) == entries(tmp_path)
    table = arrow.parquet.read_table(tmp_path / "m.parquet").to_pylist()
    assert (table[0]["width"], table[1]["width"], table[1]["split"]) == (300, None, None)


def test_without_pyarrow_parquet_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """CSV works without the package, Parquet says how to get it."""

    def lacking(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", lacking)
    with pytest.raises(DatasetError, match="Parquet needs the package pyarrow: pip install"):
        manifest.to_parquet(entries(tmp_path), folder=tmp_path)
    assert manifest.to_csv(entries(tmp_path), folder=tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "path,label,trap\na.jpg,ant,3\n",
        "\ufeffpath;label;trap\r\na.jpg;ant;3\r\n",
        "PATH\tLabel \ttrap\na.jpg\t ant\t3\n",
    ],
)
def test_lists_of_other_programs_are_read(tmp_path: Path, text: str) -> None:
    """Semicolons, tabs, a byte order mark, Windows lines and capitals in the heading do not matter."""
    (found,) = manifest.read(listed(tmp_path, text))
    assert (found.path, found.name, found.label) == (tmp_path / "a.jpg", "a.jpg", "ant")
    assert dict(found.others) == {"trap": "3"}


def test_parts_go_by_all_their_names(tmp_path: Path) -> None:
    """Training, train, val, validation, test and testing, in any case; nothing is open."""
    words = ["Training", "train", "val", "VALIDATION", "test", "testing", ""]
    lines = "".join(f"{number}.jpg,ant,{word}\n" for number, word in enumerate(words))
    parts = [entry.split for entry in manifest.read(listed(tmp_path, f"path,label,split\n{lines}"))]
    assert parts == [Part.TRAIN] * 2 + [Part.VALIDATION] * 2 + [Part.TEST] * 2 + [None]


def test_pictures_elsewhere_are_named_below_what_they_share(tmp_path: Path) -> None:
    """A name tells pictures apart and does not tell where somebody's home is."""
    text = f"path,label\n/home/someone/p/ant/a.jpg,ant\n/home/someone/p/wasp/a.jpg,wasp\n{tmp_path}/b.jpg,ant\n"
    inside = tmp_path / "lists"
    inside.mkdir()
    both = manifest.read(listed(inside, text.rpartition(f"{tmp_path}")[0]))
    assert [entry.name for entry in both] == ["ant/a.jpg", "wasp/a.jpg"]
    beside = manifest.read(listed(tmp_path, text))
    assert beside[2].name == "b.jpg"


def test_names_that_are_no_utf8_are_found(tmp_path: Path) -> None:
    """A file whose name is made of other bytes is found under it, and written back so."""
    name = os.fsdecode(b"k\xe4fer.jpg")
    found = manifest.read(listed(tmp_path, f"path,label\n{name},ant\n"))
    assert found[0].path == tmp_path / name
    assert b"k\xe4fer.jpg,ant" in manifest.to_csv(found, folder=tmp_path)
    pytest.importorskip("pyarrow")
    with pytest.raises(DatasetError, match=r"k\\xe4fer.jpg: Parquet holds only names that are UTF-8: write CSV"):
        manifest.to_parquet(found, folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "list.csv: no photographs in it: the first line names the columns, path and label at least"),
        ("path,label\n", "list.csv: no photographs in it"),
        ("file,label\na.jpg,ant\n", "list.csv: no column path: the first line names"),
        ("a.jpg,ant\nb.jpg,wasp\n", "list.csv: no column path and no column label: the first line names"),
        ("path,label\na.jpg,ant\nb.jpg\n", "list.csv, line 3: the label is empty: correct the line"),
        ("path,label\n,ant\n", "list.csv, line 2: the path is empty"),
        ("path,label,split\na.jpg,ant,dev\n", "list.csv, line 2: the split 'dev' is none of train, training, val"),
        ("path,label,width\na.jpg,ant,wide\n", "list.csv, line 2: invalid literal"),
        ('path,label\n"' + "a" * 200_000 + '",ant\n', r"list.csv: cannot be read \(field larger"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(tmp_path: Path, text: str, line: str) -> None:
    """The list and the line are named."""
    with pytest.raises(DatasetError, match=line) as caught:
        manifest.read(listed(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_list_that_is_not_there_or_damaged_is_one_clear_line(tmp_path: Path) -> None:
    """CSV and Parquet alike."""
    pytest.importorskip("pyarrow")
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1 no")
    (tmp_path / "folder.csv").mkdir()
    for name in ("gone.csv", "gone.parquet", "folder.csv", "damaged.parquet"):
        with pytest.raises(DatasetError, match=f"{name}: ") as caught:
            manifest.read(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_manifest_is_found_in_its_folder(tmp_path: Path) -> None:
    """A file is meant by its ending, a folder by what lies in it."""
    assert manifest.inside(tmp_path / "a.CSV") == tmp_path / "a.CSV"
    assert manifest.inside(tmp_path / "a.txt") is None
    assert manifest.inside(tmp_path) is None
    (tmp_path / "manifest.parquet").touch()
    assert manifest.inside(tmp_path) == tmp_path / "manifest.parquet"

"""From photographs as they lie about to a list that can be learnt from, as a user meets it."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING

import cv2
import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")
pytest.importorskip("matplotlib", reason="the converter's extra is not installed")

from insect_converter import training_set
from insect_converter.dataset import read
from insect_converter.parts import Part
from insect_converter.recipes import Recipe
from support.converter_command import caller
from support.photographs import COLOURS, draw, encoded, truncated, write_class, write_classes
from support.shared_data import data_folder

if TYPE_CHECKING:
    from pathlib import Path

    from support.converter_command import Prepare

RECIPE = Recipe(name="test", image_size=32, shorter_side=48, validation=0.3, test=0.3)


@pytest.fixture
def prepare(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Prepare:
    """The command."""
    return caller(monkeypatch, capsys, "prepare")


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file."""
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[Path, bytes]:
    """All files of a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ip102(folder: Path, *, each: int) -> Path:
    """IP102 as published, of three drawn classes of which one is hardly ever seen."""
    (folder / "images").mkdir(parents=True)
    (folder / "classes.txt").write_text("1  aphid \t\r\n2  ladybird\t\r\n3  mantis\t\r\n")
    lists: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for index, label in enumerate(COLOURS):
        for number in range(each):
            name = f"{index}{number:04}.jpg"
            (folder / "images" / name).write_bytes(encoded(draw(label, seed=number)))
            lists[["train", "train", "train", "test", "val"][number % 5]].append(f"{name} {index}")
    for part, lines in lists.items():
        (folder / f"{part}.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_a_folder_with_every_kind_of_broken_file(tmp_path: Path, prepare: Prepare) -> None:
    """Each is counted and listed, nothing is deleted, near-duplicates stay together, and shares are as asked."""
    data = tmp_path / "data"
    write_classes(data, each=20)
    (data / "aphid" / "019.jpg").unlink()
    files = {
        "aphid/half.jpg": truncated(draw("aphid", seed=50)),
        "aphid/text.jpg": b"no picture",
        "aphid/really.png": encoded(draw("aphid", seed=51)),
        "aphid/dot.png": encoded(draw("aphid", seed=52)[:1, :1], ".png"),
        "mantis/again.jpg": (data / "mantis" / "000.jpg").read_bytes(),
        "mantis/small.jpg": encoded(cv2.resize(draw("mantis", seed=1), (100, 88), interpolation=cv2.INTER_AREA)),
        "ladybird/guest.jpg": (data / "mantis" / "002.jpg").read_bytes(),
        "ladybird/phone.heic": b"whatever",
    }
    for name, content in files.items():
        (data / name).write_bytes(content)
    before = contents(data)
    code, told, _ = prepare("--data", data, "--out", tmp_path / "out", "--split", "60/30/10")
    found = {row["name"] or row["path"].rpartition("/")[2]: row for row in rows(tmp_path / "out" / "findings.csv")}
    assert {name: (row["kind"], row["kept"]) for name, row in found.items()} == {
        "aphid/half.jpg": ("truncated", "no"),
        "aphid/text.jpg": ("unreadable", "no"),
        "aphid/really.png": ("wrong extension", "yes"),
        "aphid/dot.png": ("tiny", "no"),
        "mantis/again.jpg": ("exact duplicate", "no"),
        "mantis/001.jpg": ("near-duplicate", "yes"),
        "mantis/small.jpg": ("near-duplicate", "yes"),
        "ladybird/guest.jpg": ("same picture under two labels", "no"),
        "mantis/002.jpg": ("same picture under two labels", "no"),
        "phone.heic": ("not called a picture", "no"),
    }
    listed = {row["name"]: row for row in rows(tmp_path / "out" / "manifest.csv")}
    assert listed["mantis/001.jpg"]["split"] == listed["mantis/small.jpg"]["split"]
    assert listed["mantis/001.jpg"]["group"] == listed["mantis/small.jpg"]["group"] != ""
    assert Counter(row["split"] for row in listed.values()) == {"train": 36, "test": 18, "validation": 6}
    assert "split: train 60.0 %, test 30.0 %, validation 10.0 % (asked: 60/30/10)" in told
    assert "      2 same picture under two labels, left out under both, since one is wrong" in told
    assert (code, contents(data)) == (0, before)
    assert (tmp_path / "out" / "classes.png").read_bytes().startswith(b"\x89PNG")


def test_ip102_keeps_its_published_parts(tmp_path: Path, prepare: Prepare) -> None:
    """Classes are chosen by the numbers of the names file, and told; the lists decide what is for what."""
    data = ip102(tmp_path / "ip102_v1.1", each=20)
    code, told, _ = prepare(
        "--data", tmp_path, "--out", tmp_path.parent / f"{tmp_path.name}-out", "--classes", "1,mantis"
    )
    assert code == 0, told
    assert "classes chosen, numbered as in classes.txt, from 1; the lists count from 0: 1 aphid, 3 mantis" in told
    assert "split: train 60.0 %, test 20.0 %, validation 20.0 % (as the data came divided)" in told
    listed = rows(tmp_path.parent / f"{tmp_path.name}-out" / "manifest.csv")
    assert Counter((row["label"], row["split"]) for row in listed) == {
        (label, part): count
        for label in ("aphid", "mantis")
        for part, count in (("train", 12), ("test", 4), ("validation", 4))
    }
    assert {row["name"][7] for row in listed if row["label"] == "mantis"} == {"2"}
    assert listed[0]["path"] == str(data / "images" / "00000.jpg")


def test_missing_photographs_stop_the_run_and_are_named(tmp_path: Path, prepare: Prepare) -> None:
    """They are counted, listed in a file, and left out where that is allowed."""
    data, out = ip102(tmp_path / "data", each=20), tmp_path / "out"
    for number in (3, 7):
        (data / "images" / f"1{number:04}.jpg").unlink()
    code, told, error = prepare("--data", data, "--out", out)
    assert code == 1
    assert told.startswith(
        f"{data}: IP102 lists (numbered as in classes.txt, from 1; the lists count from 0): 60 photo"
    )
    assert error == (
        f"insect-converter: 2 of 60 photographs are missing, they are named in {out}.missing.txt: bring them, or go on "
        "without them with --allow-missing\n"
    )
    names = [str(data / "images" / name) for name in ("10003.jpg", "10007.jpg")]
    assert (tmp_path / "out.missing.txt").read_text().splitlines() == names
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out.missing.txt"]
    assert prepare("--data", data, "--out", out, "--allow-missing")[0] == 0
    assert Counter(row["label"] for row in rows(out / "manifest.csv"))["ladybird"] == 18
    assert [row["path"] for row in rows(out / "findings.csv") if row["kind"] == "missing"] == names


def test_the_true_lists_stop_for_what_is_not_there(tmp_path: Path, prepare: Prepare) -> None:
    """75,217 of the 75,222 photographs of IP102 are missing, and all of them are named."""
    code, _, error = prepare("--data", data_folder() / "ip102", "--out", tmp_path / "out")
    assert code == 1
    assert "75,217 of 75,222 photographs are missing" in error
    assert len((tmp_path / "out.missing.txt").read_text().splitlines()) == 75_217


def test_folders_of_links_can_be_moved_and_trained_on(tmp_path: Path, prepare: Prepare) -> None:
    """What is written holds together by itself, with its manifest and without it, and takes no room."""
    write_classes(tmp_path / "data", each=10)
    code, told, _ = prepare(
        *("--data", tmp_path / "data", "--out", tmp_path / "out", "--split", "40/30/30"),
        *("--materialize", "--format", "parquet"),
    )
    assert code == 0
    assert "30 photographs in training, testing, validation, all of them hard links" in told
    assert (tmp_path / "out" / "training").is_dir()
    places = {path.stat().st_ino for path in (tmp_path / "out").rglob("*.jpg")}
    assert places == {path.stat().st_ino for path in (tmp_path / "data").rglob("*.jpg")}
    (tmp_path / "out").rename(tmp_path / "moved")
    listed = training_set.load(read(tmp_path / "moved"), RECIPE, seed=99).split
    (tmp_path / "moved" / "manifest.parquet").unlink()
    folders = training_set.load(read(tmp_path / "moved"), RECIPE, seed=98).split
    for part in Part:
        assert {item.path for item in listed.part(part)} == {item.path for item in folders.part(part)}
    assert [len(listed.part(part)) for part in Part] == [12, 9, 9]


def test_training_from_the_manifest_is_training_from_the_folders(tmp_path: Path, prepare: Prepare) -> None:
    """Same photographs, seed and shares: the same division, with the same names, by either way."""
    write_classes(tmp_path / "data", each=10)
    assert prepare("--data", tmp_path / "data", "--out", tmp_path / "out", "--split", "40/30/30", "--seed", 5)[0] == 0
    listed = training_set.load(read(tmp_path / "out"), RECIPE, seed=1).split
    found = training_set.load(read(tmp_path / "data"), RECIPE, seed=5).split
    for part in Part:
        assert [item.name for item in listed.part(part)] == [item.name for item in found.part(part)]


def test_data_without_validation_gets_it_from_training(tmp_path: Path, prepare: Prepare) -> None:
    """The published test stays what it is, and the user is told; asked for shares divide it all anew."""
    write_classes(tmp_path / "data" / "train", each=16)
    write_classes(tmp_path / "test", each=20)
    for label in COLOURS:
        (tmp_path / "data" / "test" / label).mkdir(parents=True)
        for number in range(16, 20):
            (tmp_path / "test" / label / f"{number:03}.jpg").rename(
                tmp_path / "data" / "test" / label / f"{number:03}.jpg"
            )
    told = prepare("--data", tmp_path / "data", "--out", tmp_path / "kept")[1]
    assert "test 20.0 %, validation 10.0 % (as the data came divided; validation taken from training)" in told
    assert all(
        (row["split"] == "test") == row["name"].startswith("test/") for row in rows(tmp_path / "kept" / "manifest.csv")
    )
    told = prepare("--data", tmp_path / "data", "--out", tmp_path / "anew", "--split", "50/40/10")[1]
    assert "split: train 50.0 %, test 40.0 %, validation 10.0 % (asked: 50/40/10)" in told


def test_classes_are_balanced_and_what_goes_is_said(tmp_path: Path, prepare: Prepare) -> None:
    """Small classes go, large ones are drawn from, a background joins."""
    for label, count in (("aphid", 30), ("ladybird", 12), ("mantis", 4)):
        write_class(tmp_path / "data" / label, label=label, count=count)
    write_class(tmp_path / "things", label="nothing", count=9)
    code, told, _ = prepare(
        *("--data", tmp_path / "data", "--background", tmp_path / "things", "--out", tmp_path / "out"),
        *("--min-per-class", 5, "--max-per-class", 20),
    )
    assert code == 0
    assert Counter(row["label"] for row in rows(tmp_path / "out" / "manifest.csv")) == {
        "aphid": 20,
        "ladybird": 12,
        "background": 9,
    }
    assert "      4 class too small, left out with the class" in told
    assert "     10 class too large, left out by lot" in told
    assert "(by default)" in told


def test_traps_do_not_straddle(tmp_path: Path, prepare: Prepare) -> None:
    """Photographs of a list that share trap and day are in one part, whatever their classes."""
    write_classes(tmp_path / "p", each=24)
    lines = [
        f"p/{label}/{number:03}.jpg,{label},{number % 4},2026-06-{1 + number % 3:02}T22:00:00Z"
        for label in COLOURS
        for number in range(24)
    ]
    (tmp_path / "list.csv").write_text("\n".join(["path,label,trap,taken_at", *lines]))
    out = tmp_path / "out"
    code, _, error = prepare(
        "--data", tmp_path / "list.csv", "--out", out, "--group-by", "trap,day", "--split", "60/20/20"
    )
    assert (code, error) == (0, "")
    places: dict[str, set[str]] = {}
    for row in rows(out / "manifest.csv"):
        places.setdefault(row["group"], set()).add(row["split"])
    assert len(places) == 12
    assert all(len(parts) == 1 for parts in places.values())
    assert {part for parts in places.values() for part in parts} == set(Part)

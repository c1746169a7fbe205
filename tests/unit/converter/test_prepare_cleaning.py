"""What cannot or should not be learnt from is sorted out, with a count and a list, and nothing is deleted."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from insect_converter.dataset import Dataset, Photograph, of
from insect_converter.errors import DatasetError
from insect_converter.parts import Part
from insect_converter.prepare import cleaning, findings, inspection
from insect_converter.prepare.findings import Finding, Kind
from support.photographs import AS_THEY_COME, draw, encoded, truncated


def photographs(folder: Path, files: dict[str, bytes], parts: dict[str, Part] | None = None) -> Dataset:
    """Files on disk as a dataset; the folder is the label."""
    found = []
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        item = Photograph(path=folder / name, name=name, label=0, split=(parts or {}).get(name))
        found.append((name.partition("/")[0], item))
    return of(found)


def cleaned(dataset: Dataset, *, minimum_side: int = 32) -> cleaning.Cleaned:
    """What cleaning makes of it."""
    facts, troubles = inspection.inspect(item.path for item in dataset.photographs)
    return cleaning.clean(dataset, facts, troubles, minimum_side=minimum_side)


def kinds(found: tuple[Finding, ...]) -> dict[str, set[str]]:
    """Names by kind."""
    return {kind: {item.name for item in found if item.kind is kind} for kind in {item.kind for item in found}}


def names(result: cleaning.Cleaned) -> set[str]:
    """What is left."""
    return {item.name for item in result.dataset.photographs}


WHOLE = {f"{label}/{seed}.jpg": encoded(draw(label, seed=seed)) for label in ("aphid", "mantis") for seed in range(3)}


def test_pictures_that_cannot_be_used_are_left_out(tmp_path: Path) -> None:
    """Truncated, text, empty and tiny ones, each under its own heading; a wrong ending alone is forgiven."""
    broken = {
        "aphid/half.jpg": truncated(draw("aphid", seed=10)),
        "aphid/text.jpg": b"this is no picture",
        "aphid/empty.png": b"",
        "aphid/dot.png": encoded(np.zeros((1, 1, 3), np.uint8), ".png"),
        "aphid/flat.png": encoded(draw("aphid", seed=11)[:31], ".png"),
        "aphid/jpeg.png": encoded(draw("aphid", seed=12)),
    }
    result = cleaned(photographs(tmp_path, WHOLE | broken))
    assert kinds(result.findings) == {
        Kind.TRUNCATED: {"aphid/half.jpg"},
        Kind.UNREADABLE: {"aphid/text.jpg", "aphid/empty.png"},
        Kind.TINY: {"aphid/dot.png", "aphid/flat.png"},
        Kind.WRONG_EXTENSION: {"aphid/jpeg.png"},
    }
    assert names(result) == {*WHOLE, "aphid/jpeg.png"}
    details = {item.name: item.detail for item in result.findings}
    assert details["aphid/jpeg.png"] == "is JPEG"
    assert details["aphid/flat.png"] == "128x31 pixels"
    assert str(tmp_path / "aphid/text.jpg") in details["aphid/text.jpg"]


def test_files_of_every_honest_kind_pass(tmp_path: Path) -> None:
    """Alpha, grey, palette and turned pictures are nothing to be told about but a wrong ending."""
    files = {f"aphid/{name}": convert(draw("aphid", seed=len(name))) for name, convert in AS_THEY_COME.items()}
    result = cleaned(photographs(tmp_path, WHOLE | files))
    assert kinds(result.findings) == {Kind.WRONG_EXTENSION: {"aphid/really-a-jpeg.png"}}
    assert names(result) == {*WHOLE, *files}


def test_of_the_same_file_one_is_kept(tmp_path: Path) -> None:
    """The first by name; where the data came divided the one furthest from training, and the leak is called one."""
    copies = {f"aphid/{name}.jpg": WHOLE["aphid/1.jpg"] for name in ("0copy", "zcopy")}
    result = cleaned(photographs(tmp_path, WHOLE | copies))
    assert kinds(result.findings) == {Kind.EXACT_DUPLICATE: {"aphid/1.jpg", "aphid/zcopy.jpg"}}
    assert {item.detail for item in result.findings} == {"the same file as aphid/0copy.jpg"}
    parts = {"aphid/0copy.jpg": Part.TRAIN, "aphid/1.jpg": Part.VALIDATION, "aphid/zcopy.jpg": Part.TEST}
    divided = cleaned(photographs(tmp_path, WHOLE | copies, parts))
    assert kinds(divided.findings) == {Kind.SHOWN_IN_HELD_BACK: {"aphid/1.jpg", "aphid/0copy.jpg"}}
    assert divided.findings[0].detail == "given to validation, the same file as aphid/zcopy.jpg"
    assert "aphid/zcopy.jpg" in names(divided)


def test_the_same_picture_under_two_labels_is_left_out_under_both(tmp_path: Path) -> None:
    """One of them is wrong, and nobody knows which."""
    result = cleaned(photographs(tmp_path, WHOLE | {"mantis/x.jpg": WHOLE["aphid/1.jpg"]}))
    assert kinds(result.findings) == {Kind.TWO_LABELS: {"aphid/1.jpg", "mantis/x.jpg"}}
    assert names(result) == set(WHOLE) - {"aphid/1.jpg"}
    assert result.findings[0].detail == "as aphid and mantis: aphid/1.jpg, mantis/x.jpg"


def test_near_duplicates_get_the_name_of_their_group(tmp_path: Path) -> None:
    """Scaled copies are kept in one group, also under two labels, which is told; named groups keep their names."""
    small = {
        "aphid/small.jpg": encoded(cv2.resize(draw("aphid", seed=0), (64, 56), interpolation=cv2.INTER_AREA)),
        "mantis/small.jpg": encoded(cv2.resize(draw("aphid", seed=1), (64, 56), interpolation=cv2.INTER_AREA)),
    }
    dataset = photographs(tmp_path, WHOLE | small)
    facts, _ = inspection.inspect(item.path for item in dataset.photographs)
    result = cleaning.grouped(dataset, facts)
    assert kinds(result.findings) == {
        Kind.NEAR_DUPLICATE: {"aphid/0.jpg", "aphid/small.jpg"},
        Kind.ALIKE_TWO_LABELS: {"aphid/1.jpg", "mantis/small.jpg"},
    }
    group = {item.name: item.group for item in result.dataset.photographs}
    assert group["aphid/0.jpg"] == group["aphid/small.jpg"] != group["aphid/1.jpg"] == group["mantis/small.jpg"]
    assert group["aphid/2.jpg"] is None
    assert str(group["aphid/0.jpg"]).startswith("alike-")


def test_what_shows_the_test_is_left_out_of_training(tmp_path: Path) -> None:
    """Where the data came divided between near-duplicates, the one nearer to training goes and the other is named."""
    small = {"aphid/small.jpg": encoded(cv2.resize(draw("aphid", seed=0), (64, 56), interpolation=cv2.INTER_AREA))}
    dataset = photographs(tmp_path, WHOLE | small, {"aphid/0.jpg": Part.TRAIN, "aphid/small.jpg": Part.TEST})
    facts, _ = inspection.inspect(item.path for item in dataset.photographs)
    result = cleaning.grouped(dataset, facts)
    assert kinds(result.findings) == {Kind.SHOWN_IN_HELD_BACK: {"aphid/0.jpg"}}
    assert result.findings[0].detail == "given to train, alike: aphid/small.jpg"
    assert {item.group for item in result.dataset.photographs} == {None}
    assert "aphid/0.jpg" not in names(result)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """A written split could not tell them apart."""
    item = Photograph(path=tmp_path / "a.jpg", name="a.jpg", label=0)
    twice = Dataset(
        labels=("ant", "wasp"), photographs=(item, Photograph(path=tmp_path / "b.jpg", name="a.jpg", label=1))
    )
    with pytest.raises(DatasetError, match=r"b.jpg: another photograph is called a.jpg, too"):
        cleaning.refuse_same_names(twice)


def test_files_that_are_not_called_pictures_are_told_with_what_they_are(tmp_path: Path) -> None:
    """A JPEG without an ending is worth a look, a text is not."""
    (tmp_path / "a").write_bytes(encoded(draw("aphid", seed=1)))
    (tmp_path / "b.txt").write_text("note")
    found = cleaning.strangers([tmp_path / "a", tmp_path / "b.txt", tmp_path / "gone"])
    assert [item.detail for item in found] == ["is JPEG inside: give it that ending", "", ""]
    assert {item.kind for item in found} == {Kind.NOT_CALLED_A_PICTURE}


def test_findings_are_a_list_and_counts() -> None:
    """A line a photograph, in the order of the kinds, and whether it is in the manifest; a line a kind for the user."""
    found = [
        Finding(kind=kind, name=name, label="ant", path=Path("p") / name, detail="d, 1")
        for kind, name in ((Kind.NEAR_DUPLICATE, "b"), (Kind.NEAR_DUPLICATE, "a"), (Kind.TINY, "c"))
    ]
    rows = list(csv.DictReader(io.StringIO(findings.to_csv(found, kept=frozenset({"a"})).decode())))
    assert [(row["kind"], row["kept"], row["name"]) for row in rows] == [
        *(("tiny", "no", "c"), ("near-duplicate", "yes", "a"), ("near-duplicate", "no", "b"))
    ]
    assert rows[0] | {"path": "p/c", "label": "ant", "detail": "d, 1"} == rows[0]
    assert findings.lines(found) == ["      1 tiny, left out", "      2 near-duplicate, kept in one part"]


def test_every_kind_says_what_is_done() -> None:
    """No count is shown without its consequence."""
    assert set(findings.WHAT_IS_DONE) == set(Kind)


def test_pictures_are_looked_into_once(tmp_path: Path) -> None:
    """A path that is listed twice counts once; each is told to the progress bar."""
    (tmp_path / "a.jpg").write_bytes(encoded(draw("aphid", seed=1)))
    calls: Counter[str] = Counter()
    facts, troubles = inspection.inspect(
        [tmp_path / "a.jpg", tmp_path / "gone.jpg", tmp_path / "a.jpg"], on_each=lambda: calls.update(["call"])
    )
    assert (list(facts), list(troubles), calls["call"]) == ([tmp_path / "a.jpg"], [tmp_path / "gone.jpg"], 2)
    assert (facts[tmp_path / "a.jpg"].width, facts[tmp_path / "a.jpg"].height) == (128, 112)
    assert "no such file" in troubles[tmp_path / "gone.jpg"].reason


def test_absent_files_are_found_by_listing_their_folders(tmp_path: Path) -> None:
    """Also where the folder itself is not there, or is a file."""
    (tmp_path / "a.jpg").touch()
    paths = [tmp_path / name for name in ("a.jpg", "b.jpg", "gone/c.jpg", "a.jpg/d.jpg")]
    assert inspection.absent(paths) == set(paths[1:])

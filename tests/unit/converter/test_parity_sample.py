"""The bundle's own test photographs are found again, and nothing else is taken for them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from insect_converter.dataset import read_class_folders
from insect_converter.errors import DatasetError
from insect_converter.parity_report import sample
from support.photographs import COLOURS, write_class, write_classes

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("mantis", "aphid", "ladybird")
"""In another order than folders have."""
PARTS = ("train", "validation", "test")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle's folder with its split: of each class one photograph a part; the data lies in `data`."""
    write_classes(tmp_path / "data", each=3)
    folder = tmp_path / "bundle"
    folder.mkdir()
    rows = [
        f"{label}/{number:03}.jpg,{part},{content_hash(tmp_path / 'data' / label / f'{number:03}.jpg')}\n"
        for label in COLOURS
        for number, part in enumerate(PARTS)
    ]
    (folder / "split.csv").write_text("name,split,sha256_prefix\n" + "".join(rows), encoding="utf-8")
    return folder


def content_hash(path: Path) -> str:
    """As the bundle's split has it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def choose(bundle: Path, *, everything: bool = False) -> sample.Chosen:
    """Choose from what lies beside the bundle."""
    found = read_class_folders(bundle.parent / "data")
    return sample.choose(bundle, found, labels=LABELS, everything=everything)


def test_the_test_photographs_are_found_with_the_models_labels(bundle: Path) -> None:
    """One a class for each part, numbered as the model numbers them."""
    chosen = choose(bundle)
    assert {photograph.name: LABELS[photograph.label] for photograph in chosen.compared} == {
        f"{label}/002.jpg": label for label in COLOURS
    }
    assert [photograph.name for photograph in chosen.calibration] == [f"{label}/001.jpg" for label in COLOURS]
    assert len(chosen.training) == 3
    assert (chosen.asked, chosen.missing, chosen.changed, chosen.trained_on) == (3, 0, 0, 0)


def test_what_is_gone_or_changed_is_counted_and_not_compared(bundle: Path) -> None:
    """A photograph of the same name with other content is none of the bundle's."""
    data = bundle.parent / "data"
    (data / "aphid" / "002.jpg").unlink()
    (data / "mantis" / "002.jpg").write_bytes((data / "mantis" / "000.jpg").read_bytes())
    chosen = choose(bundle)
    assert [photograph.name for photograph in chosen.compared] == ["ladybird/002.jpg"]
    assert (chosen.asked, chosen.missing, chosen.changed) == (3, 1, 1)


def test_everything_counts_what_the_model_was_made_with(bundle: Path) -> None:
    """All photographs of known labels are taken; strangers, also of the same name, were not trained on."""
    data = bundle.parent / "data"
    write_class(data / "wolf", label="wolf", count=2)
    (data / "mantis" / "000.jpg").write_bytes((data / "mantis" / "002.jpg").read_bytes())
    chosen = choose(bundle, everything=True)
    assert (len(chosen.compared), chosen.other_labels, chosen.asked) == (9, 2, None)
    assert chosen.trained_on == 5
    assert [photograph.name for photograph in chosen.training] == ["aphid/000.jpg", "ladybird/000.jpg"]


def test_a_bundle_without_a_split_is_told_what_to_do(bundle: Path) -> None:
    """Nothing says which photographs are fair; all may still be asked for."""
    (bundle / "split.csv").unlink()
    with pytest.raises(DatasetError, match=r"there is no split.csv, .* with --split all"):
        choose(bundle)
    chosen = choose(bundle, everything=True)
    assert (len(chosen.compared), chosen.trained_on, chosen.training) == (9, 0, ())


def test_photographs_of_other_labels_alone_are_refused(bundle: Path, tmp_path: Path) -> None:
    """Nothing the model could get right or wrong."""
    for name in ("wolf", "bear"):
        write_class(tmp_path / "zoo" / name, label=name, count=1)
    with pytest.raises(DatasetError, match="no photograph has a label of the model"):
        sample.choose(bundle, read_class_folders(tmp_path / "zoo"), labels=LABELS, everything=True)

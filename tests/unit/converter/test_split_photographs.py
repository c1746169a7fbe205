"""The page is about the photographs of the split, and about no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import split_photographs
from insect_converter.dataset import Dataset, read_class_folders
from insect_converter.errors import DatasetError
from insect_converter.split import Part
from support import report_world
from support.report_world import NAMES, World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A small garden."""
    return report_world.build(tmp_path)


def lying(world: World) -> Dataset:
    """What is in the folders now."""
    return read_class_folders(world.data)


def rows(world: World, place: str = "bundle") -> list[split_photographs.Row]:
    """The split of the bundle or of the run."""
    return split_photographs.read_rows((getattr(world, place) / "split.csv").read_text(), source="x")


def test_bundle_and_run_tell_the_same_split(world: World) -> None:
    """The short split of the bundle gives the same rows as the run's, but for the length of the hash."""
    short, long = rows(world), rows(world, "run")
    assert len(short) == len(long) == 48
    for one, other in zip(short, long, strict=True):
        assert (one.name, one.label, one.part) == (other.name, other.label, other.part)
        assert other.sha256_prefix.startswith(one.sha256_prefix)


def test_every_photograph_is_found_with_the_models_index(world: World) -> None:
    """Folders are read in alphabetical order, the model's labels have another: the model's counts."""
    found = split_photographs.find(rows(world), lying(world), labels=NAMES)
    assert [len(found.parts[part]) for part in Part] == [20, 8, 20]
    assert all(photograph.name.startswith(f"{NAMES[photograph.label]}/") for _, photograph in found.every)
    assert found.counts["lily-beetle"] == {Part.TRAIN: 5, Part.VALIDATION: 2, Part.TEST: 5}
    assert (found.missing, found.changed, found.divided) == ((), (), True)


def test_what_is_gone_or_has_changed_is_left_out_and_named(world: World) -> None:
    """A photograph under an old name with a new content is not the one the model was tested on."""
    (world.data / "lily-beetle" / "07.png").unlink()
    (world.data / "lily-beetle" / "08.png").write_bytes((world.data / "lily-beetle" / "00.png").read_bytes())
    (world.data / "lily-beetle" / "new.png").write_bytes((world.data / "lily-beetle" / "00.png").read_bytes())
    found = split_photographs.find(rows(world), lying(world), labels=NAMES)
    assert found.missing == ("lily-beetle/07.png",)
    assert found.changed == ("lily-beetle/08.png",)
    assert len(found.test) == 18


def test_other_photographs_are_refused(world: World) -> None:
    """No test photograph at all, or a split with labels the model has not, is one clear line."""
    with pytest.raises(DatasetError, match="the split has the label '<b>&', which the model has not"):
        split_photographs.find(rows(world), lying(world), labels=["background", "ant"])
    nothing = Dataset(labels=NAMES, photographs=())
    with pytest.raises(DatasetError, match="none of the 20 test photographs is in the folders: name the folders"):
        split_photographs.find(rows(world), nothing, labels=NAMES)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,split\na,test\n", "names no hashes"),
        ("name,split,sha256\na/b.jpg,holiday,00\n", "is damaged"),
        ("split,sha256\ntest,00\n", "is damaged"),
        ("name,split,sha256\na/b.jpg\n", "is damaged"),
    ],
)
def test_a_damaged_split_is_one_clear_line(text: str, told: str) -> None:
    """Columns that lack, parts that there are not, lines cut short."""
    with pytest.raises(DatasetError, match=f"m-v1: its split {told}") as caught:
        split_photographs.read_rows(text, source="m-v1")
    assert "\n" not in str(caught.value)


def test_without_a_split_all_readable_ones_are_taken(world: World) -> None:
    """Folders that are no label and files that are no picture are left out; the latter are named."""
    (world.data / "lily-beetle" / "broken.png").write_bytes(b"no picture")
    (world.data / "stones").mkdir()
    (world.data / "stones" / "00.png").write_bytes((world.data / "lily-beetle" / "00.png").read_bytes())
    found = split_photographs.take_all(lying(world), labels=NAMES)
    assert (len(found.test), found.unreadable, found.divided) == (48, ("lily-beetle/broken.png",), False)
    assert found.counts["lily-beetle"][Part.TEST] == 12
    with pytest.raises(
        DatasetError, match=r"no photograph with a label of the model \(ant …\): name each class folder"
    ):
        split_photographs.take_all(lying(world), labels=["ant"])


def test_a_limit_keeps_the_same_ones_of_each_label(world: World) -> None:
    """At most so many of each label in each part, whatever else there is."""
    found = split_photographs.find(rows(world), lying(world), labels=NAMES)
    fewer, more = split_photographs.limited(found, per_label=2), split_photographs.limited(found, per_label=3)
    assert [len(fewer.parts[part]) for part in Part] == [8, 8, 8]
    assert set(fewer.test) < set(more.test) < set(found.test)

"""Photographs are recognised in whichever way they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_converter.errors import DatasetError
from insect_converter.parts import Part
from insect_converter.prepare import sources
from insect_converter.prepare.sources import Source, Wishes

if TYPE_CHECKING:
    from pathlib import Path


def put(folder: Path, *names: str) -> Path:
    """Make empty files below a folder."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def lists(folder: Path) -> Path:
    """Lists as IP102's."""
    (folder / "images").mkdir(parents=True)
    (folder / "classes.txt").write_text("1 ant\n2 Wasp\n3 green bug\n")
    for name in ("train", "val", "test"):
        (folder / f"{name}.txt").write_text("".join(f"{name}{label}.jpg {label}\n" for label in range(3)))
    return folder


def table(folder: Path) -> Path:
    """A list with a trap, a group and a time."""
    path = folder / "list.csv"
    path.write_text(
        "path,label,group,trap,taken_at\n"
        "a.jpg,ant,x,3,2026-06-01T23:30:00+02:00\n"
        "b.jpg,wasp,y,3,2026-06-01\n"
        "c.jpg,ant,,4,2026-06-02 04:00\n"
        "d.jpg,ant,,,\n"
    )
    return path


def groups(source: Source) -> list[str | None]:
    """Which group each photograph is in."""
    return [photograph.group for _, photograph in source.labelled]


def test_each_way_is_recognised(tmp_path: Path) -> None:
    """Class folders, folders of parts, IP102's lists and lists of one's own."""
    put(tmp_path / "classes", "ant/a.jpg", "wasp/a.jpg", "ant/note.txt")
    put(tmp_path / "parts", "train/ant/a.jpg", "test/wasp/a.jpg", "test/wasp/b.heic")
    kinds = {
        "classes": "class folders",
        "parts": "class folders in test, train",
        "lists": "IP102 lists (numbered as in classes.txt, from 1; the lists count from 0)",
        "list.csv": "list list.csv",
    }
    lists(tmp_path / "lists")
    table(tmp_path)
    read = {place: sources.read(tmp_path / place, Wishes()) for place in kinds}
    assert {place: source.kind for place, source in read.items()} == kinds
    assert [label for label, _ in read["parts"].labelled] == ["wasp", "ant"]
    assert [path.name for place in ("classes", "parts") for path in read[place].passed_over] == ["note.txt", "b.heic"]


def test_empty_class_folders_are_told(tmp_path: Path) -> None:
    """A class whose pictures were forgotten does not vanish without a word."""
    put(tmp_path, "ant/a.jpg", "moth/a.txt", "wasp/a.jpg")
    assert sources.read(tmp_path, Wishes()).notes == ("no picture in the class folders moth",)


def test_classes_of_ip102_go_by_number_or_name(tmp_path: Path) -> None:
    """What was chosen is told by number and name."""
    source = sources.read(lists(tmp_path), Wishes(classes=("3", "wasp")))
    assert {label for label, _ in source.labelled} == {"green bug", "Wasp"}
    assert len(source.labelled) == 6
    assert source.notes == (
        "classes chosen, numbered as in classes.txt, from 1; the lists count from 0: 2 Wasp, 3 green bug",
    )


@pytest.mark.parametrize(
    ("wish", "line"),
    [
        ("0", r"classes.txt: no class has the number 0, they go from 1 to 3"),
        ("4", r"classes.txt: no class has the number 4"),
        ("green bugs", "no class is called green bugs: do you mean green bug"),
        ("qqq", "no class is called qqq: check the name"),
    ],
)
def test_classes_that_are_not_there_are_one_clear_line(tmp_path: Path, wish: str, line: str) -> None:
    """Off by one at either end, or misspelt."""
    with pytest.raises(DatasetError, match=line):
        sources.read(lists(tmp_path), Wishes(classes=(wish,)))


def test_classes_are_chosen_by_name_elsewhere_too(tmp_path: Path) -> None:
    """In class folders a number is a name like any other, and case does not matter."""
    put(tmp_path, "25/a.jpg", "Wasp/a.jpg", "moth/a.jpg")
    assert {label for label, _ in sources.read(tmp_path, Wishes(classes=("25", "WASP"))).labelled} == {"25", "Wasp"}
    with pytest.raises(DatasetError, match="no class is called 26"):
        sources.read(tmp_path, Wishes(classes=("26",)))


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ((), ["x", "y", None, None]),
        (("trap",), ["3", "3", "4", None]),
        (("trap", "day"), ["3/2026-06-01", "3/2026-06-01", "4/2026-06-02", None]),
    ],
)
def test_groups_are_the_values_of_columns(tmp_path: Path, columns: tuple[str, ...], named: list[str | None]) -> None:
    """By default the column group; a trap, a day or both; a line without a value is in no group."""
    assert groups(sources.read(table(tmp_path), Wishes(group_by=columns))) == named


def test_wishes_that_do_not_suit_are_one_clear_line(tmp_path: Path) -> None:
    """Columns without a list, absent columns, times that are none, and class names without IP102."""
    put(tmp_path / "data", "ant/a.jpg", "wasp/a.jpg")
    listed = table(tmp_path)
    with pytest.raises(DatasetError, match="--group-by names columns, and there are none: give a list"):
        sources.read(tmp_path / "data", Wishes(group_by=("trap",)))
    with pytest.raises(DatasetError, match="no column site to group by: there are group, taken_at, trap"):
        sources.read(listed, Wishes(group_by=("site",)))
    with pytest.raises(DatasetError, match="--class-names is for the lists of IP102, and there are none"):
        sources.read(tmp_path / "data", Wishes(class_names=tmp_path / "names"))
    listed.write_text("path,label,taken_at\na.jpg,ant,yesterday\n")
    with pytest.raises(DatasetError, match=r"taken_at of a\.jpg is 'yesterday': write times like"):
        sources.read(listed, Wishes(group_by=("day",)))


def test_parts_of_lists_are_kept(tmp_path: Path) -> None:
    """What the lists give to a part stays given."""
    parts = [item.split for _, item in sources.read(lists(tmp_path), Wishes(classes=("1",))).labelled]
    assert parts == [Part.TRAIN, Part.VALIDATION, Part.TEST]

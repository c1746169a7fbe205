"""Class folders as they lie about become labelled photographs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from insect_converter.dataset import Dataset, Photograph, read_class_folders, without
from insect_converter.errors import DatasetError

PATHS = Path("photographs")


def put(folder: Path, *names: str) -> Path:
    """Make empty files below a folder."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def names(dataset: Dataset) -> list[str]:
    """What the photographs are called."""
    return [photograph.name for photograph in dataset.photographs]


def test_folders_are_the_labels_in_alphabetical_order(tmp_path: Path) -> None:
    """Each folder is a label, sorted; its photographs carry its index and a name below the data folder."""
    put(tmp_path, "wasp/b.jpg", "ant/z.jpg", "wasp/a.jpg")
    dataset = read_class_folders(tmp_path)
    assert dataset.labels == ("ant", "wasp")
    assert [(item.name, item.label) for item in dataset.photographs] == [
        ("ant/z.jpg", 0),
        ("wasp/a.jpg", 1),
        ("wasp/b.jpg", 1),
    ]
    assert dataset.photographs[0].path == tmp_path / "ant" / "z.jpg"
    assert dataset.counts() == {"ant": 1, "wasp": 2}


def test_photographs_in_subfolders_belong_to_the_class(tmp_path: Path) -> None:
    """What is deeper in a class folder is found too."""
    put(tmp_path, "ant/2024/june/a.jpg", "wasp/b.jpg")
    assert names(read_class_folders(tmp_path)) == ["ant/2024/june/a.jpg", "wasp/b.jpg"]


def test_what_is_no_photograph_is_left_alone(tmp_path: Path) -> None:
    """Other files, hidden ones and what tools leave behind are passed over at every depth; case of suffixes is not."""
    put(
        tmp_path,
        *("ant/a.JPEG", "ant/notes.txt", "ant/._a.jpg", "ant/.cache/thumbnail.jpg", "ant/__pycache__/b.png"),
        *("wasp/b.Png", ".git/c.jpg", "__MACOSX/d.jpg", "readme.jpg"),
    )
    dataset = read_class_folders(tmp_path)
    assert (dataset.labels, names(dataset)) == (("ant", "wasp"), ["ant/a.JPEG", "wasp/b.Png"])


def test_a_folder_is_no_photograph_whatever_its_name(tmp_path: Path) -> None:
    """A folder called like a picture is only walked through."""
    put(tmp_path, "ant/album.jpg/a.jpg", "wasp/b.jpg")
    assert names(read_class_folders(tmp_path)) == ["ant/album.jpg/a.jpg", "wasp/b.jpg"]


def test_the_background_comes_last(tmp_path: Path) -> None:
    """Pictures of no insect become the last label, whatever their folder is called."""
    data, things = put(tmp_path / "data", "cicada/a.jpg", "ant/a.jpg"), put(tmp_path / "things", "cups/a.jpg", "b.jpg")
    dataset = read_class_folders(data, background=things)
    assert dataset.labels == ("ant", "cicada", "background")
    assert names(dataset)[2:] == ["background/b.jpg", "background/cups/a.jpg"]


@pytest.mark.parametrize("name", ["background", "Background"])
def test_a_class_folder_can_be_the_background(tmp_path: Path, name: str) -> None:
    """A class folder of that name is the background, in any case, and comes last all the same."""
    put(tmp_path, f"{name}/a.jpg", "cicada/a.jpg", "wasp/a.jpg")
    dataset = read_class_folders(tmp_path)
    assert dataset.labels == ("cicada", "wasp", "background")
    assert names(dataset)[-1] == "background/a.jpg"


def test_two_backgrounds_are_refused(tmp_path: Path) -> None:
    """A class folder `background` beside `--background` is not silently passed over."""
    put(tmp_path, "data/ant/a.jpg", "data/background/a.jpg", "things/b.jpg")
    with pytest.raises(DatasetError, match=r"data/background and .*things are all background: move"):
        read_class_folders(tmp_path / "data", background=tmp_path / "things")


def test_one_class_and_a_background_are_enough(tmp_path: Path) -> None:
    """An insect or none is a question, too."""
    put(tmp_path, "data/ant/a.jpg", "things/b.jpg")
    assert read_class_folders(tmp_path / "data", background=tmp_path / "things").labels == ("ant", "background")


def test_no_folder_is_one_clear_line(tmp_path: Path) -> None:
    """A data or background folder that is not there, or is a file, is named."""
    put(tmp_path, "data/ant/a.jpg", "data/wasp/a.jpg")
    for absent in ("nowhere", "data/ant/a.jpg"):
        with pytest.raises(DatasetError, match=f"{absent}: no such folder: name the folder"):
            read_class_folders(tmp_path / absent)
        with pytest.raises(DatasetError, match=f"{absent}: no such folder: name the folder"):
            read_class_folders(tmp_path / "data", background=tmp_path / absent)


@pytest.mark.parametrize(("folders", "amount"), [((), "no class folder"), (("ant",), "only one class folder")])
def test_too_few_classes_are_one_clear_line(tmp_path: Path, folders: tuple[str, ...], amount: str) -> None:
    """Photographs that are not in class folders are told so."""
    put(tmp_path, "a.jpg", *(f"{folder}/a.jpg" for folder in folders))
    with pytest.raises(DatasetError, match=f"{amount} in it: put the photographs of each class in a folder"):
        read_class_folders(tmp_path)


@pytest.mark.parametrize("name", [" ant", "ant ", "an\nt", "an\tt"])
def test_a_folder_that_cannot_be_a_label_is_refused(tmp_path: Path, name: str) -> None:
    """What would not come back out of a label file is refused before training."""
    put(tmp_path, f"{name}/a.jpg", "wasp/a.jpg")
    with pytest.raises(DatasetError, match="a label has no space at its ends nor control characters") as caught:
        read_class_folders(tmp_path)
    assert "\n" not in str(caught.value)


def test_names_that_are_no_utf8_become_text(tmp_path: Path) -> None:
    """Bytes from an old archive are escaped in the name, and the file is still found by its path."""
    put(tmp_path, "wasp/a.jpg", "ant/" + os.fsdecode(b"m\xe4dchen.jpg"))
    photograph = read_class_folders(tmp_path).photographs[0]
    assert photograph.name == "ant/m\\xe4dchen.jpg"
    assert photograph.path.is_file()


def sample(*counts: int) -> Dataset:
    """A dataset without files."""
    labels = ("ant", "wasp", "moth")[: len(counts)]
    return Dataset(
        labels=labels,
        photographs=tuple(
            # Nothing opens these.
            Photograph(path=PATHS / label / f"{number}.jpg", name=f"{label}/{number}.jpg", label=index)
            for index, (label, count) in enumerate(zip(labels, counts, strict=True))
            for number in range(count)
        ),
    )


def test_unreadable_photographs_are_taken_out() -> None:
    """What cannot be read is gone from its class, and nothing else is."""
    dataset = sample(4, 3)
    left = without(dataset, {dataset.photographs[1].path: "truncated"})
    assert left.counts() == {"ant": 3, "wasp": 3}
    assert dataset.photographs[1] not in left.photographs


def test_a_class_that_dies_is_fatal() -> None:
    """A class with fewer than three readable photographs is named with its count and what to do."""
    dataset = sample(4, 3)
    with pytest.raises(DatasetError, match="class wasp: 2 readable photographs, at least 3 are needed: add"):
        without(dataset, {dataset.photographs[-1].path: "truncated"})

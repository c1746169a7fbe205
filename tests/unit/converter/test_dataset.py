"""Class folders as they lie about become labelled photographs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from insect_converter.dataset import Dataset, Photograph, passed_over, read, read_class_folders, without
from insect_converter.errors import DatasetError
from insect_converter.parts import Part

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


def written(path: Path, *lines: str) -> Path:
    """A list on disk."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_class_folders_are_read_as_before(tmp_path: Path) -> None:
    """A folder of class folders is the same to both readers."""
    put(tmp_path, "data/wasp/b.jpg", "data/ant/a.jpg", "things/c.jpg")
    wanted = read_class_folders(tmp_path / "data", background=tmp_path / "things")
    assert read(tmp_path / "data", background=tmp_path / "things") == wanted


def test_a_list_brings_parts_groups_and_names(tmp_path: Path) -> None:
    """Labels are in alphabetical order, the background last; paths are found beside the list."""
    put(tmp_path, "p/a.jpg", "p/b.jpg", "p/c.jpg", "things/d.jpg")
    listed = written(
        tmp_path / "list.csv",
        "path,label,split,group,name,sha256",
        "p/b.jpg,wasp,test,trap 1,wasp/b.jpg,bb",
        "p/a.jpg,ant,,,,",
        "p/c.jpg,Background,validation,,,",
    )
    dataset = read(listed)
    assert dataset.labels == ("ant", "wasp", "background")
    assert dataset.photographs[:2] == (
        Photograph(path=tmp_path / "p/a.jpg", name="p/a.jpg", label=0),
        Photograph(path=tmp_path / "p/b.jpg", name="wasp/b.jpg", label=1, split=Part.TEST, group="trap 1", sha256="bb"),
    )
    with pytest.raises(DatasetError, match="things: the data has a class background already: move the pictures there"):
        read(listed, background=tmp_path / "things")


def test_a_background_joins_a_list(tmp_path: Path) -> None:
    """Its pictures are in no part yet."""
    put(tmp_path, "a.jpg", "things/deep/d.jpg")
    dataset = read(written(tmp_path / "list.csv", "path,label,split", "a.jpg,ant,test"), background=tmp_path / "things")
    assert (dataset.labels, names(dataset)) == (("ant", "background"), ["a.jpg", "background/deep/d.jpg"])
    assert [item.split for item in dataset.photographs] == [Part.TEST, None]


def test_a_folder_with_a_manifest_is_its_manifest(tmp_path: Path) -> None:
    """What `prepare` wrote is read by the name of its folder, not as classes called training and testing."""
    put(tmp_path, "training/ant/a.jpg", "testing/wasp/b.jpg")
    written(
        tmp_path / "manifest.csv", "path,label,split", "training/ant/a.jpg,ant,train", "testing/wasp/b.jpg,wasp,test"
    )
    assert read(tmp_path).labels == ("ant", "wasp")


@pytest.mark.parametrize("folders", [("train", "test", "val"), ("training", "testing"), ("Train", "valid")])
def test_folders_of_parts_are_no_classes(tmp_path: Path, folders: tuple[str, ...]) -> None:
    """Train, test and validation folders, in the usual spellings, divide the classes in them."""
    put(tmp_path, *(f"{folder}/{label}/a.jpg" for folder in folders for label in ("ant", "wasp")))
    dataset = read(tmp_path)
    assert dataset.labels == ("ant", "wasp")
    assert names(dataset)[: len(folders)] == [f"{folder}/ant/a.jpg" for folder in sorted(folders)]
    parts = {"tr": Part.TRAIN, "te": Part.TEST, "va": Part.VALIDATION}
    assert all(item.split is parts[item.name[:2].lower()] for item in dataset.photographs)


@pytest.mark.parametrize("others", [("ant",), ("training",)])
def test_parts_beside_other_folders_are_refused(tmp_path: Path, others: tuple[str, ...]) -> None:
    """Nobody wants a class called train."""
    put(tmp_path, *(f"{folder}/ant/a.jpg" for folder in ("train", "test", *others)))
    with pytest.raises(DatasetError, match="are not one folder each for training, validation and test: name"):
        read(tmp_path)


def test_one_class_may_be_called_like_a_part(tmp_path: Path) -> None:
    """A single folder of such a name is a class."""
    put(tmp_path, "test/a.jpg", "wasp/a.jpg")
    assert read(tmp_path).labels == ("test", "wasp")


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (("a.jpg,ant", "a.jpg,ant"), "a.jpg is listed twice: take one line out"),
        (("a.jpg,ant", "gone.jpg,wasp"), "1 of its 2 photographs are not there, the first is .*gone.jpg: bring"),
        (("a.jpg,ant",), "only the photographs of one class, ant: put"),
        (("a.jpg,an\tt", "b.jpg,wasp"), "a label has no space at its ends nor control characters: correct the list"),
    ],
)
def test_lists_that_cannot_be_used_are_one_clear_line(tmp_path: Path, lines: tuple[str, ...], line: str) -> None:
    """Repeated, absent and single-class photographs are told."""
    put(tmp_path, "a.jpg", "b.jpg")
    with pytest.raises(DatasetError, match=line):
        read(written(tmp_path / "list.csv", "path,label", *lines))


def test_what_is_not_called_a_picture_is_told_on_request(tmp_path: Path) -> None:
    """Files of other endings in class folders are named, those of tools and those outside are not."""
    put(tmp_path, "ant/a.jpg", "ant/deep/b.heic", "ant/.thumbs", "wasp/c", "readme.txt", "__MACOSX/d.txt")
    assert [path.name for path in passed_over(tmp_path)] == ["b.heic", "c"]

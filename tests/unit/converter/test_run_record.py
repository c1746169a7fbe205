"""A run on disk: what went in can be read again, after whatever happened to the folders meanwhile."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from insect_converter import recipes, run_record
from insect_converter.dataset import Dataset, read_class_folders
from insect_converter.errors import DatasetError, TrainingError
from insect_converter.run_record import RunRecord
from insect_converter.split import Part

if TYPE_CHECKING:
    from pathlib import Path

RECORD = RunRecord(
    recipe=recipes.load("garden-pests").as_dict(),
    seed=7,
    data="/photographs/" + os.fsdecode(b"k\xe4fer"),
    background=None,
    labels=("ant", "wasp"),
    versions={"python": "3.13"},
    host="x86_64",
    started="2026-01-01T00:00:00Z",
    provenance="our own, Käfer-AG",
    licence="CC0",
    changes=("head.epochs=3",),
    out="/models/garden-v1",
    backbone_weights="/weights.h5",
    data_sha256="ab",
    unknown="/strangers",
)
SPLIT = "name,label,split,sha256\nant/a.jpg,ant,train,1\nant/b.jpg,ant,test,2\nwasp/a.jpg,wasp,validation,3\n"


def photographs(folder: Path, *names: str) -> Dataset:
    """Class folders with empty files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return read_class_folders(folder)


def test_a_record_comes_back(tmp_path: Path) -> None:
    """Record, recipe and split survive the disk, also with bytes in a path that are no UTF-8."""
    run_record.create(tmp_path / "runs" / "a", RECORD, split_text=SPLIT)
    (tmp_path / "runs" / "a" / run_record.WEIGHTS_FILE).touch()
    record, split_text = run_record.open_run(tmp_path / "runs" / "a")
    assert replace(record, recipe={}, float_sha256=None) == replace(RECORD, recipe={})
    assert record.float_sha256 == hashlib.sha256(b"").hexdigest()
    assert recipes.from_dict(record.recipe, source="run") == recipes.load("garden-pests")
    assert split_text == SPLIT


def test_a_run_never_takes_the_place_of_another(tmp_path: Path) -> None:
    """A folder that holds a run is refused and left alone."""
    run_record.create(tmp_path, RECORD, split_text=SPLIT)
    with pytest.raises(TrainingError, match="there is a run in it already: name another folder with --run"):
        run_record.create(tmp_path, replace(RECORD, seed=8), split_text="")
    assert json.loads((tmp_path / run_record.RUN_FILE).read_text())["seed"] == 7


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    """A file in the place of the folder is named with the reason."""
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"file/run: cannot be written \(Not a directory\): make room or name"):
        run_record.create(tmp_path / "file" / "run", RECORD, split_text=SPLIT)


def test_what_the_disk_says_becomes_one_line(tmp_path: Path) -> None:
    """A full disk, also as HDF5 tells it, ends in one line."""
    for error in (OSError("No space left on device"), OSError(errno.ENOSPC, "Can't write\nHDF5")):
        with pytest.raises(TrainingError) as caught, run_record.writing(tmp_path):
            raise error
        assert str(caught.value).startswith(f"{tmp_path}: cannot be written (No space left on device): make room")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "damage", ["absent", "no json", "a list", "no labels", "unknown field", "no split", "no weights"]
)
def test_what_is_no_finished_run_is_one_clear_line(tmp_path: Path, damage: str) -> None:
    """Each way in which a folder is no finished run is told, with what to do."""
    run = tmp_path / "run"
    if damage != "absent":
        run_record.create(run, RECORD, split_text=SPLIT)
    if damage not in {"no weights", "absent"}:
        (run / run_record.WEIGHTS_FILE).touch()
    content = json.loads((run / run_record.RUN_FILE).read_text()) if damage != "absent" else {}
    texts = {
        "no json": "{",
        "a list": "[]",
        "no labels": json.dumps({key: value for key, value in content.items() if key != "labels"}),
        "unknown field": json.dumps(content | {"colour": "red"}),
    }
    if damage in texts:
        (run / run_record.RUN_FILE).write_text(texts[damage])
    if damage == "no split":
        (run / run_record.SPLIT_FILE).unlink()
    wanted = (
        "the run did not finish.*go on with `train --resume .*/run`"
        if damage == "no weights"
        else "no training run .*: name the folder"
    )
    with pytest.raises(TrainingError, match=wanted) as caught:
        run_record.open_run(run)
    assert "\n" not in str(caught.value)


def test_a_written_split_is_found_again(tmp_path: Path) -> None:
    """Each photograph comes back into its part."""
    dataset = photographs(tmp_path, "ant/a.jpg", "ant/b.jpg", "wasp/a.jpg")
    split = run_record.read_split(SPLIT, dataset, labels=dataset.labels)
    names = {part: [(item.name, item.label) for item in split.part(part)] for part in Part}
    assert names == {
        Part.TRAIN: [("ant/a.jpg", 0)],
        Part.TEST: [("ant/b.jpg", 0)],
        Part.VALIDATION: [("wasp/a.jpg", 1)],
    }


def test_a_class_added_since_moves_no_labels(tmp_path: Path) -> None:
    """Labels are the run's: a class that came before them in the alphabet meanwhile changes no index."""
    dataset = photographs(tmp_path, "ant/a.jpg", "ant/b.jpg", "wasp/a.jpg", "aphid/a.jpg", "Aardvark/a.jpg")
    assert dataset.labels.index("wasp") == 3
    split = run_record.read_split(SPLIT, dataset, labels=("ant", "wasp"))
    assert [(item.name, item.label) for item in split.validation] == [("wasp/a.jpg", 1)]


def test_photographs_that_are_gone_are_counted(tmp_path: Path) -> None:
    """The first is named."""
    dataset = photographs(tmp_path, "ant/b.jpg", "wasp/b.jpg")
    with pytest.raises(
        DatasetError, match=r"2 photographs of the run's split are gone, the first is ant/a\.jpg: bring"
    ):
        run_record.read_split(SPLIT, dataset, labels=dataset.labels)


@pytest.mark.parametrize("text", [SPLIT.replace("train", "lost"), SPLIT.replace(",ant,", ",bee,"), "name\nant/a.jpg\n"])
def test_a_damaged_split_is_one_clear_line(tmp_path: Path, text: str) -> None:
    """A part, label or column that there is not is told."""
    dataset = photographs(tmp_path, "ant/a.jpg", "ant/b.jpg", "wasp/a.jpg")
    with pytest.raises(DatasetError, match=r"split\.csv of the run is damaged \(.*\): bring the file back"):
        run_record.read_split(text, dataset, labels=dataset.labels)


def test_the_environment_is_written_down() -> None:
    """Versions of Python and of what is installed, and the kind of machine without its name."""
    versions = run_record.versions()
    assert {"python", "numpy", "insect-edge"} <= set(versions)
    assert all(versions.values())
    assert os.uname().machine in run_record.host()
    assert os.uname().nodename not in run_record.host().split()


def test_the_hash_is_that_of_the_file() -> None:
    """SHA-256 of the UTF-8 bytes."""
    assert run_record.text_hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_run_that_did_not_finish_can_be_opened_to_go_on(tmp_path: Path) -> None:
    """Without weights there is still all that went in."""
    run_record.create(tmp_path, RECORD, split_text=SPLIT)
    record, split_text = run_record.open_started(tmp_path)
    assert (record.out, record.changes, split_text) == ("/models/garden-v1", ("head.epochs=3",), SPLIT)


def test_a_run_of_an_earlier_version_can_be_opened(tmp_path: Path) -> None:
    """What it did not write down is not known, which is no error."""
    run_record.create(tmp_path, RECORD, split_text=SPLIT)
    content = json.loads((tmp_path / run_record.RUN_FILE).read_text())
    later = {"changes", "out", "backbone_weights", "data_sha256", "unknown"}
    old = {key: value for key, value in content.items() if key not in later}
    (tmp_path / run_record.RUN_FILE).write_text(json.dumps(old))
    record, _ = run_record.open_started(tmp_path)
    assert (record.out, record.changes, record.data_sha256) == (None, (), "")


def test_a_run_begins_with_its_last_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while its folder is made, a run is none yet, and the same command begins it anew."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run_record, "_replace", killed)
        with pytest.raises(KeyboardInterrupt):
            run_record.create(tmp_path, RECORD, split_text=SPLIT)
    assert not (tmp_path / run_record.RUN_FILE).exists()
    run_record.create(tmp_path, RECORD, split_text=SPLIT)
    assert run_record.open_started(tmp_path)[1] == SPLIT


def test_the_float_model_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """A save that fails leaves no model, and its hash is that of the file."""

    class Model:
        def __init__(self, content: bytes) -> None:
            self.content = content

        def save(self, path: Path) -> None:
            path.write_bytes(self.content)
            if not self.content:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(TrainingError, match="No space left on device"):
        run_record.save_model(tmp_path, Model(b""))
    with pytest.raises(TrainingError, match=r"float\.keras: cannot be read \(No such file.*finish the run with"):
        run_record.float_hash(tmp_path)
    run_record.save_model(tmp_path, Model(b"abc"))
    assert run_record.float_hash(tmp_path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_hash_of_the_data_is_that_of_the_photographs() -> None:
    """Another division of the same photographs has the same hash, another photograph another one."""
    first = run_record.data_hash(SPLIT)
    lines = SPLIT.replace("train", "test").splitlines()
    assert run_record.data_hash("\n".join([lines[0], *reversed(lines[1:])])) == first
    assert run_record.data_hash(SPLIT.replace(",3", ",4")) != first
    assert run_record.data_hash(SPLIT.replace("wasp,", "ant,")) != first

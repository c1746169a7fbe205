"""Runs are found, summed up and compared by what is in their folders."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from insect_converter import run_record, run_tables, runs
from insect_converter.errors import TrainingError
from insect_converter.recipes import FineTuning, Head, Recipe
from insect_converter.run_record import RunRecord

if TYPE_CHECKING:
    from pathlib import Path


def as_written(recipe: Recipe) -> dict[str, Any]:
    """A recipe as it comes back from a run's record."""
    content: dict[str, Any] = json.loads(json.dumps(recipe.as_dict()))
    return content


RECORD = RunRecord(
    recipe=as_written(Recipe(name="garden-pests", fine_tuning=FineTuning(epochs=2, members=2))),
    seed=1,
    data="/photographs",
    background=None,
    labels=("ant", "wasp"),
    versions={"python": "3.13", "keras": "3.15"},
    host="x86_64",
    started="2026-01-02T00:00:00Z",
    provenance="",
    licence="",
    changes=("fine_tuning.epochs=2",),
    data_sha256="ab" * 32,
)
SPLIT = "name,label,split,sha256\nant/a.jpg,ant,train,1\nwasp/a.jpg,wasp,test,2\n"
HISTORY = [
    {"stage": "head", "epoch": 60, "seconds": 10.0, "val_accuracy": 0.5},
    {"stage": "fine-tuning", "epoch": 1, "seconds": 30.0, "waited_seconds": 0.25, "val_accuracy": 0.75},
    {"stage": "fine-tuning", "epoch": 2, "seconds": 50.0, "waited_seconds": 0.5, "val_accuracy": 0.625},
    {"stage": "fine-tuning", "epoch": 1, "seconds": 22.0, "waited_seconds": 0.0, "val_accuracy": 0.7},
]
METRICS = {
    "int8": {"top1": 0.9, "insect_top1": 0.89, "macro_f1": 0.88},
    "float": {"top1": 0.91},
    "parity": {"agreement": 0.99, "expected_calibration_error": 0.02},
    "size_bytes": {"int8": 2_400_000},
}


def write(
    folder: Path, record: RunRecord = RECORD, *, history: list[dict[str, Any]] | None = None, scores: bool = False
) -> Path:
    """A run's folder, trained and exported or not."""
    run_record.create(folder, record, split_text=SPLIT)
    if history is not None:
        run_record.write_history(folder, history)
    if scores:
        (folder / run_record.WEIGHTS_FILE).touch()
        run_record.write_scores(folder, {"metrics": METRICS})
    return folder


def test_a_run_is_summed_up(tmp_path: Path) -> None:
    """Epochs of all members, seconds of all stages, waiting, the best validation and the bundle's scores."""
    entry = runs.summary(runs.read(write(tmp_path / "a", history=HISTORY, scores=True)))
    assert entry["run"] == "a"
    assert (entry["recipe"], entry["changes"]) == ("garden-pests", ["fine_tuning.epochs=2"])
    assert (entry["epochs"], entry["seconds"], entry["seconds_per_epoch"]) == (3, 82.0, 22.0)
    assert (entry["waited_seconds"], entry["val_accuracy"]) == (0.75, 0.75)
    assert entry["scores"]["int8 top-1"] == 0.9
    assert entry["photographs"] == 2


@pytest.mark.parametrize(
    ("history", "finished", "scores", "state"),
    [
        (None, False, False, "begun"),
        (HISTORY, False, False, "epoch 3 of 4"),
        (HISTORY, True, False, "trained"),
        (HISTORY, True, True, "exported"),
    ],
)
def test_how_far_a_run_is(
    tmp_path: Path, *, history: list[dict[str, Any]] | None, finished: bool, scores: bool, state: str
) -> None:
    """From its first file to its bundle's scores."""
    write(tmp_path / "a", history=history, scores=scores)
    if finished:
        (tmp_path / "a" / run_record.WEIGHTS_FILE).touch()
    assert runs.read(tmp_path / "a").state == state


def test_runs_are_found_oldest_first(tmp_path: Path) -> None:
    """Other folders are passed over, damaged runs are told, and a run is found in its own folder."""
    write(tmp_path / "b", replace(RECORD, started="2026-01-01T00:00:00Z"))
    write(tmp_path / "a")
    (tmp_path / "c").mkdir()
    (tmp_path / "notes.txt").touch()
    write(tmp_path / "d")
    (tmp_path / "d" / run_record.HISTORY_FILE).write_text("{")
    found, problems = runs.find(tmp_path)
    assert [run.folder.name for run in found] == ["b", "a"]
    assert len(problems) == 1
    assert "d/history.json: cannot be read" in problems[0]
    assert [run.folder for run in runs.find(tmp_path / "a")[0]] == [tmp_path / "a"]
    with pytest.raises(TrainingError, match="nowhere: no such folder"):
        runs.find(tmp_path / "nowhere")


def test_two_runs_are_compared(tmp_path: Path) -> None:
    """Only what differs of recipe and origin, and of the results all that there is."""
    other = replace(
        RECORD,
        recipe=as_written(Recipe(name="garden-pests", head=Head(epochs=3))),
        seed=2,
        versions={"python": "3.13", "keras": "3.16"},
    )
    one = runs.read(write(tmp_path / "a", history=HISTORY, scores=True))
    comparison = runs.compare(one, runs.read(write(tmp_path / "b", other, history=HISTORY[:2])))
    assert comparison["runs"] == ["a", "b"]
    assert comparison["recipe"] == {
        "head.epochs": [60, 3],
        "fine_tuning.epochs": [2, 10],
        "fine_tuning.members": [2, 1],
    }
    assert comparison["origin"] == {"seed": [1, 2], "versions.keras": ["3.15", "3.16"]}
    assert comparison["result"]["epochs"] == [3, 1]
    assert comparison["result"]["int8 top-1"] == [0.9, None]


def test_a_run_of_another_version_is_compared_as_it_is(tmp_path: Path) -> None:
    """Values that have no name here, and those that had none there, stand beside what there is."""
    old = {**RECORD.recipe, "novelty": 3}
    del old["network"]
    comparison = runs.compare(
        runs.read(write(tmp_path / "a")), runs.read(write(tmp_path / "b", replace(RECORD, recipe=old)))
    )
    assert comparison["recipe"] == {"network": ["mobilenet-v2", None], "novelty": [None, 3]}
    del old["novelty"]
    write(tmp_path / "c", replace(RECORD, recipe=old))
    assert runs.compare(runs.read(tmp_path / "a"), runs.read(tmp_path / "c"))["recipe"] == {}


def test_the_tables_have_what_a_person_looks_for(tmp_path: Path) -> None:
    """Columns stand under their headers, what is not there is a dash, and differences have a sign."""
    one = runs.read(write(tmp_path / "first", history=HISTORY, scores=True))
    other = runs.read(write(tmp_path / "second", replace(RECORD, changes=(), seed=2), history=HISTORY[:2]))
    header, first, second = run_tables.listed([runs.summary(run) for run in (one, other)]).splitlines()
    assert first.split()[:5] == ["first", "exported", "garden-pests", "+1", "1"]
    assert second.split()[-3:] == ["0.75", "-", "-"]
    assert {line.rindex(cell) + len(cell) for line, cell in ((header, "val"), (first, "0.75"))} == {
        header.index("val") + 3
    }
    text = run_tables.compared(runs.compare(one, other))
    assert "recipe: no difference" in text
    assert ["seed", "1", "2"] in [line.split() for line in text.splitlines()]
    assert ["epochs", "3", "1", "-2"] in [line.split() for line in text.splitlines()]

"""Finished runs that fit each other become one run and its bundle; what does not fit is refused at once."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import combine, recipes, run_record, training_set, workflow
from insect_converter.combine import CombineOptions
from insect_converter.dataset import read_class_folders
from insect_converter.errors import TrainingError
from insect_converter.run_record import RunRecord
from insect_converter.split import to_csv
from insect_edge.errors import ModelError
from support.photographs import COLOURS, write_class, write_classes

if TYPE_CHECKING:
    from pathlib import Path

RECIPE = recipes.parse(
    'name = "test"\nimage_size = 32\nshorter_side = 48\nvalidation = 0.2\ntest = 0.2\nlabels.aphid.role = "pest"',
    source="test",
)
SPLIT = "name,label,split,sha256\na.jpg,aphid,train,aa\nb.jpg,mantis,validation,bb\n"
RECORD = RunRecord(
    recipe=RECIPE.as_dict(),
    seed=1,
    data="data",
    background=None,
    labels=("aphid", "mantis"),
    versions={},
    host="here",
    started="2026-01-01T00:00:00Z",
    provenance="drawn",
    licence="CC0",
)


def finished(folder: Path, *, record: RunRecord = RECORD, split_text: str = SPLIT) -> Path:
    """A run with something in the place of its float model."""
    run_record.create(folder, record, split_text=split_text)
    (folder / run_record.WEIGHTS_FILE).write_bytes(folder.name.encode())
    return folder


def exposed(record: RunRecord, *, unknown: str | None) -> RunRecord:
    """The record of a run that wants to learn from unknown insects."""
    recipe = replace(RECIPE, fine_tuning=replace(RECIPE.fine_tuning, unknown_repeat=1))
    return replace(record, recipe=recipe.as_dict(), unknown=unknown)


def options(folder: Path, *runs: Path, **changes: Any) -> CombineOptions:
    """What a user asks for."""
    asked = CombineOptions(
        runs=runs, run=folder / "run", out=folder / "both-v1", provenance=None, licence=None, force=False
    )
    return replace(asked, **changes)


def test_runs_that_fit_are_found(tmp_path: Path) -> None:
    """Recipes may differ in all but what the model takes."""
    other = replace(RECORD, recipe=replace(RECIPE, alpha=0.35).as_dict(), seed=9)
    runs = finished(tmp_path / "one"), finished(tmp_path / "two", record=other)
    assert [member.folder for member in combine.find(runs)] == list(runs)


@pytest.mark.parametrize(
    ("changes", "split_text", "message"),
    [
        ({"labels": ("aphid", "wasp")}, SPLIT, "tells aphid, wasp apart, .* aphid, mantis: train both on the same"),
        ({}, SPLIT.replace("train", "test"), "learnt from other photographs: one has seen what the other is tested on"),
        (
            {"recipe": replace(RECIPE, image_size=64, shorter_side=64).as_dict()},
            SPLIT,
            "takes pictures of 64 pixels, .* of 32",
        ),
        (
            {"recipe": recipes.load("small-cnn").as_dict()},
            SPLIT,
            "its network is small-cnn: only MobileNetV2",
        ),
        ({"members": (("x", "0"),)}, SPLIT, "a combination already: name the runs it was made of"),
    ],
)
def test_runs_that_do_not_fit_are_refused(
    tmp_path: Path, changes: dict[str, Any], split_text: str, message: str
) -> None:
    """In one line that says what differs."""
    other = finished(tmp_path / "other", record=replace(RECORD, **changes), split_text=split_text)
    with pytest.raises(TrainingError, match=message) as caught:
        combine.find((finished(tmp_path / "one"), other))
    assert "\n" not in str(caught.value)


def test_other_unknown_insects_are_refused(tmp_path: Path) -> None:
    """Reporting on one folder's half would report on what the other member may have learnt."""
    runs = [finished(tmp_path / name, record=exposed(RECORD, unknown=f"{name}-strangers")) for name in ("one", "other")]
    message = (
        r"one learnt unknown insects from one-strangers; \S+other learnt unknown insects from other-strangers: train"
    )
    for order in (runs, [finished(tmp_path / "plain"), *runs]):
        with pytest.raises(TrainingError, match=message):
            combine.find(order)


def test_one_run_is_none_to_combine(tmp_path: Path) -> None:
    """Nor is the same one twice, nor one that has not finished."""
    run = finished(tmp_path / "one")
    with pytest.raises(TrainingError, match="1 run to combine: name two or more"):
        combine.find((run, run))
    (run / run_record.WEIGHTS_FILE).unlink()
    with pytest.raises(TrainingError, match="the run did not finish"):
        combine.find((run, finished(tmp_path / "two")))


def test_the_record_says_what_was_combined(tmp_path: Path) -> None:
    """The members by folder and content; one that has learnt from unknown insects says which may be reported on."""
    runs = (
        finished(tmp_path / "one", record=replace(RECORD, leaks_kept=3, teachers=(("t", "1"),))),
        finished(tmp_path / "two", record=exposed(RECORD, unknown="strangers")),
    )
    record = combine._record(combine.find(runs), options(tmp_path, *runs, licence="CC-BY"))
    assert [folder for folder, _ in record.members] == [str(run) for run in runs]
    assert [sha256 for _, sha256 in record.members] == [run_record.float_hash(run) for run in runs]
    assert record.recipe["fine_tuning"]["unknown_repeat"] == 1
    assert record.recipe["name"] == "test + test"
    assert (record.unknown, record.leaks_kept, record.teachers) == ("strangers", 3, (("t", "1"),))
    assert (record.provenance, record.licence) == ("drawn", "CC-BY")


def test_averaging_takes_networks_of_one_width(tmp_path: Path) -> None:
    """Their mean is one network, which can be combined with others, as an ensemble cannot."""
    narrow = replace(RECORD, recipe=replace(RECIPE, alpha=0.35).as_dict())
    runs = finished(tmp_path / "one"), finished(tmp_path / "narrow", record=narrow)
    with pytest.raises(TrainingError, match=r"narrow has alpha 0.35, .*one 1: only networks of the same width"):
        combine.find(runs, average=True)
    other = finished(tmp_path / "other", record=replace(RECORD, backbone_weights="insects.weights.h5"))
    start = finished(tmp_path / "start", record=replace(RECORD, backbone_weights="imagenet.weights.h5"))
    with pytest.raises(TrainingError, match=r"other began with insects.weights.h5, .*start with imagenet.weights.h5"):
        combine.find((start, other), average=True)
    assert len(combine.find((start, other))) == 2
    averaged = replace(RECORD, members=(("x", "0"),), averaged=True)
    assert len(combine.find((runs[0], finished(tmp_path / "averaged", record=averaged)))) == 2
    same = runs[0], finished(tmp_path / "two")
    record = combine._record(combine.find(same, average=True), options(tmp_path, *same, average=True))
    assert (record.averaged, record.recipe["name"]) == (True, "mean(test, test)")


def test_an_interrupted_combination_is_not_trained(tmp_path: Path) -> None:
    """A folder that `combine` left behind unfinished is no training run to go on with."""
    record = replace(RECORD, members=(("one", "0"), ("two", "1")), out=str(tmp_path / "out"))
    run_record.create(tmp_path / "run", record, split_text=SPLIT)
    with pytest.raises(TrainingError, match="`combine` was interrupted here: delete the folder"):
        workflow.resume(tmp_path / "run", out=None, force=False)


def trained(folder: Path, record: RunRecord, *, split_text: str, seed: int) -> Path:
    """A finished run whose model tells nothing well, and not the same as one of another seed."""
    keras = importlib.import_module("keras")
    backbones = importlib.import_module("insect_converter.backbone")
    keras.utils.set_random_seed(seed)
    pictures = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(8, 3, strides=4, activation="relu6")(pictures)
    backbone = keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(maps))
    model = backbones.build_model(backbone, labels=len(record.labels), image_size=32, dropout=0.0)
    run_record.create(folder, record, split_text=split_text)
    run_record.save_model(folder, model)
    return folder


def test_runs_become_a_run_and_its_bundle(
    tensorflow: None,  # noqa: ARG001 - is imported first, silently
    tmp_path: Path,
) -> None:
    """The new run can be exported again, its card names the members, and each member's loss is on record."""
    write_classes(tmp_path / "data", each=8)
    write_class(tmp_path / "things", label="background", count=8)
    found = read_class_folders(tmp_path / "data", background=tmp_path / "things")
    data = training_set.load(found, RECIPE, seed=1)
    split_text = to_csv(data.split, data.labels, data.pictures)
    record = replace(
        RECORD,
        data=str(tmp_path / "data"),
        background=str(tmp_path / "things"),
        labels=(*sorted(COLOURS), "background"),
    )
    runs = [trained(tmp_path / f"run{seed}", record, split_text=split_text, seed=seed) for seed in (1, 2)]
    combine.combine(options(tmp_path, *runs, force=True))
    card = json.loads((tmp_path / "both-v1" / "card.json").read_text())
    assert card["members_sha256"] == [run_record.float_hash(run) for run in runs]
    history = json.loads((tmp_path / "run" / run_record.HISTORY_FILE).read_text())
    assert [entry["member"] for entry in history] == ["run1", "run2", "together"]
    assert all(entry["temperature"] > 0 for entry in history)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ModelError, match="there is something already"):
        combine.combine(options(tmp_path, *runs))
    with pytest.raises(TrainingError, match="there is a run in it already"):
        combine.combine(options(tmp_path, *runs, out=tmp_path / "again-v1"))
    assert sorted(tmp_path.iterdir()) == before

"""Everything that can be refused is refused before the long work, and before TensorFlow is even imported."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

import insect_converter
from insect_converter import recipes, run_record, workflow
from insect_converter.errors import DatasetError, RecipeError, TrainingError
from insect_converter.workflow import TrainingOptions
from insect_edge.errors import InsectEdgeError, ModelError
from support.photographs import write_classes


@pytest.fixture(autouse=True)
def _no_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing TensorFlow fails the test."""
    for module in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, module, None)


def options(folder: Path, **changes: Any) -> TrainingOptions:
    """What a user asks for whose folders are all in one place."""
    asked = TrainingOptions(
        data=folder / "data",
        background=None,
        out=folder / "out",
        recipe="garden-pests",
        backbone_weights=None,
        seed=1,
        run=folder / "run",
        provenance="drawn",
        licence="none",
        force=False,
    )
    return replace(asked, **changes)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"data": Path("nowhere")}, DatasetError, "nowhere: no such folder"),
        ({"background": Path("nowhere")}, DatasetError, "nowhere: no such folder"),
        ({"recipe": "nothing"}, RecipeError, "recipe nothing: there is none of that name"),
        ({"changes": ("head.epoch=3",)}, RecipeError, "garden-pests: head: epoch: no such key"),
        ({"leave_out": Path("nowhere")}, DatasetError, "nowhere: cannot be read"),
        ({"unknown": Path("nowhere")}, DatasetError, "nowhere: no such folder"),
        ({"out": Path("/dev/null/x")}, ModelError, "x: the bundle cannot be written"),
        ({"out": Path(__file__).parent}, ModelError, "there is something already"),
    ],
)
def test_bad_input_is_refused_at_once(
    tmp_path: Path, changes: dict[str, Any], kind: type[InsectEdgeError], message: str
) -> None:
    """Folders, recipe and place are looked at first, and nothing is written."""
    write_classes(tmp_path / "data", each=3)
    with pytest.raises(kind, match=message):
        workflow.train(options(tmp_path, **changes))
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("inside", [".", "run", "deep/run"])
def test_a_run_does_not_lie_in_its_bundle(tmp_path: Path, inside: str) -> None:
    """It would make the bundle's folder exist, which is found out now and not an hour later."""
    write_classes(tmp_path / "data", each=3)
    with pytest.raises(TrainingError, match="the run would lie in the bundle's folder: name another one with --run"):
        workflow.train(options(tmp_path, run=tmp_path / "out" / inside))


def test_export_of_nothing_is_refused_at_once(tmp_path: Path) -> None:
    """No run, or a place that is taken, need no TensorFlow to be told."""
    with pytest.raises(TrainingError, match="no training run"):
        workflow.export(tmp_path / "run", out=tmp_path / "out", force=False)
    with pytest.raises(ModelError, match="there is something already"):
        workflow.export(tmp_path / "run", out=tmp_path, force=False)


def test_going_on_with_nothing_is_refused_at_once(tmp_path: Path) -> None:
    """No run, no place for its bundle, and photographs that are gone need no TensorFlow to be told."""
    with pytest.raises(TrainingError, match="no training run"):
        workflow.resume(tmp_path / "run", out=None, force=False)
    asked = options(tmp_path, data=tmp_path / "data")
    recipe = recipes.load(asked.recipe)
    text = "name,label,split,sha256\nant/a.jpg,ant,train,1\n"
    record = workflow._record(asked, recipe, labels=("ant",), split_text=text)
    run_record.create(tmp_path / "run", record, split_text=text)
    with pytest.raises(ModelError, match="there is something already"):
        workflow.resume(tmp_path / "run", out=tmp_path, force=False)
    with pytest.raises(DatasetError, match="data: no such folder"):
        workflow.resume(tmp_path / "run", out=None, force=False)
    run_record.create(tmp_path / "old", replace(record, out=None), split_text=text)
    with pytest.raises(TrainingError, match="old: the run does not say where its bundle goes: name the folder with"):
        workflow.resume(tmp_path / "old", out=None, force=False)


def test_an_interrupted_training_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever presses Ctrl-C learns the command that loses nothing."""

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    training = ModuleType("insect_converter.train")
    training.fit = interrupted  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "insect_converter.train", training)
    monkeypatch.setattr(insect_converter, "train", training, raising=False)
    nothing: Any = None
    with pytest.raises(KeyboardInterrupt):
        workflow._fit(nothing, nothing, nothing, record=SimpleNamespace(seed=1, teachers=()), run=tmp_path)  # type: ignore[arg-type]
    told = capsys.readouterr().err.splitlines()
    assert told[-1] == f"interrupted: `insect-converter train --resume {tmp_path}` goes on"


def test_labels_without_a_role_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A user whose labels the recipe does not know learns how to say which are pests; the background needs no word."""
    recipe = recipes.load("garden-pests")
    workflow._tell_roles(recipe, ("ants", "aphid", "background"))
    assert capsys.readouterr().err.startswith("no role for aphid: say which are pests under [labels]")
    workflow._tell_roles(recipe, ("ants", "background"))
    assert capsys.readouterr().err == ""

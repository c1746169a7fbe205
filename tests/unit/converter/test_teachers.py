"""Teachers say what a student is to answer; one that has seen the student's test photographs may not teach."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_converter import run_record, teacher_runs
from insect_converter.errors import TrainingError
from insect_converter.recipes import Network, Recipe
from insect_converter.run_record import RunRecord

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

RECIPE = Recipe(name="test", image_size=64, shorter_side=64)
RECORD = RunRecord(
    recipe=RECIPE.as_dict(),
    seed=1,
    data="data",
    background=None,
    labels=("ant", "bee", "wasp"),
    versions={},
    host="here",
    started="2026-01-01T00:00:00Z",
    provenance="",
    licence="",
)
SPLIT = "name,label,split,sha256\na.jpg,ant,train,aa\nb.jpg,bee,validation,bb\nc.jpg,wasp,test,cc\n"
VIEWS = np.random.default_rng(1).uniform(-1, 1, (5, 32, 32, 3)).astype(np.float32)
TARGETS = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1]]


@pytest.fixture(scope="module")
def teachers(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test."""
    return importlib.import_module("insect_converter.teachers")


def model(logits: tuple[float, ...]) -> Any:
    """A model of pictures of 64 pixels that always says the same."""
    keras = importlib.import_module("keras")
    backbones = importlib.import_module("insect_converter.backbone")
    pictures = keras.Input((None, None, 3))
    backbone = keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(pictures))
    made = backbones.build_model(backbone, labels=len(logits), image_size=64, dropout=0.0)
    made.get_layer("logits").set_weights([np.zeros((3, len(logits)), np.float32), np.array(logits, np.float32)])
    return made


def finished(folder: Path, *, record: RunRecord = RECORD, split_text: str = SPLIT) -> Path:
    """A run that has a float model, or at least its file."""
    run_record.create(folder, record, split_text=split_text)
    (folder / run_record.WEIGHTS_FILE).write_bytes(b"weights")
    return folder


def softmax(*logits: float) -> np.ndarray:
    """Scores of logits."""
    shares = np.exp(np.array(logits))
    return np.asarray(shares / shares.sum())


def test_targets_are_labels_and_the_mean_of_the_teachers(teachers: ModuleType) -> None:
    """Each row is the label's share, smoothed, and the teachers' mean score; views may have any size."""
    made = teachers.Teachers([model((2.0, 0.0, 0.0)), model((0.0, 1.0, 0.0))], share=0.6, smoothing=0.3)
    said = (softmax(2, 0, 0) + softmax(0, 1, 0)) / 2
    wanted = 0.4 * (0.7 * TARGETS + 0.1) + 0.6 * said
    assert made.soften(VIEWS, TARGETS) == pytest.approx(wanted, abs=1e-6)
    assert made.soften(VIEWS, TARGETS).sum(axis=1) == pytest.approx(np.ones(5))
    assert made.soften(VIEWS, TARGETS).dtype == np.float32


def test_teachers_look_at_the_very_view(teachers: ModuleType) -> None:
    """Another view gets another answer: the network is asked, not the photograph."""
    teacher = model((0.0, 0.0, 0.0))
    teacher.get_layer("logits").set_weights([5 * np.eye(3, dtype=np.float32), np.zeros(3, np.float32)])
    made = teachers.Teachers([teacher], share=1.0, smoothing=0.0)
    bright = np.full_like(VIEWS[:1], -1.0)
    bright[..., 1] = 1.0
    assert made.soften(bright, TARGETS[:1]).argmax() == 1


def test_a_finished_run_may_teach(teachers: ModuleType, tmp_path: Path) -> None:
    """It is found with the hash of its model, and opened by it."""
    folder = finished(tmp_path / "teacher")
    run_record.save_model(folder, model((2.0, 0.0, 0.0)))
    (run,) = teacher_runs.find([folder], record=RECORD, split_text=SPLIT)
    assert (run.folder, run.sha256) == (folder.resolve(), run_record.float_hash(folder))
    made = teachers.Teachers.open([run], share=1.0, smoothing=0.0)
    assert made.soften(VIEWS, TARGETS) == pytest.approx(np.tile(softmax(2, 0, 0), (5, 1)), abs=1e-6)


def test_another_model_than_before_is_refused(teachers: ModuleType, tmp_path: Path) -> None:
    """A run that is gone on with learns from the teacher it began with."""
    folder = finished(tmp_path / "teacher")
    run_record.save_model(folder, model((2.0, 0.0, 0.0)))
    (run,) = teacher_runs.find([folder], record=RECORD, split_text=SPLIT)
    run_record.save_model(folder, model((0.0, 0.0, 3.0)))
    with pytest.raises(TrainingError, match=r"the teacher's sha256 is .*, it was .* when this run began"):
        teachers.Teachers.open([run], share=1.0, smoothing=0.0)


def test_a_teacher_that_knows_the_test_is_refused(tmp_path: Path) -> None:
    """Photographs are compared by content; those of validation count as well."""
    seen = "name,label,split,sha256\nother.jpg,ant,train,cc\nb.jpg,bee,train,bb\na.jpg,ant,test,aa\n"
    folder = finished(tmp_path / "teacher", split_text=seen)
    with pytest.raises(TrainingError, match=r"has learnt from 2 photographs .* the first is b.jpg: .*--seed"):
        teacher_runs.find([folder], record=RECORD, split_text=SPLIT)


def test_a_teacher_of_other_labels_is_refused(tmp_path: Path) -> None:
    """So is one that tells the same labels in another order apart, since scores have no names."""
    folder = finished(tmp_path / "teacher", record=replace(RECORD, labels=("bee", "ant", "wasp")))
    with pytest.raises(TrainingError, match="the teacher tells bee, ant, wasp apart, this run ant, bee, wasp"):
        teacher_runs.find([folder], record=RECORD, split_text=SPLIT)


def test_teachers_take_views_of_any_size(tmp_path: Path) -> None:
    """The small network has one size, so it neither teaches nor is taught."""
    small = replace(RECORD, recipe={**RECORD.recipe, "network": Network.SMALL_CNN.value})
    small.recipe.update(head={"epochs": 0}, fine_tuning={"image_size": 64})
    folder = finished(tmp_path / "teacher", record=small)
    with pytest.raises(TrainingError, match=r"the teacher is a small-cnn"):
        teacher_runs.find([folder], record=RECORD, split_text=SPLIT)
    with pytest.raises(TrainingError, match="the student is a small-cnn"):
        teacher_runs.find([finished(tmp_path / "other")], record=small, split_text=SPLIT)


def test_a_run_that_did_not_finish_cannot_teach(tmp_path: Path) -> None:
    """The line says how to finish it."""
    run_record.create(tmp_path / "teacher", RECORD, split_text=SPLIT)
    with pytest.raises(TrainingError, match="the run did not finish"):
        teacher_runs.find([tmp_path / "teacher"], record=RECORD, split_text=SPLIT)

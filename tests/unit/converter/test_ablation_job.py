"""Changes are measured one after the other, each put down at once, and an interrupted job goes on where it was."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter.ablation import job, results
from insect_converter.ablation.results import Result
from insect_converter.errors import DatasetError, RecipeError, TrainingError
from support.photographs import write_class, write_classes

if TYPE_CHECKING:
    from pathlib import Path

PLAN = """
recipe = "head-only"
set = ["image_size=32", "shorter_side=32", "validation=0.2", "test=0.2", "head.epochs=2"]

[[switch]]
name = "tuned"
set = ["fine_tuning.epochs=1", "fine_tuning.image_size=32", "fine_tuning.batch_size=8", "fine_tuning.unknown_repeat=1"]

[[switch]]
name = "cleaned"
needs = ["leave-out"]

[[switch]]
name = "taught"
needs = ["teacher"]
"""


@pytest.fixture
def options(tmp_path: Path) -> job.Options:
    """Three drawn animals, a background, strangers and a plan."""
    write_classes(tmp_path / "data", each=6)
    write_class(tmp_path / "things", label="background", count=6)
    write_class(tmp_path / "strangers", label="mantis", count=24)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    return job.Options(
        data=tmp_path / "data",
        background=tmp_path / "things",
        unknown=tmp_path / "strangers",
        leave_out=None,
        teachers=(),
        backbone_weights=None,
        plan=str(tmp_path / "plan.toml"),
        only=(),
        seeds=1,
        seed=1,
        out=tmp_path / "out",
    )


@pytest.fixture
def small_backbone(tensorflow: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - is imported first
    """A random convolution in the place of MobileNetV2."""
    keras = importlib.import_module("keras")
    backbones = importlib.import_module("insect_converter.backbone")

    def build(*_: Any, seed: int) -> Any:
        keras.utils.set_random_seed(seed)
        pictures = keras.Input((None, None, 3))
        features = keras.layers.Conv2D(8, 3, strides=4, name="convolution")(pictures)
        network = keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU(6.0)(features)))
        return backbones.still(network)

    monkeypatch.setattr(backbones, "build_backbone", build)


@pytest.mark.usefixtures("small_backbone")
def test_changes_are_measured_and_nothing_is_done_twice(
    options: job.Options, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """All runs have their line; what needs something that is not there is told; the folders of runs are gone."""
    job.run(options)
    assert [(run.change, run.seed) for run in results.read(options.out)] == [("baseline", 1), ("tuned", 1)]
    assert all(0 <= run.top1 <= 1 and run.auroc is not None for run in results.read(options.out))
    assert [path.name for path in options.out.iterdir()] == [results.FILE]
    told = capsys.readouterr().err
    assert "left out: cleaned: it needs --leave-out" in told
    assert "left out: taught: it needs --teacher" in told
    doubted = tmp_path / "doubted.txt"
    doubted.write_text("aphid/aphid_00.jpg\n", encoding="utf-8")
    before = results.read(options.out)
    job.run(replace(options, leave_out=doubted, only=("cleaned",), seeds=2))
    after = results.read(options.out)
    assert after[:2] == before
    assert [(run.change, run.seed) for run in after[2:]] == [("cleaned", 1), ("baseline", 2), ("cleaned", 2)]


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"only": ("luck",)}, TrainingError, "no change is called 'luck': baseline, tuned"),
        ({"plan": "nothing"}, RecipeError, "plan nothing: there is none"),
    ],
)
def test_bad_input_is_refused_at_once(
    options: job.Options, changes: dict[str, Any], kind: type[Exception], message: str
) -> None:
    """Nothing is trained for a plan or a change that is not there."""
    with pytest.raises(kind, match=message):
        job.run(replace(options, **changes))
    assert not options.out.exists()


def test_photographs_that_are_not_there_are_told(options: job.Options, tmp_path: Path) -> None:
    """A wrong folder is named before TensorFlow is imported."""
    with pytest.raises(DatasetError, match="nowhere: no such folder"):
        job.run(replace(options, data=tmp_path / "nowhere"))


def test_a_finished_table_needs_no_photographs(options: job.Options, tmp_path: Path) -> None:
    """Where every run is there already, nothing is read but the list."""
    runs = [
        Result(change=name, seed=1, top1=1, small=1, loss=0, auroc=None, seconds=1) for name in ("baseline", "tuned")
    ]
    options.out.mkdir()
    results.write(options.out, runs)
    job.run(replace(options, data=tmp_path / "nowhere"))
    assert results.read(options.out) == runs

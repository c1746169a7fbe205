"""From folders of photographs to a list of those whose label is wrong; the photographs stay as they are."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("jinja2", reason="the converter's extra is not installed")
pytest.importorskip("cleanlab", reason="the converter's extra is not installed")

from insect_converter import dataset
from insect_converter.commands import suspects
from insect_converter.errors import DatasetError, TrainingError
from insect_converter.suspects import job, look
from support.photographs import draw, encoded, write_classes
from support.shared_data import data_folder, models_folder

WRONG = {"aphid/zz.jpg": "mantis", "mantis/zz.jpg": "ladybird"}
"""Photographs that lie in the wrong folder, and what they show."""


@pytest.fixture
def backbone(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Instead of the pretrained one: the colours of a 3x3 grid. How many pictures it was shown each time."""
    shown: list[int] = []

    def colours(
        views: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        shown.append(len(views))
        cells = views[:, :222, :222].reshape(len(views), 3, 74, 3, 74, 3)
        means: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = cells.mean(axis=(2, 4), dtype=np.float32)
        return means.reshape(len(views), 27)

    monkeypatch.setattr(look, "pretrained", lambda _: colours)
    return shown


def photographs(folder: Path) -> Path:
    """Twelve drawn ones a class, and one more in two of them that shows another class's animal."""
    write_classes(folder, each=12)
    for name, shown in WRONG.items():
        (folder / name).write_bytes(encoded(draw(shown, seed=77)))
    return folder


def options(folder: Path, **others: object) -> job.Options:
    """For photographs in `data` and results in `out`."""
    plain = {"background": None, "backbone_weights": None, "folds": 3, "seed": 1, "show": 300, "force": False}
    return job.Options(data=folder / "data", out=folder / "out", **{**plain, **others})  # type: ignore[arg-type]


def names(path: Path) -> list[str]:
    """The column of names of a list."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row["name"] for row in csv.DictReader(file)]


def test_photographs_in_the_wrong_folder_come_first(
    tmp_path: Path, backbone: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    """They lead the list and the page and are estimated to be mislabelled, under the names that a split gives them."""
    photographs(tmp_path / "data")
    job.run(options(tmp_path))
    assert set(names(tmp_path / "out" / "suspects.csv")[:2]) == set(WRONG)
    assert set(names(tmp_path / "out" / "leave_out.csv")) == set(WRONG)
    known = {photograph.name for photograph in dataset.read(tmp_path / "data").photographs}
    assert set(names(tmp_path / "out" / "suspects.csv")) <= known
    page = (tmp_path / "out" / "suspects.html").read_text(encoding="utf-8")
    assert all(f'data-name="{name}"' in page for name in WRONG)
    assert sum(backbone) == 38
    assert "confident learning estimates 2 to be mislabelled" in capsys.readouterr().err


def test_nothing_is_touched(tmp_path: Path, backbone: list[int]) -> None:  # noqa: ARG001 - stands in for the real one
    """Every photograph is where it was, as it was."""
    folder = photographs(tmp_path / "data")
    before = {path: path.read_bytes() for path in folder.rglob("*.jpg")}
    job.run(options(tmp_path))
    assert {path: path.read_bytes() for path in folder.rglob("*.jpg")} == before
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("suspects.csv", "leave_out.csv", "suspects.html", "features.npz")
    }


def test_an_earlier_list_is_not_overwritten(tmp_path: Path, backbone: list[int]) -> None:
    """What was gone through by hand stays, unless the user says otherwise; then the features are there already."""
    photographs(tmp_path / "data")
    job.run(options(tmp_path))
    first = (tmp_path / "out" / "suspects.csv").read_bytes()
    (tmp_path / "out" / "leave_out.csv").write_text("name\nmine\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"suspects\.csv: is there already, .* say --force"):
        job.run(options(tmp_path, seed=2))
    assert names(tmp_path / "out" / "leave_out.csv") == ["mine"]
    backbone.clear()
    job.run(options(tmp_path, force=True))
    assert (tmp_path / "out" / "suspects.csv").read_bytes() == first
    assert set(names(tmp_path / "out" / "leave_out.csv")) == set(WRONG)
    assert backbone == []


def test_an_unreadable_photograph_is_told_and_left_out(
    tmp_path: Path,
    backbone: list[int],  # noqa: ARG001 - stands in for the real one
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A broken file costs a line, not the run."""
    (photographs(tmp_path / "data") / "aphid" / "broken.jpg").write_bytes(b"")
    job.run(options(tmp_path))
    assert "left out: " in (told := capsys.readouterr().err)
    assert "broken.jpg: the file is empty" in told
    assert "38 photographs; 1 unreadable left out" in told


def test_what_can_be_refused_is_refused_before_anything_is_looked_at(tmp_path: Path, backbone: list[int]) -> None:
    """Too many folds, weights that are not there and a place that cannot be are each one line, and leave nothing."""
    photographs(tmp_path / "data")
    with pytest.raises(DatasetError, match=r"class ladybird: 12 photographs, 13 folds need as many"):
        job.run(options(tmp_path, folds=13))
    with pytest.raises(TrainingError, match=r"w\.h5: cannot be read"):
        job.run(options(tmp_path, backbone_weights=tmp_path / "w.h5"))
    (tmp_path / "out").write_bytes(b"a file")
    with pytest.raises(DatasetError, match=r"out: cannot be written \(.*\): make room or name another folder"):
        job.run(options(tmp_path))
    assert backbone == []
    assert (tmp_path / "out").read_bytes() == b"a file"


def test_options_reach_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every option arrives as its type; there are five folds where nobody says."""
    asked: list[job.Options] = []
    monkeypatch.setattr(job, "run", asked.append)
    arguments = ("--data", "photos.csv", "--background", "things", "--backbone-weights", "w.h5", "--seed", "4")
    done = CliRunner().invoke(suspects.command, [*arguments, "--out", "o", "--show", "50"])
    assert done.exit_code == 0, done.output
    assert asked == [
        job.Options(
            data=Path("photos.csv"),
            background=Path("things"),
            backbone_weights=Path("w.h5"),
            folds=5,
            seed=4,
            show=50,
            out=Path("o"),
            force=False,
        )
    ]


def test_neither_help_nor_the_job_loads_tensorflow() -> None:
    """Help imports nothing heavy, and a run whose features are known has no use for TensorFlow."""
    program = (
        "import sys\n"
        "from insect_converter import cli\n"
        "cli.commands(['suspects', '--help'], standalone_mode=False)\n"
        "assert not {'tensorflow', 'keras', 'sklearn', 'cleanlab', 'pandas', 'tqdm'} & set(sys.modules)\n"
        "from insect_converter.suspects import job\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert "--backbone-weights" in done.stdout


def test_real_photographs_in_the_wrong_folder_are_found(tmp_path: Path, tensorflow: None) -> None:  # noqa: ARG001
    """With the pretrained backbone, a snail among bees and a bee among snails are the first two of 34."""
    source = data_folder() / "agricultural_pests"
    weights = models_folder() / "backbone" / "mobilenet_v2_1.0_224_imagenet_no_top.weights.h5"
    for label, other in (("bees", "snail"), ("snail", "bees")):
        (tmp_path / "data" / label).mkdir(parents=True)
        chosen = sorted((source / label).iterdir())[:16]
        for path in [*chosen, sorted((source / other).iterdir())[16]]:
            (tmp_path / "data" / label / path.name).write_bytes(path.read_bytes())
    job.run(options(tmp_path, backbone_weights=weights))
    listed = names(tmp_path / "out" / "suspects.csv")
    assert {name.split("/")[0] + name.split("/")[1][:3].lower() for name in listed[:2]} == {"beessna", "snailbee"}
    assert set(names(tmp_path / "out" / "leave_out.csv")) == set(listed[:2])

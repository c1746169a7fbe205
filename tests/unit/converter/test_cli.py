"""The command line: arguments in, one line out for whatever goes wrong, and the right exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import cli, workflow
from insect_converter.errors import GateError
from insect_edge.errors import ModelError


def main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and standard error of a command."""
    monkeypatch.setattr(sys, "argv", ["insect-converter", *arguments])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(left.value.code or 0), capsys.readouterr().err


def failing(error: BaseException) -> Any:
    """A job that fails."""

    def job(*_: Any, **__: Any) -> None:
        raise error

    return job


def test_options_reach_the_job(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every option of `train` arrives as its type, and the run's folder gets the bundle's name."""
    asked: list[workflow.TrainingOptions] = []
    monkeypatch.setattr(workflow, "train", asked.append)
    code, _ = main(
        *(monkeypatch, capsys, "train", "--data", "photos", "--background", "things", "--out", "models/m-v1"),
        *("--recipe", "r.toml", "--backbone-weights", "w.h5", "--seed", "5", "--licence", "CC0", "--force"),
        *("--set", "head.epochs=3", "--set", "alpha=0.5", "--leave-out", "doubted.csv", "--unknown", "strangers"),
    )
    assert code == 0
    options = asked[0]
    assert (options.data, options.background, options.out) == (Path("photos"), Path("things"), Path("models/m-v1"))
    assert (options.recipe, options.backbone_weights, options.seed) == ("r.toml", Path("w.h5"), 5)
    assert (options.licence, options.provenance, options.force) == ("CC0", "not stated", True)
    assert options.changes == ("head.epochs=3", "alpha=0.5")
    assert (options.leave_out, options.unknown) == (Path("doubted.csv"), Path("strangers"))
    assert options.run.parent == Path("runs")
    assert options.run.name.startswith("m-v1-")


def test_export_reaches_its_job(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The run's folder and the new bundle's are handed on."""
    asked: list[Any] = []
    monkeypatch.setattr(workflow, "export", lambda run, **options: asked.append((run, options)))
    assert main(monkeypatch, capsys, "export", "runs/a", "--out", "m-v2", "--unknown", "strangers")[0] == 0
    assert asked == [(Path("runs/a"), {"out": Path("m-v2"), "force": False, "unknown": Path("strangers")})]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ModelError("m: there is something already: name a new folder"), "m: there is something already: name a new"),
        (GateError("over budget: nothing was written"), "over budget: nothing was written"),
        (PermissionError(13, "Permission denied", "x.jpg"), "x.jpg: Permission denied: check its permissions"),
        (OSError("broken"), "broken: check its permissions"),
        (ModuleNotFoundError("no", name="keras"), "keras is not installed: pip install 'insect-edge[converter]'"),
    ],
)
def test_what_goes_wrong_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, line: str
) -> None:
    """An error ends the program with exit code 1 and its message, named after the program, without a traceback."""
    monkeypatch.setattr(workflow, "train", failing(error))
    code, told = main(monkeypatch, capsys, "train", "--data", "photos", "--out", "m")
    assert code == 1
    assert told.startswith(f"insect-converter: {line}")
    assert told.count("\n") == 1


def test_a_run_is_gone_on_with_by_its_folder_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`train --resume` hands on the run, and what may be changed of it."""
    asked: list[Any] = []
    monkeypatch.setattr(workflow, "resume", lambda run, **options: asked.append((run, options)))
    assert main(monkeypatch, capsys, "train", "--resume", "runs/a")[0] == 0
    assert main(monkeypatch, capsys, "train", "--resume", "runs/a", "--out", "m-v2", "--force")[0] == 0
    assert asked == [
        (Path("runs/a"), {"out": None, "force": False}),
        (Path("runs/a"), {"out": Path("m-v2"), "force": True}),
    ]


@pytest.mark.parametrize(
    ("option", "value"), [("--seed", "1"), ("--set", "head.epochs=3"), ("--data", "x"), ("--backbone-weights", "w")]
)
def test_a_run_goes_on_as_it_was_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    """What would make another run of it is a usage error, even if it says the same."""
    code, told = main(monkeypatch, capsys, "train", "--resume", "runs/a", option, value)
    assert code == 2
    assert f"Option '{option}' cannot be changed with '--resume'" in told


def test_runs_are_listed_and_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A folder gives a list, two runs a comparison, three a usage error, nothing an error in one line."""
    assert main(monkeypatch, capsys, "runs", str(tmp_path))[0] == 0
    assert main(monkeypatch, capsys, "runs", "a", "b", "c")[0] == 2
    monkeypatch.chdir(tmp_path)
    assert main(monkeypatch, capsys, "runs") == (
        1,
        "insect-converter: runs: no such folder: name the one that holds the runs\n",
    )
    code, told = main(monkeypatch, capsys, "runs", "a", "b")
    assert code == 1
    assert told.startswith("insect-converter: a: no training run (")


@pytest.mark.parametrize(
    "arguments",
    [
        ("train",),
        ("train", "--data", "x"),
        ("train", "--out", "y"),
        ("train", "--data", "x", "--out", "y", "--seed", "-1"),
        ("fly",),
    ],
)
def test_wrong_usage_is_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """Missing options, values out of range and unknown commands are usage errors."""
    assert main(monkeypatch, capsys, *arguments)[0] == 2


def test_help_does_not_import_tensorflow() -> None:
    """Nobody waits for seconds to read the options."""
    program = (
        "import sys\n"
        "from insect_converter import cli\n"
        "cli.commands(['train', '--help'], standalone_mode=False)\n"
        "assert not {'tensorflow', 'keras', 'sklearn', 'tqdm'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "--backbone-weights" in done.stdout

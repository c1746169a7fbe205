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
    )
    assert code == 0
    options = asked[0]
    assert (options.data, options.background, options.out) == (Path("photos"), Path("things"), Path("models/m-v1"))
    assert (options.recipe, options.backbone_weights, options.seed) == ("r.toml", Path("w.h5"), 5)
    assert (options.licence, options.provenance, options.force) == ("CC0", "not stated", True)
    assert options.run.parent == Path("runs")
    assert options.run.name.startswith("m-v1-")


def test_export_reaches_its_job(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The run's folder and the new bundle's are handed on."""
    asked: list[Any] = []
    monkeypatch.setattr(workflow, "export", lambda run, **options: asked.append((run, options)))
    assert main(monkeypatch, capsys, "export", "runs/a", "--out", "m-v2")[0] == 0
    assert asked == [(Path("runs/a"), {"out": Path("m-v2"), "force": False})]


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


@pytest.mark.parametrize("arguments", [("train",), ("train", "--data", "x", "--out", "y", "--seed", "-1"), ("fly",)])
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

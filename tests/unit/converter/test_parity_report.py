"""`insect-converter parity`, whole: from a bundle and folders to a report, files and the right exit code."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import cli
from support import tiny_model
from support.photographs import encoded

if TYPE_CHECKING:
    from pathlib import Path

EACH = 6


@pytest.fixture(autouse=True)
def _no_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a float `.tflite`, importing TensorFlow fails the test."""
    for module in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, module, None)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Painted photographs in `data`, half of them for testing, and the float model `float.tflite`."""
    for label, paint in tiny_model.PAINT.items():
        (tmp_path / "data" / label).mkdir(parents=True)
        for number in range(EACH):
            noise = np.random.default_rng(number).integers(-25, 25, (40, 52, 3))
            pixels = np.clip(np.array(paint) + noise, 0, 255).astype(np.uint8)
            (tmp_path / "data" / label / f"{number}.png").write_bytes(encoded(pixels, ".png"))
    (tmp_path / "float.tflite").write_bytes(tiny_model.classifier_model("float32"))
    return tmp_path


def add_bundle(place: Path) -> None:
    """The integer bundle as `tiny_model` has it now, with its split."""
    folder = tiny_model.write_bundle(place / "bundle")
    rows = [
        f"{path.parent.name}/{path.name},{'train' if int(path.stem) < EACH // 2 else 'test'},"
        f"{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}\n"
        for path in sorted((place / "data").rglob("*.png"))
    ]
    (folder / "split.csv").write_text("name,split,sha256_prefix\n" + "".join(rows), encoding="utf-8")


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def parity(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command for bundle and data: its exit code, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(place)
        monkeypatch.setattr(sys, "argv", ["insect-converter", "parity", "bundle", "--data", "data", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return run


def test_a_good_bundle_is_within_budget(place: Path, parity: Command) -> None:
    """Both models, sample, recalls, representative set and ranges are told, and the exit code is 0."""
    add_bundle(place)
    code, out, _ = parity("--float", "float.tflite")
    assert code == 0
    assert "12 of the bundle's 12 test photographs, found by name and sha256" in out
    assert "top-1 int8         1.0000  95 % interval 1.0000 to 1.0000" in out
    assert "same verdict       1.0000" in out
    assert "lacewing                  3  1.000  1.000  +0.000" in out
    assert "0 photographs flipped" in out
    assert "error by layer: not measured, a .tflite cannot be converted once more" in out
    assert "12 photographs of 4 labels, fewer than 50 of background 3, lily-beetle 3, lacewing 3" in out
    assert "input 0.000% clipped" in out
    assert "nothing is clipped in any of the 2" in out
    assert out.rstrip().endswith("within budget")


def test_a_bad_bundle_ends_with_exit_code_1(place: Path, parity: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where integer calls everything background, the gate's own reasons are told, and what flipped is in a file."""
    monkeypatch.setattr(tiny_model, "_BIAS", np.array([9, 0, 0, 0], np.float32))
    add_bundle(place)
    code, out, err = parity("--float", "float.tflite", "--out", "report")
    assert code == 1
    assert "9 photographs flipped: 9 lost (float was right), 0 won, 0 wrong either way" in out
    assert "the top-1 drop 0.7500 is above 0.015" in out
    assert err.startswith(
        "insect-converter: tiny-garden-v1 is over budget: the top-1 drop is above 0.005 beyond chance"
    )
    assert err.count("\n") == 1
    with (place / "report" / "flips.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9
    assert {row["kind"] for row in rows} == {"lost"}
    assert {row["truth"] for row in rows} == {"lily-beetle", "lacewing", "blue-butterfly"}
    assert sorted(path.name for path in (place / "report").iterdir()) == [
        *("flips.csv", "parity.json", "parity.txt", "ranges.csv")
    ]


def test_json_has_everything(place: Path, parity: Command) -> None:
    """Standard output is one JSON document, with the budgets beside the figures; it repeats to the last digit."""
    add_bundle(place)
    _, out, _ = parity("--float", "float.tflite", "--split", "all", "--json")
    report = json.loads(out)
    assert report["sample"] | {"unreadable": []} == {
        "split": "all",
        "used": 24,
        "asked": None,
        "missing": 0,
        "changed": 0,
        "unreadable": [],
        "other_labels": 0,
        "trained_on": 12,
    }
    assert report["budgets"]["agreement"] == 0.97
    assert report["parity"]["agreement"] == 1.0
    assert report["models"]["integer_sha256"] == hashlib.sha256(tiny_model.classifier_model()).hexdigest()
    assert parity("--float", "float.tflite", "--split", "all", "--json")[1] == out


def test_unreadable_photographs_are_left_out_and_told(place: Path, parity: Command) -> None:
    """One that is no picture costs one line, not the report."""
    add_bundle(place)
    (place / "data" / "lacewing" / "broken.png").write_bytes(b"no picture")
    code, out, err = parity("--float", "float.tflite", "--split", "all")
    assert code == 0
    assert "24 photographs; the model was made with 12 of them; 1 unreadable" in out
    assert "broken.png: not a picture that can be read" in err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "tiny-garden-v1: a bundle holds no float model, and this needs it: name the run that `train` wrote"),
        (("--float", "gone.keras"), "gone.keras: cannot be read (No such file or directory)"),
        (("--run", "data"), "data: there is no float.keras in it"),
        (("--float", "bundle/model.tflite"), "bundle/model.tflite: takes or gives int8: name a float model"),
        (("--float", "other.tflite"), "other.tflite: not the float model of tiny-garden-v1 (other.tflite: "),
        (("--float", "float.tflite", "--out", "data"), "data: there is something already: a report never overwrites"),
        (("--float", "float.tflite", "--out", "/dev/null/x"), "/dev/null/x: cannot be written (File exists)"),
        (("--float", "float.tflite", "--data", "gone"), "gone: no such folder"),
    ],
)
def test_bad_input_is_one_line(
    place: Path,
    parity: Command,
    arguments: tuple[str, ...],
    line: str,
) -> None:
    """Exit code 1, the reason and a remedy, nothing written, and no TensorFlow."""
    add_bundle(place)
    (place / "other.tflite").write_bytes(b"no model")
    before = sorted(place.rglob("*"))
    code, out, err = parity(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith(f"insect-converter: {line}")
    assert err.count("\n") == 1
    assert sorted(place.rglob("*")) == before


def test_run_and_float_together_are_wrong_usage(place: Path, parity: Command) -> None:
    """There is one float model."""
    add_bundle(place)
    code, _, err = parity("--float", "float.tflite", "--run", "r")
    assert code == 2
    assert "--run and --float both name the float model" in err

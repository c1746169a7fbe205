"""What cannot be prepared is refused in one line, and nothing half-written is left."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import cv2
import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")
pytest.importorskip("matplotlib", reason="the converter's extra is not installed")

from support.converter_command import caller
from support.photographs import draw, encoded, write_class, write_classes

if TYPE_CHECKING:
    from pathlib import Path

    from support.converter_command import Prepare


@pytest.fixture
def prepare(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Prepare:
    """The command."""
    return caller(monkeypatch, capsys, "prepare")


@pytest.mark.parametrize(
    ("case", "line"),
    [
        ("one picture", "1 classes have fewer than 3 usable photographs, the first is wasp with 1: add photographs"),
        ("alike", "class wasp: 1 different motifs among its photographs"),
        ("inside", "data/out: lies in the folder of the photographs: name a place outside of it"),
        ("exists", "there is something already: nothing is overwritten"),
        ("no place", r"cannot be written \(File exists\)"),
        ("nothing", "nowhere: no such folder: name the folder that holds the photographs"),
        ("empty", "there are no photographs: put those of each class in a folder"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    tmp_path: Path, prepare: Prepare, case: str, line: str
) -> None:
    """Exit code 1, what, value and remedy, and no half-written folder."""
    data, out = tmp_path / "data", tmp_path / "out"
    write_classes(data, each=4 if case != "empty" else 0)
    if case in {"one picture", "alike"}:
        write_class(data / "wasp", label="wasp", count=1)
    if case == "alike":
        for width in (100, 110, 120, 140):
            (data / "wasp" / f"{width}.png").write_bytes(
                encoded(cv2.resize(draw("wasp", seed=0), (width, width), interpolation=cv2.INTER_AREA), ".png")
            )
    if case == "exists":
        (out / "mine").mkdir(parents=True)
    if case == "no place":
        (tmp_path / "file").touch()
    places = {"inside": data / "out", "no place": tmp_path / "file" / "out"}
    before = sorted(tmp_path.rglob("*"))
    code, _, error = prepare(
        "--data", tmp_path / "nowhere" if case == "nothing" else data, "--out", places.get(case, out)
    )
    assert code == 1
    assert error.count("\n") == 1
    assert re.search(line, error), error
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "wrong",
    [
        ("--split", "60/30"),
        ("--split", "60/30/20"),
        ("--split", "a/b/c"),
        ("--split", "100/0/0"),
        ("--min-per-class", "2"),
        ("--format", "xlsx"),
    ],
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, prepare: Prepare, wrong: tuple[str, str]) -> None:
    """Percentages that do not make 100, and values out of range."""
    code, _, error = prepare("--data", tmp_path, "--out", tmp_path / "out", *wrong)
    assert code == 2
    assert wrong[0] in error


def test_the_help_says_which_number_counts(prepare: Prepare) -> None:
    """Nobody has to guess whether classes count from 0 or from 1."""
    text = " ".join(prepare("--help")[1].split())
    assert "numbers as in its names file, which counts from 1 (its lists count from 0): 25 is aphids" in text
    assert "Percent for training, test and validation, for instance 60/30/10" in text

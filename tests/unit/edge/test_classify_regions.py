"""`insect-edge classify --regions`: what it finds on wide pictures, and how it says so."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.picture_writer import write_picture
from insect_edge.adapters.pictures import read_picture
from support import tiny_model
from support.command_line import PROGRAM, Outcome, caller, process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The current folder, with the tiny bundle `model`, a wide picture with a small animal, and one filled by it."""
    monkeypatch.chdir(tmp_path)
    tiny_model.write_bundle(tmp_path / "model")
    wide = tiny_model.picture("background", width=640, height=480)
    wide[110:240, 470:600] = tiny_model.PAINT["lily-beetle"]
    write_picture(tmp_path / "wide.png", wide)
    write_picture(tmp_path / "filled.png", tiny_model.picture("lacewing"))
    return tmp_path


@pytest.fixture
def call(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """`insect-edge classify` inside this process, in that folder."""
    assert folder.is_dir()
    run = caller(monkeypatch, capsys)
    return lambda *arguments: run("classify", "--model", "model", *arguments)


def test_whole_is_the_default(call: Callable[..., Outcome]) -> None:
    """Without the option, and with `whole`, the answer is the same: that of the centred square."""
    plain, whole = (json.loads(call("wide.png", "--json", *more).out) for more in ((), ("--regions", "whole")))
    assert plain | {"inference_ms": 0} == whole | {"inference_ms": 0}
    assert whole["verdict"] is None
    assert "regions" not in whole


def test_the_animal_found_answers_for_the_picture(call: Callable[..., Outcome]) -> None:
    """`auto` as text: the picture's verdict and categories, how many looks it took, and where the animal is."""
    outcome = call("wide.png", "--regions", "auto", "--top", "2")
    assert (outcome.code, outcome.err) == (0, "")
    head, _, first, second, summary, title, row, last = outcome.out.splitlines()
    assert re.fullmatch(r"wide\.png: lily-beetle \(pest\)  \(\d+ looks, \d+\.\d ms inference\)", head)
    assert first.startswith("     1  lily-beetle")
    assert second.startswith("     2  ")
    assert summary == "  regions: 1 named, 0 unknown, 0 without a verdict"
    assert title.split() == ["label", "score", "x", "y", "width", "height"]
    assert re.fullmatch(r" +1  lily-beetle  0\.9\d\d  0\.7\d\d  0\.\d\d\d  0\.\d\d\d   0\.\d\d\d", row)
    assert last == ""


def test_one_look_is_enough_for_a_filled_picture(call: Callable[..., Outcome]) -> None:
    """What the whole picture answers costs no further look."""
    assert "filled.png: lacewing (beneficial)  (1 look, " in call("filled.png", "--regions", "auto").out


def test_json_has_exactly_the_documented_keys(call: Callable[..., Outcome]) -> None:
    """The first keys are those of `whole`; then how it was searched, and every region with its box and categories."""
    (found,) = [json.loads(line) for line in call("wide.png", "--regions", "grid", "--json").out.splitlines()]
    assert list(found) == [
        *("source", "model_id", "inference_ms", "verdict", "categories"),
        *("mode", "looks", "skipped", "region", "regions"),
    ]
    assert (found["mode"], found["skipped"], found["verdict"]["label"]) == ("grid", 0, "lily-beetle")
    assert found["looks"] > 50
    (one,) = found["regions"]
    assert list(one) == ["region", "origin", "strength", "shown", "verdict", "categories"]
    assert one["origin"] == "tile"
    assert list(one["region"]) == ["x", "y", "width", "height"]
    assert 0.7 < one["region"]["x"] + one["region"]["width"] / 2 < 1
    assert (one["verdict"], one["categories"]) == (found["verdict"], found["categories"])


def test_contrast_lists_what_stands_out_without_a_name_too(call: Callable[..., Outcome]) -> None:
    """Every region that is proposed is in the list, with its tight box, whatever the model says of it."""
    (found,) = [json.loads(line) for line in call("wide.png", "--regions", "contrast", "--json").out.splitlines()]
    (one,) = found["regions"]
    assert one["origin"] == "contrast"
    assert [round(one["region"][key] * side) for key, side in (("x", 640), ("y", 480))] == pytest.approx(
        [470, 110], abs=4
    )
    assert one["shown"]["width"] * 640 > one["region"]["width"] * 640 * 1.5


@pytest.mark.parametrize("mode", ["auto", "grid", "contrast"])
def test_the_regions_are_drawn(call: Callable[..., Outcome], folder: Path, mode: str) -> None:
    """`--annotate` shows where the animal is: its box has an outline, the empty rest of the picture none."""
    assert call("wide.png", "--regions", mode, "--annotate", "seen.png").code == 0
    changed = (read_picture(folder / "seen.png") != read_picture(folder / "wide.png")).any(axis=-1)
    assert changed[:, 380:].any()
    assert not changed[:, :250].any()


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("motion", "needs a camera or a video"), ("areas", "are a camera's"), ("everywhere", "is not one of")],
)
def test_a_mode_that_is_none_for_pictures_is_a_usage_error(
    call: Callable[..., Outcome], mode: str, reason: str
) -> None:
    """One line says which mode does not work on pictures, why, and what does."""
    error = call("wide.png", "--regions", mode).usage_error
    assert "--regions" in error
    assert reason in error


@pytest.mark.parametrize(("mode", "loaded"), [("whole", False), ("auto", True)])
def test_only_who_searches_loads_the_search(folder: Path, mode: str, *, loaded: bool) -> None:
    """The start-up of plain `classify` stays lean; searching needs neither pydantic, paho nor sqlite3 either."""
    script = (
        "import json, sys; from insect_edge.cli import main\n"
        "try: main()\n"
        "finally: print(json.dumps(sorted(sys.modules)))"
    )
    arguments = ("classify", "--model", "model", "--json", "--regions", mode, "wide.png")
    modules = json.loads(process(*arguments, program=(PROGRAM[0], "-c", script), cwd=folder).out.splitlines()[-1])
    assert ("insect_edge.regions.pictures" in modules) is loaded
    assert not {"pydantic", "paho", "sqlite3", "scipy"} & {name.split(".")[0] for name in modules}

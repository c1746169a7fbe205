"""`insect-edge classify`: what it says, in text, as JSON and drawn onto the picture."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_edge.adapters.picture_writer import write_picture
from insect_edge.adapters.pictures import read_picture
from insect_edge.model_bundle import DEFAULT_MODEL, default_path
from support import tiny_model
from support.command_line import PROGRAM, Outcome, caller, process
from support.shared_data import data_folder, models_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The current folder, with the tiny bundle `model` and a picture a label."""
    monkeypatch.chdir(tmp_path)
    tiny_model.write_bundle(tmp_path / "model")
    for name in tiny_model.NAMES:
        write_picture(tmp_path / f"{name}.png", tiny_model.picture(name))
    return tmp_path


@pytest.fixture
def call(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """`insect-edge classify` inside this process, in that folder."""
    assert folder.is_dir()
    run = caller(monkeypatch, capsys)
    return lambda *arguments, **options: run("classify", "--model", "model", *arguments, **options)


def objects(outcome: Outcome) -> list[dict[str, Any]]:
    """The JSON objects of an outcome, one a line."""
    assert outcome.err == ""
    return [json.loads(line) for line in outcome.out.splitlines()]


def test_the_table_shows_rank_label_and_score(call: Callable[..., Outcome]) -> None:
    """For people: what it is and how long that took, then the categories under each other."""
    outcome = call("lily-beetle.png")
    assert (outcome.code, outcome.err) == (0, "")
    head, *table = outcome.out.splitlines()
    assert re.fullmatch(r"lily-beetle\.png: lily-beetle \(pest\)  \(\d+\.\d ms inference\)", head)
    assert table == [
        "  rank  label           score",
        "     1  lily-beetle     0.981",
        "     2  background      0.018",
        "     3  lacewing        0.000",
        "     4  blue-butterfly  0.000",
        "",
    ]


def test_the_background_has_no_verdict(call: Callable[..., Outcome]) -> None:
    """A picture of nothing is told as such, still with its categories."""
    outcome = call("background.png")
    assert outcome.code == 0
    assert outcome.out.startswith("background.png: no verdict  (")
    assert "     1  background  " in outcome.out


def test_a_score_below_its_threshold_is_no_verdict(call: Callable[..., Outcome], tmp_path: Path) -> None:
    """The card's threshold of the label decides, not the rank alone."""
    write_picture(tmp_path / "pale.png", np.full((48, 48, 3), (90, 90, 190), np.uint8))
    (pale,) = objects(call("pale.png", "--json"))
    assert pale["categories"][0]["label"] == "lily-beetle"
    assert pale["categories"][0]["score"] < 0.75
    assert pale["verdict"] is None


def test_what_the_model_does_not_know_is_called_unknown(call: Callable[..., Outcome], folder: Path) -> None:
    """Where the card says how to tell, a strange animal is neither named nor nothing, and the evidence is shown."""
    path = folder / "model" / "card.json"
    rejection = {"score": "max_logit", "threshold": 99.0, "presence": 0.9, "auroc": None, "fpr_at_95_tpr": None}
    card = json.loads(path.read_text()) | {"rejection": {**rejection, "fitted_on": "nothing"}}
    path.write_text(json.dumps(card))
    strange, nothing = objects(call("lily-beetle.png", "background.png", "--json"))
    assert strange["verdict"] == {
        "label": "unknown",
        "role": "unknown",
        "score": pytest.approx(0.981, abs=0.01),
        "threshold": 0.9,
    }
    assert strange["evidence"]["presence"] == strange["verdict"]["score"]
    assert 0 < strange["evidence"]["familiarity"] < 99
    assert strange["categories"][0]["label"] == "lily-beetle"
    assert nothing["verdict"] is None
    assert call("lily-beetle.png").out.startswith("lily-beetle.png: something unknown  (")


def test_json_has_exactly_the_documented_keys(call: Callable[..., Outcome]) -> None:
    """One object a line with these keys, in this order, and nothing else on standard output."""
    first, second = objects(call("lily-beetle.png", "background.png", "--json"))
    assert list(first) == ["source", "model_id", "inference_ms", "verdict", "categories"]
    assert first["source"] == "lily-beetle.png"
    assert first["model_id"] == "tiny-garden-v1"
    assert first["inference_ms"] >= 0
    assert first["verdict"] == {
        "label": "lily-beetle",
        "role": "pest",
        "score": pytest.approx(0.981, abs=0.01),
        "threshold": 0.75,
    }
    assert list(first["verdict"]) == ["label", "role", "score", "threshold"]
    assert [list(category) for category in first["categories"]] == [["index", "label", "score", "role", "taxon"]] * 4
    assert first["categories"][0]["taxon"] == {"order": "Coleoptera", "family": "Chrysomelidae", "genus": "Lilioceris"}
    assert first["categories"][0]["score"] == first["verdict"]["score"]
    assert second["verdict"] is None
    assert second["categories"][0] == {
        "index": 0,
        "label": "background",
        "score": pytest.approx(0.558, abs=0.02),
        "role": "background",
        "taxon": None,
    }


def test_a_bare_model_claims_no_role(call: Callable[..., Outcome], tmp_path: Path) -> None:
    """Of a `.tflite` with a label file nothing is known but names: role and taxon are null, the threshold one half."""
    bare = tiny_model.write_bare(tmp_path / "bare.tflite")
    (found,) = objects(call("lacewing.png", "--json", "--model", bare))
    assert found["model_id"] == "bare"
    assert found["verdict"] == {
        "label": "lacewing",
        "role": None,
        "score": pytest.approx(0.99, abs=0.02),
        "threshold": 0.5,
    }
    assert {category["taxon"] for category in found["categories"]} == {None}
    (tmp_path / "other.txt").write_text("0 a\n1 b\n2 c\n3 d\n")
    (named,) = objects(call("lacewing.png", "--json", "--model", bare, "--labels", "other.txt"))
    assert named["verdict"]["label"] == "c"


@pytest.mark.parametrize(("top", "shown"), [(1, 1), (3, 3), (99, 4)])
def test_top_says_how_many_categories(call: Callable[..., Outcome], top: int, shown: int) -> None:
    """`--top` limits the categories, the best ones first; there are never more than labels."""
    (found,) = objects(call("lacewing.png", "--json", "--top", top))
    assert len(found["categories"]) == shown
    assert found["categories"][0]["label"] == "lacewing"


@pytest.mark.parametrize("threads", [1, 4, 64])
def test_threads_change_no_answer(call: Callable[..., Outcome], threads: int) -> None:
    """However many threads work on it, the answer is the same."""
    (found,) = objects(call("lacewing.png", "--json", "--threads", threads))
    assert found["verdict"]["label"] == "lacewing"


def test_a_picture_comes_from_standard_input(call: Callable[..., Outcome], tmp_path: Path) -> None:
    """`-` reads one picture from the pipe, among others from files."""
    piped = (tmp_path / "lacewing.png").read_bytes()
    found = objects(call("lily-beetle.png", "-", "--json", stdin=piped))
    assert [(one["source"], one["verdict"]["label"]) for one in found] == [
        ("lily-beetle.png", "lily-beetle"),
        ("-", "lacewing"),
    ]


def test_a_good_picture_after_a_bad_one_is_still_classified(call: Callable[..., Outcome]) -> None:
    """With several pictures each bad one has its line, the others their answer, and the exit code says so."""
    outcome = call("lily-beetle.png", "missing.png", "lacewing.png", "--json")
    assert [json.loads(line)["source"] for line in outcome.out.splitlines()] == ["lily-beetle.png", "lacewing.png"]
    assert outcome.error == "missing.png: no such file: check the name"


def test_one_pixel_is_a_picture(call: Callable[..., Outcome], tmp_path: Path) -> None:
    """The smallest picture is classified and annotated like any other."""
    write_picture(tmp_path / "one.png", tiny_model.picture("lily-beetle", width=1, height=1))
    (found,) = objects(call("one.png", "--json", "--annotate", "seen.png"))
    assert found["verdict"]["label"] == "lily-beetle"
    assert read_picture(tmp_path / "seen.png").shape == (320, 320, 3)


def test_a_single_picture_is_annotated_into_a_file(call: Callable[..., Outcome], tmp_path: Path) -> None:
    """`--annotate OUT.png` writes the picture with the answer on it, and prints the answer all the same."""
    outcome = call("lily-beetle.png", "--annotate", "seen.png")
    assert (outcome.code, outcome.err) == (0, "")
    assert "lily-beetle (pest)" in outcome.out
    drawn = read_picture(tmp_path / "seen.png")
    assert drawn.shape == (336, 336, 3)
    assert (drawn > 160).all(axis=-1).any()
    assert (read_picture(tmp_path / "lily-beetle.png") == tiny_model.picture("lily-beetle")).all()


def test_several_pictures_are_annotated_into_a_folder(call: Callable[..., Outcome], tmp_path: Path) -> None:
    """The folder is made, each picture keeps its name, and names that meet are told apart."""
    (tmp_path / "again").mkdir()
    write_picture(tmp_path / "again" / "lacewing.jpg", tiny_model.picture("lacewing"))
    write_picture(tmp_path / "lacewing-3.png", tiny_model.picture("lacewing"))
    piped = (tmp_path / "background.png").read_bytes()
    pictures = ["lily-beetle.png", "lacewing.png", "again/lacewing.jpg", "lacewing-3.png", "-"]
    outcome = call(*pictures, "--annotate", "drawn/here", stdin=piped)
    assert (outcome.code, outcome.err) == (0, "")
    written = sorted(path.name for path in (tmp_path / "drawn" / "here").iterdir())
    assert len(written) == 5
    assert {"lily-beetle.png", "standard-input.png"} <= set(written)
    assert all(read_picture(path).shape[1] == 336 for path in (tmp_path / "drawn" / "here").iterdir())


def test_a_single_picture_is_annotated_into_a_folder_that_is_there(
    call: Callable[..., Outcome], tmp_path: Path
) -> None:
    """An existing folder is used as one, also for one picture."""
    (tmp_path / "drawn").mkdir()
    assert call("lacewing.png", "--annotate", "drawn").code == 0
    assert read_picture(tmp_path / "drawn" / "lacewing.png").shape == (336, 336, 3)


def test_a_file_name_that_is_no_text_is_no_hindrance(folder: Path) -> None:
    """Old cameras and cards have names in other encodings: as text and as JSON they come out escaped."""
    name = b"k\xe4fer.png"
    (folder / "lily-beetle.png").rename(folder.joinpath(name.decode(errors="surrogateescape")))
    strict = {"env": os.environ | {"PYTHONIOENCODING": "utf-8:strict"}, "cwd": folder}
    text = process("classify", "--model", "model", name, **strict)
    assert (text.code, text.err) == (0, "")
    assert text.out.startswith(r"k\udce4fer.png: lily-beetle (pest)")
    (found,) = objects(process("classify", "--model", "model", name, "--json", **strict))
    assert found["source"] == "k\udce4fer.png"


def test_classify_loads_nothing_it_does_not_need(folder: Path) -> None:
    """A run, from start to end, imports neither pydantic, paho, sqlite3 nor a training framework."""
    script = (
        "import json, sys; from insect_edge.cli import main\n"
        "try: main()\n"
        "finally: print(json.dumps(sorted(sys.modules)))"
    )
    arguments = ("classify", "--model", "model", "--json", "--annotate", "seen.png", "lacewing.png")
    outcome = process(*arguments, program=(PROGRAM[0], "-c", script), cwd=folder)
    answer, modules = outcome.out.splitlines()
    assert json.loads(answer)["verdict"]["label"] == "lacewing"
    unwanted = {"pydantic", "paho", "sqlite3", "tensorflow", "keras", "scipy", "matplotlib", "pandas", "amqtt"}
    assert not unwanted & {name.split(".")[0] for name in json.loads(modules)}


def test_the_default_model_classifies_without_being_named(folder: Path) -> None:
    """Without `--model` the bundle that comes with the program answers, golden vector and hash verified."""
    outcome = process("classify", "lacewing.png", "--json", "--top", 13, cwd=folder)
    assert outcome.code == 0, outcome.err
    (found,) = objects(outcome)
    assert found["model_id"] == DEFAULT_MODEL
    names = (default_path() / "labels.txt").read_text(encoding="utf-8").split()
    assert sorted(category["label"] for category in found["categories"]) == sorted(names)
    assert sum(category["score"] for category in found["categories"]) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("label", ["ants", "bees", "grasshopper", "snail"])
def test_the_default_model_knows_its_animals(call: Callable[..., Outcome], label: str) -> None:
    """Most of a few photographs of a class are told right, by a model that has at most learnt from them."""
    photographs = sorted((data_folder() / "agricultural_pests" / label).glob("*.jpg"))[:10]
    found = objects(call(*photographs, "--json", "--model", default_path()))
    assert sum(one["categories"][0]["label"] == label for one in found) >= 8


@pytest.mark.parametrize(
    ("model", "labels", "expected"),
    [
        (
            "mobilenet_v2_1.0_224_inat_insect_quant.tflite",
            "inat_insect_labels.txt",
            "Micrathyria hagenii (Thornbush Dasher)",
        ),
        ("tf2_mobilenet_v2_1.0_224_ptq.tflite", "imagenet_labels.txt", "dragonfly, darning needle, devil's darning"),
    ],
)
def test_models_from_elsewhere_know_the_dragonfly(
    call: Callable[..., Outcome], model: str, labels: str, expected: str
) -> None:
    """Google Coral's models give their known answer with nothing but a label file."""
    coral = models_folder() / "coral"
    arguments = ("--json", "--model", coral / model, "--labels", coral / labels)
    (found,) = objects(call(coral / "dragonfly.bmp", *arguments))
    assert found["categories"][0]["label"].startswith(expected)
    assert len(found["categories"]) == 5
    assert found["verdict"]["role"] is None

"""Photographs in, bundle out: the whole converter as its users start it, on drawn animals and a backbone of chance."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from insect_edge import model_bundle
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from support.photographs import AS_THEY_COME, COLOURS, draw, encoded, truncated, write_class, write_classes

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"),
]

TESTS = Path(__file__).resolve().parents[1]
EACH = 24
RECIPE = """
name = "drawn"
expected = "all drawn animals right"
image_size = 96
alpha = 0.35
shorter_side = 96
validation = 0.2
test = 0.2

[head]
epochs = 60
learning_rate = 1e-2

[fine_tuning]
epochs = 1
image_size = 64
frozen_until = "block_15_add"
batch_size = 16
learning_rate = 5e-5
ema_momentum = 0.5
background_repeat = 2

[labels]
aphid = { role = "pest", order = "Hemiptera", family = "Aphididae" }
ladybird = { role = "beneficial", order = "Coleoptera" }
mantis = { role = "neutral" }
"""
# Fifty random layers drown what they see, so these are made gentle: statistics taken from drawings, units in the linear
# part of ReLU6, and little from the residual branches. Then the mean colour comes through, and a linear head finds it.
BACKBONE = """
import sys
import keras
import numpy as np
from support.photographs import COLOURS, draw

keras.utils.set_random_seed(1)
backbone = keras.applications.MobileNetV2(input_shape=(None, None, 3), alpha=0.35, include_top=False, weights=None)
residual = {layer.name.replace("_add", "_project_BN") for layer in backbone.layers if layer.name.endswith("_add")}
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.momentum = 0.0
        layer.gamma.assign(layer.gamma * (0.1 if layer.name in residual else 1.0))
        layer.beta.assign(layer.beta + (0.0 if layer.name.endswith("project_BN") else 2.0))
pictures = [draw(label, seed=seed, width=96, height=96) for label in [*COLOURS, "background"] for seed in range(8)]
backbone(np.stack(pictures)[..., ::-1] / 127.5 - 1.0, training=True)
backbone.save_weights(sys.argv[1])
"""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What one training left behind.

    Attributes:
        home: folder of everything.
        arguments: of `insect-converter train`.
        done: the finished process.
    """

    home: Path
    arguments: list[str]
    done: subprocess.CompletedProcess[str]

    @property
    def bundle(self) -> Path:
        """The bundle's folder."""
        return self.home / "drawn-v1"

    @property
    def run(self) -> Path:
        """The run's folder."""
        return self.home / "run"

    @property
    def card(self) -> dict[str, Any]:
        """The bundle's card, as JSON."""
        content: dict[str, Any] = json.loads((self.bundle / "card.json").read_text(encoding="utf-8"))
        return content


def program(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run one of the product's programs to its end."""
    command = [str(Path(sys.executable).with_name(name)), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model trained on drawings, among them files as the world has them."""
    home = tmp_path_factory.mktemp("converter")
    write_classes(home / "data", each=EACH)
    write_class(home / "things", label="background", count=EACH)
    for number, (name, convert) in enumerate(AS_THEY_COME.items()):
        (home / "data" / "ladybird" / name).write_bytes(convert(draw("ladybird", seed=200 + number)))
    (home / "data" / "mantis" / "half.jpg").write_bytes(truncated(draw("mantis", seed=300)))
    (home / "drawn.toml").write_text(RECIPE, encoding="utf-8")
    weights = home / "backbone.weights.h5"
    subprocess.run([sys.executable, "-c", BACKBONE, str(weights)], cwd=TESTS, timeout=600, check=True)
    places = {"data": "data", "background": "things", "out": "drawn-v1", "recipe": "drawn.toml", "run": "run"}
    arguments = ["train", *(f"--{option}={home / name}" for option, name in places.items())]
    # So few photographs make calibration a matter of luck; the gate has tests of its own.
    arguments += [f"--backbone-weights={weights}", "--seed=3", "--licence=CC0", "--provenance=drawn", "--force"]
    return Trained(home=home, arguments=arguments, done=program("insect-converter", *arguments))


def test_training_tells_its_story(trained: Trained) -> None:
    """The unreadable file is named and counted, each stage has its line, and nothing else reaches the terminal."""
    told = trained.done.stderr
    assert trained.done.returncode == 0, told
    assert f"left out: {trained.home}/data/mantis/half.jpg: truncated" in told
    assert "101 photographs (aphid 24, ladybird 29, mantis 24, background 24); 1 unreadable left out" in told
    assert "head: 60 epochs on cached features" in told
    assert "epoch 1: loss " in told
    assert told.splitlines()[-1] == f"wrote {trained.bundle}"
    assert "\r" not in told
    assert "oneDNN" not in told
    assert "Warning" not in told
    assert trained.done.stdout == ""


def test_the_bundle_verifies(trained: Trained) -> None:
    """Hash, labels and golden vector hold, and the model takes and gives bytes."""
    opened = model_bundle.open_model(trained.bundle)
    assert opened.card is not None
    assert opened.labels == ("aphid", "ladybird", "mantis", "background")
    interpreter = LiteRtInterpreter(opened.content, name="drawn")
    Classifier(interpreter, opened.card)
    assert interpreter.input.shape == (1, 96, 96, 3)
    assert {interpreter.input.dtype, interpreter.output.dtype} == {"uint8"}
    assert interpreter.activation == "logits"


def test_the_card_is_complete(trained: Trained) -> None:
    """Everything that says what the model is and how good it is stands on the card."""
    card, content = trained.card, (trained.bundle / "model.tflite").read_bytes()
    assert card["model_id"] == "drawn-v1"
    assert card["sha256"] == hashlib.sha256(content).hexdigest()
    assert [(label["name"], label["role"]) for label in card["labels"]] == [
        ("aphid", "pest"),
        ("ladybird", "beneficial"),
        ("mantis", "neutral"),
        ("background", "background"),
    ]
    assert card["labels"][0]["taxon"] == {"order": "Hemiptera", "family": "Aphididae", "genus": None}
    assert all(0.3 <= label["threshold"] <= 0.95 for label in card["labels"])
    assert 0.2 < card["golden"]["score"] <= 1
    assert card["temperature"] > 0
    assert card["recipe"]["name"] == "drawn"
    assert card["recipe"]["fine_tuning"]["frozen_until"] == "block_15_add"
    assert card["seed"] == 3
    assert {"python", "tensorflow", "keras", "numpy"} - set(card["versions"]) <= {"tensorflow"}
    assert "litert" in card["runtime"] or "tflite" in card["runtime"]
    assert card["created"].endswith("Z")
    assert card["operators"]["CONV_2D"] > 30
    split_text = (trained.run / "split.csv").read_bytes()
    assert card["dataset"] == {
        "provenance": "drawn",
        "licence": "CC0",
        "split_sha256": hashlib.sha256(split_text).hexdigest(),
        "leaks_kept": 0,
    }
    assert card["teachers_sha256"] == []
    assert card["gate"]["passed"] is not bool(card["gate"]["failures"])


def test_both_models_are_measured_on_the_same_test_photographs(trained: Trained) -> None:
    """Float and int8 have every metric, per label too, on as many photographs as the split says."""
    metrics = trained.card["metrics"]
    with (trained.bundle / "split.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    test = [row["name"].partition("/")[0] for row in rows if row["split"] == "test"]
    assert metrics["test_photographs"] == len(test) == 20
    for kind in ("float", "int8"):
        assert metrics[kind]["top1"] >= 0.8
        assert metrics[kind]["top5"] == 1.0
        assert {"macro_f1", "insect_top1"} <= set(metrics[kind])
        supports = {name: row["support"] for name, row in metrics[kind]["per_label"].items()}
        assert supports == {name: test.count(name) for name in (*COLOURS, "background")}
    assert metrics["size_bytes"]["int8"] == (trained.bundle / "model.tflite").stat().st_size
    assert metrics["size_bytes"]["int8"] < metrics["size_bytes"]["float"] / 2
    assert {"right", "wrong", "unknown", "silent", "false_alarms", "false_unknown"} == set(metrics["verdicts"])
    assert "f1-score" in (trained.bundle / "report.txt").read_text(encoding="utf-8")


def test_no_photograph_is_in_two_parts(trained: Trained) -> None:
    """The written split has each readable photograph once, the truncated one not at all."""
    with (trained.run / "split.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [row["name"] for row in rows]
    assert len(names) == len(set(names)) == 101
    assert "mantis/half.jpg" not in names
    assert {row["split"] for row in rows} == {"train", "validation", "test"}


def test_classify_names_new_drawings(trained: Trained, tmp_path: Path) -> None:
    """Drawings the model has never seen get their label from `insect-edge classify`, with the card's role."""
    expected = [label for label in (*COLOURS, "background") for _ in range(3)]
    files = []
    for number, label in enumerate(expected):
        files.append(tmp_path / f"{number}.jpg")
        files[-1].write_bytes(encoded(draw(label, seed=900 + number)))
    done = program("insect-edge", "classify", "--model", trained.bundle, "--json", *files)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    said = [answer["categories"][0]["label"] for answer in answers]
    assert sum(one == other for one, other in zip(said, expected, strict=True)) >= 10
    assert {answer["model_id"] for answer in answers} == {"drawn-v1"}
    assert {category["role"] for category in answers[0]["categories"]} == {
        "pest",
        "beneficial",
        "neutral",
        "background",
    }


def test_the_bundle_is_never_overwritten(trained: Trained) -> None:
    """The same command again ends in one line, and the bundle stays as it was."""
    before = {path: path.read_bytes() for path in trained.bundle.iterdir()}
    done = program("insect-converter", *trained.arguments)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"insect-converter: {trained.bundle}: there is something already: a bundle never overwrites, name a new folder"
    ]
    assert {path: path.read_bytes() for path in trained.bundle.iterdir()} == before


def test_a_finished_run_is_exported_again(trained: Trained) -> None:
    """`export` makes the same model again from the run's folder, under the new folder's name, and further formats."""
    formats = ("--tflite-metadata", "--c-header")
    done = program("insect-converter", "export", trained.run, "--out", trained.home / "drawn-v2", "--force", *formats)
    assert done.returncode == 0, done.stderr
    again = json.loads((trained.home / "drawn-v2" / "card.json").read_text(encoding="utf-8"))
    assert again["model_id"] == "drawn-v2"
    assert again["dataset"] == trained.card["dataset"]
    assert again["metrics"]["int8"]["top1"] == trained.card["metrics"]["int8"]["top1"]
    assert model_bundle.open_model(trained.home / "drawn-v2").labels == ("aphid", "ladybird", "mantis", "background")
    written = {path.name for path in (trained.home / "drawn-v2" / "exports").iterdir()}
    assert written == {"drawn-v2.tflite", "drawn-v2.h"}


def test_parity_finds_what_the_card_says(trained: Trained) -> None:
    """The run's own float model, the bundle's own test photographs: the very figures of the card, and more."""
    places = {"data": trained.home / "data", "background": trained.home / "things", "run": trained.run}
    options = [f"--{option}={place}" for option, place in places.items()]
    done = program("insect-converter", "parity", trained.bundle, *options, "--json")
    report = json.loads(done.stdout)
    assert report["models"]["float_verified"]
    assert report["models"]["float_sha256"] == trained.card["float_sha256"]
    assert report["sample"]["asked"] == report["sample"]["used"] == trained.card["metrics"]["test_photographs"]
    assert report["parity"] == trained.card["metrics"]["parity"]
    assert report["accuracies"]["integer"]["value"] == trained.card["metrics"]["int8"]["top1"]
    assert len(report["layers"]) == len(report["ranges"]["layers"]) == 64
    assert done.returncode == (1 if report["failures"] else 0)


def test_the_run_keeps_what_it_did(trained: Trained) -> None:
    """The run's folder has the float model and a record of each stage."""
    history = json.loads((trained.run / "history.json").read_text(encoding="utf-8"))
    assert [(record["stage"], record["epoch"]) for record in history] == [("head", 60), ("fine-tuning", 1)]
    assert all(record["seconds"] > 0 and 0 <= record["val_accuracy"] <= 1 for record in history)
    assert (trained.run / "float.keras").stat().st_size > 100_000

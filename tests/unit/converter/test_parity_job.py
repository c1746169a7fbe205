"""The comparison with a run's Keras model: verified by its hash, converted again, looked into layer by layer."""

from __future__ import annotations

import csv
import hashlib
import importlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_converter import bundle, calibrate
from insect_converter.parity_report import text
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.adapters.pictures import read_picture
from insect_edge.card import InputContract, ModelCard, bare_labels
from insect_edge.classifier import Classifier
from support.photographs import COLOURS, write_classes

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType
    from typing import Any

EACH, TRAINED = 8, 5
CONTRACT = InputContract(width=32, height=32)


@pytest.fixture(scope="module")
def job(tensorflow: None) -> ModuleType:  # noqa: ARG001 - is imported first, silently
    """The module under test."""
    return importlib.import_module("insect_converter.parity_report.job")


@pytest.fixture(scope="module")
def place(job: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - TensorFlow is there
    """Drawn photographs in `data`, a run with its float model, and its bundle `drawn-v1`."""
    folder = tmp_path_factory.mktemp("parity")
    write_classes(folder / "data", each=EACH)
    model = network()
    (folder / "run").mkdir()
    model.save(folder / "run" / "float.keras")
    trained = [folder / "data" / label / f"{number:03}.jpg" for label in sorted(COLOURS) for number in range(TRAINED)]
    shown = calibrate.representative((read_picture(path) for path in trained), contract=CONTRACT)
    quantize = importlib.import_module("insect_converter.quantize")
    with quantize.saved(model) as saved:
        content = quantize.to_integer(saved, shown)
    float_hash = hashlib.sha256((folder / "run" / "float.keras").read_bytes()).hexdigest()
    card = ModelCard(
        model_id="drawn-v1",
        labels=bare_labels(sorted(COLOURS)),
        input=CONTRACT,
        activation="logits",
        details={"float_sha256": float_hash, "seed": 4},
    )
    integer = Classifier(LiteRtInterpreter(content, name="drawn-v1"), card)
    card = replace(card, golden=bundle.choose_golden(integer, integer))
    bundle.write(folder / "drawn-v1", content=content, card=card, extra={"split.csv": split(folder / "data")})
    return folder


def network() -> Any:
    """Tells the drawn animals by their mean colour; twice as sharply as needed, in a convolution of its own."""
    keras = importlib.import_module("keras")
    pictures = keras.Input((32, 32, 3))
    sharpen, dense = keras.layers.Conv2D(3, 1, use_bias=False, name="sharpen"), keras.layers.Dense(3)
    model = keras.Model(pictures, dense(keras.layers.GlobalAveragePooling2D()(sharpen(pictures))))
    sharpen.set_weights([2 * np.eye(3, dtype=np.float32)[np.newaxis, np.newaxis]])
    towards = np.array([np.array(COLOURS[label][::-1]) / 127.5 - 1 for label in sorted(COLOURS)])
    dense.set_weights([8 * towards.T.astype(np.float32), np.zeros(3, np.float32)])
    return model


def split(data: Path) -> str:
    """As the bundle has it: the first of each class to train, then one to validate, the others to test."""
    rows = [
        (f"{path.parent.name}/{path.name}", int(path.stem), hashlib.sha256(path.read_bytes()).hexdigest()[:16])
        for path in sorted(data.rglob("*.jpg"))
    ]
    part = ["train"] * TRAINED + ["validation"] + ["test"] * (EACH - TRAINED - 1)
    return "name,split,sha256_prefix\n" + "".join(f"{name},{part[number]},{digest}\n" for name, number, digest in rows)


def test_a_run_is_compared_down_to_its_layers(job: ModuleType, place: Path) -> None:
    """The card's hash verifies the float model; layers, ranges and the representative set are told."""
    options = job.ParityOptions(
        bundle=place / "drawn-v1",
        data=place / "data",
        background=None,
        run=place / "run",
        float_file=None,
        everything=False,
        out=place / "report",
        force=False,
    )
    report = job.run(options)
    assert report.models.float_verified
    assert (report.sample.asked, report.sample.used, report.sample.trained_on) == (6, 6, 0)
    assert report.accuracies.integer.value == 1.0
    assert report.parity.agreement == 1.0
    assert any(row.layer.startswith("sharpen") for row in report.layers)
    assert all(0.0 <= row.error < 2.0 for row in report.layers)
    assert report.ranges.coverage == dict.fromkeys(sorted(COLOURS), TRAINED)
    assert any(row.layer.startswith("sharpen") for row in report.ranges.layers)
    assert "float.keras (" in text.describe(report)
    assert ", named on the card)" in text.describe(report)
    with (place / "report" / "layers.csv").open(encoding="utf-8") as file:
        assert [row["layer"] for row in csv.DictReader(file)] == [row.layer for row in report.layers]

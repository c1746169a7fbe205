"""A small garden to report on: painted photographs, a real integer model, a split, and the run it came from."""

from __future__ import annotations

import hashlib
import importlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_converter import recipes, run_record
from insect_converter.run_record import RunRecord
from insect_edge.card import to_json
from support import tiny_model
from support.photographs import encoded

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

STRANGE = "<b>&"
"""A label that would break the page if it were not escaped; it takes the place of the lacewing."""
NAMES = tuple(STRANGE if name == "lacewing" else name for name in tiny_model.NAMES)
PARTS = ("train",) * 5 + ("validation",) * 2 + ("test",) * 5
LIARS = {("lily-beetle", 7): "blue-butterfly", ("blue-butterfly", 8): "background"}
"""Photographs, by label and number, that show another one: test photographs that the model must get wrong."""
_RECIPE = 'name = "painted"\nimage_size = 32\nshorter_side = 48\nvalidation = 0.2\ntest = 0.2\n'
HISTORY = [
    {
        "stage": "head",
        "epoch": 3,
        "loss": 0.5,
        "accuracy": 0.8,
        "curves": {"loss": [0.9, 0.7, 0.5], "accuracy": [0.4, 0.6, 0.8], "val_accuracy": [0.4, 0.6, 0.75]},
    },
    {"stage": "fine-tuning", "epoch": 1, "loss": 0.4, "accuracy": 0.85, "val_loss": 0.5, "val_accuracy": 0.8},
    {"stage": "fine-tuning", "epoch": 2, "loss": 0.3, "accuracy": 0.9, "val_loss": 0.45, "val_accuracy": 0.85},
]


@dataclass(frozen=True, kw_only=True)
class World:
    """Where everything lies."""

    home: Path

    @property
    def data(self) -> Path:
        """The folder of class folders, the background among them."""
        return self.home / "data"

    @property
    def bundle(self) -> Path:
        """The bundle's folder."""
        return self.home / "painted-v1"

    @property
    def run(self) -> Path:
        """The run's folder."""
        return self.home / "run"


def paint(label: str, number: int) -> NDArray[np.uint8]:
    """A picture near the label's colour, or near that of the label it is a liar for: (40, 56, 3) uint8, B, G, R."""
    shown = LIARS.get((label, number), label)
    colour = tiny_model.PAINT["lacewing" if shown == STRANGE else shown]
    generator = np.random.default_rng((number, *label.encode()))
    # From plain grey towards the colour, so that scores differ.
    share = generator.uniform(0.55, 0.9)
    plain = np.array(colour) * share + 128 * (1 - share)
    return np.clip(plain + generator.normal(0, 12, size=(40, 56, 3)), 0, 255).astype(np.uint8)


def build(home: Path, *, copies: dict[tuple[str, int], tuple[str, int]] | None = None) -> World:
    """Paint the photographs and write the bundle and its split.

    Args:
        home: folder of everything.
        copies: photographs, by label and number, that are copies of another one.
    """
    world = World(home=home)
    rows = ["name,label,split,sha256"]
    for label in NAMES:
        (world.data / label).mkdir(parents=True)
        for number, part in enumerate(PARTS):
            content = encoded(paint(*(copies or {}).get((label, number), (label, number))), ".png")
            (world.data / label / f"{number:02}.png").write_bytes(content)
            rows.append(f"{label}/{number:02}.png,{label},{part},{hashlib.sha256(content).hexdigest()}")
    split_text = "\n".join(rows) + "\n"
    _write_bundle(world, split_text)
    world.run.mkdir()
    (world.run / run_record.RUN_FILE).write_text(_record(world).to_json(), encoding="utf-8")
    (world.run / run_record.SPLIT_FILE).write_text(split_text, encoding="utf-8")
    (world.run / run_record.HISTORY_FILE).write_text(json.dumps(HISTORY), encoding="utf-8")
    return world


def write_float(path: Path, *, nested: bool = True) -> Any:
    """The same model in decimal numbers, as `train` keeps it; needs TensorFlow.

    Args:
        path: of the Keras file.
        nested: whether the part with the feature map is a model within the model, as a backbone is.
    """
    keras = importlib.import_module("keras")
    convolution = keras.layers.Conv2D(3, 1, use_bias=False, name="map")
    dense = keras.layers.Dense(len(NAMES), name="logits")
    pictures = keras.Input((tiny_model.SIZE, tiny_model.SIZE, 3), name="picture")
    if nested:
        inside = keras.Input((None, None, 3))
        pooled = keras.layers.GlobalAveragePooling2D()(convolution(inside))
        features = keras.Model(inside, pooled, name="backbone")(pictures)
    else:
        features = keras.layers.GlobalAveragePooling2D()(convolution(pictures))
    model = keras.Model(pictures, dense(keras.layers.Dropout(0.2, name="dropout")(features)), name="insects")
    convolution.set_weights([np.eye(3, dtype=np.float32)[np.newaxis, np.newaxis]])
    dense.set_weights([tiny_model._WEIGHTS.T, tiny_model._BIAS])
    model.save(path)
    return model


def _write_bundle(world: World, split_text: str) -> None:
    content = tiny_model.classifier_model()
    card = tiny_model.card(content)
    labels = tuple(replace(label, name=name) for label, name in zip(card.labels, NAMES, strict=True))
    dataset = {"licence": "CC0", "provenance": "painted", "split_sha256": run_record.text_hash(split_text)}
    details = {"created": "2026-01-01T00:00:00Z", "dataset": dataset, "recipe": {"name": "painted"}}
    world.bundle.mkdir()
    (world.bundle / "model.tflite").write_bytes(content)
    (world.bundle / "labels.txt").write_text("".join(f"{name}\n" for name in NAMES), encoding="utf-8")
    text = to_json(replace(card, model_id="painted-v1", labels=labels, details=details))
    (world.bundle / "card.json").write_text(text, encoding="utf-8")
    rows = [line.split(",") for line in split_text.splitlines()[1:]]
    short = [f"{name},{part},{digest[:16]}\n" for name, _, part, digest in rows]
    (world.bundle / "split.csv").write_text("name,split,sha256_prefix\n" + "".join(short), encoding="utf-8")


def _record(world: World) -> RunRecord:
    return RunRecord(
        recipe=recipes.parse(_RECIPE, source="test").as_dict(),
        seed=1,
        data=str(world.data),
        background=None,
        labels=NAMES,
        versions={"python": "3"},
        host="here",
        started="2026-01-01T00:00:00Z",
        provenance="painted",
        licence="CC0",
    )

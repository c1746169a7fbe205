"""The model that comes with the program."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from insect_edge.domain import Role
from insect_edge.errors import ModelError
from insect_edge.model_bundle import DEFAULT_MODEL, default_path, open_model

REPOSITORY = Path(__file__).resolve().parents[3]
PESTS = {"ants", "beetle", "caterpillar", "earwig", "grasshopper", "moth", "slug", "snail", "weevil"}
BENEFICIAL = {"bees", "earthworms"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the bundle that may be damaged."""
    return Path(shutil.copytree(default_path(), tmp_path / DEFAULT_MODEL))


def load(path: Path) -> Classifier:
    """The whole way from a path to a classifier, golden vector included."""
    opened = open_model(path)
    interpreter = LiteRtInterpreter(opened.content, name=opened.name)
    return Classifier(interpreter, opened.card_for(interpreter))


def test_it_verifies() -> None:
    """Hash, labels and golden vector hold with the runtime installed here."""
    card = load(default_path()).card
    assert card.model_id == DEFAULT_MODEL
    assert card.golden is not None
    assert card.sha256 == hashlib.sha256((default_path() / "model.tflite").read_bytes()).hexdigest()


def test_it_lies_in_the_repository() -> None:
    """An editable install uses the bundle beside it."""
    assert default_path() == REPOSITORY / "models" / DEFAULT_MODEL


def test_labels_have_their_roles() -> None:
    """What is a pest and what is not is on the card, for every label."""
    roles = {label.name: label.role for label in load(default_path()).card.labels}
    assert {name for name, role in roles.items() if role is Role.PEST} == PESTS
    assert {name for name, role in roles.items() if role is Role.BENEFICIAL} == BENEFICIAL
    assert roles["wasp"] is Role.NEUTRAL
    assert roles["background"] is Role.BACKGROUND
    assert len(roles) == 13


def test_it_is_integer_and_ends_in_logits() -> None:
    """8-bit in and out, so that the accelerated kernels take it, and without a softmax that would tie small scores."""
    classifier = load(default_path())
    assert classifier.interpreter.input.dtype in {"uint8", "int8"}
    assert classifier.interpreter.output.dtype in {"uint8", "int8"}
    assert classifier.interpreter.activation == "logits"
    assert classifier.card.activation == "logits"
    if classifier.interpreter.runtime.startswith("ai-edge-litert"):
        assert classifier.interpreter.delegate == "XNNPACK"


def test_the_card_says_where_it_comes_from() -> None:
    """Recipe, versions, figures of both renderings, provenance and licence are there for people."""
    card = json.loads((default_path() / "card.json").read_text(encoding="utf-8"))
    assert {"recipe", "versions", "metrics", "dataset", "runtime", "created"} <= set(card)
    assert card["dataset"]["provenance"]
    assert card["dataset"]["licence"]
    assert {"float", "int8"} <= set(card["metrics"])


def test_an_empty_picture_gets_no_verdict() -> None:
    """Black, grey and white are no animal."""
    classifier = load(default_path())
    for level in (0, 128, 255):
        assert classifier.classify_pixels(np.full((480, 640, 3), level, np.uint8)).verdict is None


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_a_flipped_byte_is_noticed(copy: Path, share: float) -> None:
    """Wherever one byte of the model differs, the hash says so."""
    content = bytearray((copy / "model.tflite").read_bytes())
    content[int(len(content) * share)] ^= 0xFF
    (copy / "model.tflite").write_bytes(content)
    with pytest.raises(ModelError, match=r"sha256 is .{12}…, the card says .{12}…: copy the bundle again"):
        load(copy)


def test_damaged_weights_are_noticed_even_with_the_right_hash(copy: Path) -> None:
    """A card that was made to fit a broken model still knows what the model answered once."""
    content = bytearray((copy / "model.tflite").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 100_000] = bytes(100_000)
    (copy / "model.tflite").write_bytes(content)
    card = json.loads((copy / "card.json").read_text(encoding="utf-8"))
    card["sha256"] = hashlib.sha256(content).hexdigest()
    (copy / "card.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelError, match=r"the golden vector"):
        load(copy)


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [("golden", "index", 12), ("golden", "score", 0.1), ("input", "mean", 0), ("input", "color_order", "bgr")],
)
def test_a_tampered_card_is_noticed(copy: Path, place: str, key: str, value: object) -> None:
    """Another expectation, or pixels prepared in another way, do not pass the golden vector."""
    card = json.loads((copy / "card.json").read_text(encoding="utf-8"))
    assert card[place][key] != value
    card[place][key] = value
    (copy / "card.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelError, match=r"garden-pests-v2: the golden vector gave "):
        load(copy)

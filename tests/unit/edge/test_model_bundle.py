"""Open and verify a bundle, or a bare `.tflite` with its labels."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge import model_bundle
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from insect_edge.domain import Role
from insect_edge.errors import ModelError
from insect_edge.model_bundle import ModelBundle, default_path, open_model, read_labels
from insect_edge.preprocess import quantization_table
from support import tiny_model
from support.interpreter import FakeInterpreter, spec

if TYPE_CHECKING:
    from pathlib import Path

    from insect_edge.tensors import TensorSpec


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A whole, valid bundle."""
    return tiny_model.write_bundle(tmp_path / "tiny-garden-v1")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A bare model with its labels beside it."""
    return tiny_model.write_bare(tmp_path / "moths.tflite")


def load(path: Path) -> Classifier:
    """The whole way from a path to a classifier."""
    opened = open_model(path)
    interpreter = LiteRtInterpreter(opened.content, name=opened.name)
    return Classifier(interpreter, opened.card_for(interpreter))


def flip(path: Path, *, position: int) -> None:
    """Turn one bit of a file around."""
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_a_bundle_is_opened_with_its_card(bundle: Path) -> None:
    """Name, labels and card come from the card, the bytes from the model file."""
    opened = open_model(bundle)
    assert opened.name == "tiny-garden-v1"
    assert opened.labels == tiny_model.NAMES
    assert opened.content == (bundle / "model.tflite").read_bytes()
    assert opened.card is not None
    assert [label.role for label in opened.card.labels] == list(tiny_model.ROLES)


def test_a_bundle_classifies_with_its_own_thresholds_and_temperature(bundle: Path) -> None:
    """The golden vector holds, and the card's temperature, role and threshold are in the verdict."""
    verdict = load(bundle).classify_pixels(tiny_model.picture("lily-beetle")).verdict
    assert verdict is not None
    assert (verdict.label, verdict.role, verdict.threshold) == ("lily-beetle", Role.PEST, 0.75)
    assert verdict.score == pytest.approx(np.exp(8 / 1.5) / (np.exp(8 / 1.5) + np.exp(2 / 1.5) + 2), abs=0.01)


def test_a_flipped_bit_in_the_model_is_noticed(bundle: Path) -> None:
    """The hash is checked before anything else looks at the file; the message has both hashes and the remedy."""
    flip(bundle / "model.tflite", position=500)
    card = json.loads((bundle / "card.json").read_text())
    with pytest.raises(ModelError) as caught:
        open_model(bundle)
    message = str(caught.value)
    assert message.startswith(f"{bundle}: sha256 is ")
    assert f"the card says {card['sha256'][:12]}…: copy the bundle again" in message


@pytest.mark.parametrize(("key", "value"), [("index", 0), ("index", 3), ("score", 0.2), ("score", 0.95), ("seed", 1)])
def test_a_tampered_golden_vector_is_noticed(bundle: Path, key: str, value: float) -> None:
    """A card that expects another answer than the model gives is refused when the model is loaded."""
    card = json.loads((bundle / "card.json").read_text())
    card["golden"][key] = value
    (bundle / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match=r"^tiny-garden-v1: the golden vector gave "):
        load(bundle)


@pytest.mark.parametrize("key", ["color_order", "mean", "temperature"])
def test_a_tampered_input_contract_is_noticed(bundle: Path, key: str) -> None:
    """The golden vector also holds the preprocessing: other colours or values do not give the same answer."""
    card = json.loads((bundle / "card.json").read_text())
    place = card if key == "temperature" else card["input"]
    place[key] = {"color_order": "bgr", "mean": 0, "temperature": 9}[key]
    (bundle / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match=r"golden vector"):
        load(bundle)


@pytest.mark.parametrize("missing", ["model.tflite", "labels.txt", "card.json"])
def test_a_bundle_that_lacks_a_file_is_refused(bundle: Path, missing: str) -> None:
    """The message names the file."""
    (bundle / missing).unlink()
    with pytest.raises(ModelError, match=rf"{missing}: no such file"):
        open_model(bundle)


@pytest.mark.parametrize("text", ["background\nlily-beetle\n", "a\nb\nc\nd\n", "\n".join(reversed(tiny_model.NAMES))])
def test_labels_that_differ_from_the_card_are_refused(bundle: Path, text: str) -> None:
    """Other names, another number or another order of labels is no bundle."""
    (bundle / "labels.txt").write_text(text)
    with pytest.raises(ModelError, match=r"labels.txt and card.json name different labels: copy the bundle again"):
        open_model(bundle)


def test_a_card_of_bytes_that_are_no_text_is_refused(bundle: Path) -> None:
    """Random bytes in place of a card are no card."""
    (bundle / "card.json").write_bytes(bytes(range(256)))
    with pytest.raises(ModelError, match=r"card.json: not a model card"):
        open_model(bundle)


def test_a_bundle_brings_its_own_labels(bundle: Path, tmp_path: Path) -> None:
    """Naming a label file for a bundle is a mistake that is told."""
    with pytest.raises(ModelError, match=r"a bundle brings its own labels"):
        open_model(bundle, labels=tmp_path / "labels.txt")


def test_a_bare_model_gets_its_card_from_the_file(bare: Path) -> None:
    """The name of the file is the model's, thresholds are the default, roles unknown except the background's."""
    card = load(bare).card
    assert card.model_id == "moths"
    assert [label.role for label in card.labels] == [Role.BACKGROUND, None, None, None]
    assert {label.threshold for label in card.labels} == {0.5}
    assert (card.input.width, card.input.height, card.input.color_order) == (32, 32, "rgb")
    assert card.activation == "logits"
    assert card.golden is None
    assert card.sha256 is not None


def test_labels_named_after_the_model_come_first(bare: Path) -> None:
    """`<model>_labels.txt` beats `labels.txt` beside it, and an explicit file beats both."""
    (bare.parent / "moths_labels.txt").write_text("a\nb\nc\nd\n")
    assert open_model(bare).labels == ("a", "b", "c", "d")
    (bare.parent / "mine.txt").write_text("e\nf\ng\nh\n")
    assert open_model(bare, labels=bare.parent / "mine.txt").labels == ("e", "f", "g", "h")


def test_a_bare_model_without_labels_says_what_to_do(bare: Path) -> None:
    """Without labels there is nothing to say about a picture."""
    (bare.parent / "labels.txt").unlink()
    with pytest.raises(ModelError, match=r"moths: a bare \.tflite needs its labels: name their file with --labels"):
        load(bare)


@pytest.mark.parametrize("labels", ["a\nb\nc\n", "a\nb\nc\nd\ne\n"])
def test_a_wrong_number_of_labels_is_refused(bare: Path, labels: str) -> None:
    """One label too few or too many would name every picture wrongly."""
    (bare.parent / "labels.txt").write_text(labels)
    with pytest.raises(ModelError, match=rf"moths: {len(labels.split())} labels for 4 outputs"):
        load(bare)


@pytest.mark.parametrize(
    "tensor",
    [
        spec((1, 4, 4, 3), "uint8", scale=0.0078, zero_point=128),
        spec((1, 4, 4, 3), "uint8", scale=1.0, zero_point=0),
        spec((1, 4, 4, 3), "uint8", scale=0.0186, zero_point=114),
        spec((1, 4, 4, 3), "int8", scale=0.0078, zero_point=-1),
        spec((1, 4, 4, 3), "int8", scale=1.0, zero_point=-128),
    ],
)
def test_pixels_go_into_a_bare_quantized_model_as_they_are(tensor: TensorSpec) -> None:
    """Whatever scale the file states, pixel 0 is the type's lowest value and pixel 255 its highest."""
    interpreter = FakeInterpreter(np.zeros(2, np.float32), input=tensor)
    opened = ModelBundle(name="m", content=b"", card=None, labels=("a", "b"))
    table = quantization_table(opened.card_for(interpreter).input, tensor)
    limits = np.iinfo(tensor.dtype)
    np.testing.assert_array_equal(table, np.arange(limits.min, limits.max + 1))


def test_a_bare_float_model_sees_values_around_zero() -> None:
    """Into a float input go values from -1 to 1."""
    interpreter = FakeInterpreter(np.zeros(2, np.float32))
    opened = ModelBundle(name="m", content=b"", card=None, labels=("a", "b"))
    table = quantization_table(opened.card_for(interpreter).input, interpreter.input)
    assert (table[0], table[255]) == (-1, 1)


def test_a_bare_grey_model_sees_luma(tmp_path: Path) -> None:
    """A model with one channel gets one, all the way through the runtime."""
    path = tmp_path / "grey.tflite"
    path.write_bytes(tiny_model.classifier_model("float32", channels=1))
    (tmp_path / "labels.txt").write_text("\n".join(tiny_model.NAMES))
    classifier = load(path)
    assert classifier.card.input.color_order == "grey"
    white = np.full((40, 40, 3), 255, np.uint8)
    assert classifier.classify_pixels(white).categories[0].label.index == 1


@pytest.mark.parametrize("shape", [(1, 32, 32, 3), (1, 5), (1, 8, 8, 7)])
def test_a_model_that_is_no_classifier_of_pictures_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """A picture as output, a vector as input, seven channels: none of these can be asked."""
    path = tmp_path / "other.tflite"
    path.write_bytes(tiny_model.one_operator(shape=shape))
    (tmp_path / "labels.txt").write_text("a\nb\nc\n")
    with pytest.raises(ModelError, match=r"^other: input .*: no classifier of pictures"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"\0\0\0\0", b"<html>not found</html>", b"\x1c\0\0\0TFL2" + bytes(100)])
def test_what_is_no_tflite_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """The file identifier is looked at before the runtime is."""
    path = tmp_path / "page.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"page.tflite: not a TFLite model: name a \.tflite file or a bundle folder"):
        open_model(path)


def test_a_missing_model_is_told(tmp_path: Path) -> None:
    """Neither folder nor file."""
    with pytest.raises(ModelError, match=r"nowhere: no such file: check the path"):
        open_model(tmp_path / "nowhere")


def test_an_impossible_name_is_told(tmp_path: Path) -> None:
    """A name longer than any file system allows is one clear error as well, for the labels too."""
    with pytest.raises(ModelError, match=r"cannot be read \(File name too long\)"):
        open_model(tmp_path / ("x" * 300))
    path = tiny_model.write_bare(tmp_path / f"{'y' * 245}.tflite")
    assert open_model(path).labels == tiny_model.NAMES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ants\nbees\n", ("ants", "bees")),
        ("ants\r\nbees\r\n\r\n\n", ("ants", "bees")),
        ("  ants \n bees\t\n", ("ants", "bees")),
        ("\ufeffants\nbees\n", ("ants", "bees")),
        ("0 ants\n1 bees\n", ("ants", "bees")),
        ("1,ants\n2,bees\n", ("ants", "bees")),
        ("0  tench, Tinca tinca\n1  goldfish\n", ("tench, Tinca tinca", "goldfish")),
        ("0 ants\nbees\n", ("0 ants", "bees")),
        ("7 spot ladybird\n22 spot ladybird\n", ("7 spot ladybird", "22 spot ladybird")),
        ("ants\n\nbees\n", ("ants", "", "bees")),
        ("Bläuling\nčmelák\n", ("Bläuling", "čmelák")),
    ],
)
def test_labels_are_read_line_by_line(tmp_path: Path, text: str, expected: tuple[str, ...]) -> None:
    """Numbers go where they are every line's own, from 0 or 1; numbers that belong to the names stay."""
    path = tmp_path / "labels.txt"
    path.write_bytes(text.encode())
    assert read_labels(path) == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no labels in it: write one label a line"),
        (b"\n \n\t\n", "no labels in it"),
        (b"ants\n\xff\xfe\n", "not UTF-8 text"),
    ],
)
def test_a_label_file_without_labels_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    """An empty file or bytes that are no text are told with the file's name."""
    path = tmp_path / "names.txt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"names.txt: .*{reason}"):
        read_labels(path)


def test_a_folder_is_no_label_file(tmp_path: Path) -> None:
    """A folder in place of the file is told as such."""
    with pytest.raises(ModelError, match=r"a folder, where a file is wanted"):
        read_labels(tmp_path)


def test_the_default_bundle_is_found_in_the_package_and_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed wheel has it inside, an editable install in `models/` of the repository; the wheel's own wins."""
    package = tmp_path / "edge" / "insect_edge"
    package.mkdir(parents=True)
    monkeypatch.setattr(model_bundle, "__file__", str(package / "model_bundle.py"))
    with pytest.raises(ModelError, match=r"the default model garden-pests-v2 is not installed .*: install again"):
        default_path()
    beside = tmp_path / "models" / "garden-pests-v2"
    inside = package / "models" / "garden-pests-v2"
    for place in (beside, inside):
        place.parent.mkdir(exist_ok=True)
        tiny_model.write_bundle(place)
        assert default_path() == place
    shutil.rmtree(inside)
    assert default_path() == beside

"""A TFLite file with its labels inside: the metadata after its schema, the files behind it, the same answers."""

from __future__ import annotations

import importlib
import io
import json
import os
import subprocess
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import flatbuffers.number_types as numbers
import flatbuffers.table
import pytest

from insect_converter.errors import ExportError
from insect_converter.exports import check, flatbuffer, tflite_metadata
from insect_edge import model_bundle, preprocess
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from support import tiny_model
from support.photographs import encoded

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = tiny_model.classifier_model("uint8")
CARD = tiny_model.card(CONTENT)


class Table:
    """A table of a flatbuffer, read by the field numbers of its schema."""

    def __init__(self, content: bytes, place: int) -> None:
        self._table = flatbuffers.table.Table(content, place)

    def _place(self, slot: int) -> int:
        offset: int = self._table.Offset(4 + 2 * slot)
        assert offset, f"field {slot} is not there"
        return offset

    def text(self, slot: int) -> str:
        """A string."""
        return bytes(self._table.String(self._place(slot) + self._table.Pos)).decode()

    def number(self, slot: int, kind: Any) -> int:
        """A number."""
        return int(self._table.Get(kind, self._place(slot) + self._table.Pos))

    def table(self, slot: int) -> Table:
        """A table."""
        return Table(self._table.Bytes, self._table.Indirect(self._place(slot) + self._table.Pos))

    def tables(self, slot: int) -> list[Table]:
        """A vector of tables."""
        start = self._table.Vector(self._place(slot))
        places = [start + 4 * index for index in range(self._table.VectorLen(self._place(slot)))]
        return [Table(self._table.Bytes, self._table.Indirect(place)) for place in places]

    def floats(self, slot: int) -> list[float]:
        """A vector of numbers."""
        start = self._table.Vector(self._place(slot))
        places = [start + 4 * index for index in range(self._table.VectorLen(self._place(slot)))]
        return [self._table.Get(numbers.Float32Flags, place) for place in places]


def root(content: bytes) -> Table:
    """The first table of a flatbuffer."""
    return Table(content, int.from_bytes(content[:4], "little"))


def test_the_metadata_says_what_the_schema_has_fields_for() -> None:
    """Name, licence, picture size, colours, scaling and labels stand under the schema's own field numbers."""
    content = tflite_metadata.describe(CARD)
    assert content[4:8] == b"M001"
    model = root(content)
    assert (model.text(0), model.text(5), model.text(7)) == ("tiny-garden-v1", "none: painted by the tests", "1.0.0")
    (subgraph,) = model.tables(3)
    ((picture,), (scores,)) = subgraph.tables(2), subgraph.tables(3)
    assert picture.table(3).number(0, numbers.Uint8Flags) == 2
    image = picture.table(3).table(1)
    assert image.number(0, numbers.Int8Flags) == 1
    size = image.table(1)
    assert [size.number(slot, numbers.Uint32Flags) for slot in (0, 1)] == [tiny_model.SIZE, tiny_model.SIZE]
    (unit,) = picture.tables(4)
    assert unit.number(0, numbers.Uint8Flags) == 1
    assert [unit.table(1).floats(slot) for slot in (0, 1)] == [[127.5], [127.5]]
    (labels,) = scores.tables(6)
    assert (labels.text(0), labels.number(2, numbers.Int8Flags)) == ("labels.txt", 2)


def test_labels_lie_in_the_file_and_it_still_is_a_model() -> None:
    """A zip reader finds the labels, stored; an interpreter finds the scores; the same model is the same file."""
    made = tflite_metadata.make(CONTENT, CARD)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        (entry,) = archive.infolist()
        assert (entry.filename, entry.compress_type) == ("labels.txt", zipfile.ZIP_STORED)
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert archive.read("labels.txt").decode().splitlines() == list(tiny_model.NAMES)
    interpreter = LiteRtInterpreter(made, name="made")
    assert (interpreter.input.dtype, interpreter.output.dtype) == ("uint8", "float32")
    assert flatbuffer.metadata(flatbuffer.read(made), tflite_metadata.BLOCK) == tflite_metadata.describe(CARD)
    assert tflite_metadata.make(CONTENT, CARD) == made


def test_the_shipped_model_keeps_its_signature() -> None:
    """A real network with a named signature: it is called by its name, and gives the bundle's scores."""
    opened = model_bundle.open_model(model_bundle.default_path())
    assert opened.card is not None
    made = tflite_metadata.make(opened.content, opened.card)
    interpreter = importlib.import_module("ai_edge_litert.interpreter").Interpreter(model_content=made)
    ((name, ends),) = interpreter.get_signature_list().items()
    classifier = Classifier(LiteRtInterpreter(opened.content, name="bundle"), opened.card)
    picture, contract = next(check.pictures()), opened.card.input
    table = preprocess.quantization_table(contract, classifier.interpreter.input)
    tensor = preprocess.to_tensor(picture, region=None, contract=contract, table=table)
    (scores,) = interpreter.get_signature_runner(name)(**{ends["inputs"][0]: tensor}).values()
    best = classifier.classify_pixels(picture).categories[0]
    assert scores[0].argmax() == best.label.index
    assert scores[0].max() == pytest.approx(best.score, abs=1e-4)


def test_the_pi_reads_it_as_a_bare_model(tmp_path: Path) -> None:
    """`insect-edge classify --model` takes the file with a label file and gives the bundle's scores."""
    (tmp_path / "labels.txt").write_text("\n".join(tiny_model.NAMES), encoding="utf-8")
    (tmp_path / "made.tflite").write_bytes(tflite_metadata.make(CONTENT, CARD))
    opened = model_bundle.open_model(tmp_path / "made.tflite")
    interpreter = LiteRtInterpreter(opened.content, name="made")
    bare = Classifier(interpreter, opened.card_for(interpreter))
    whole = Classifier(LiteRtInterpreter(CONTENT, name="whole"), CARD)
    for name in tiny_model.NAMES:
        first, second = (one.classify_pixels(tiny_model.picture(name)).categories[0] for one in (bare, whole))
        assert first.label.name == second.label.name == name
        assert first.score == pytest.approx(second.score, abs=1e-5)


def test_a_model_that_ends_in_scores_keeps_them() -> None:
    """Nothing is put behind a softmax."""
    content = tiny_model.classifier_model("uint8", softmax=True)
    made = tflite_metadata.make(content, replace(CARD, activation="softmax", golden=None))
    assert LiteRtInterpreter(made, name="made").output.dtype == "uint8"


@pytest.mark.parametrize(
    ("dtype", "order", "message"),
    [
        ("int8", "rgb", "its input is int8, MediaPipe and Android take uint8: export it from its run"),
        ("uint8", "bgr", "colours in the order bgr: the format has no word for that"),
    ],
)
def test_what_others_could_not_feed_is_refused(dtype: str, order: str, message: str) -> None:
    """MediaPipe feeds bytes in the order red, green, blue."""
    card = replace(CARD, golden=None, input=replace(CARD.input, color_order=order))
    with pytest.raises(ExportError, match=message):
        tflite_metadata.make(tiny_model.classifier_model(dtype), card)


def test_a_file_that_answers_otherwise_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made file is asked about drawn pictures before anybody gets it."""
    right = flatbuffer.add_scores
    monkeypatch.setattr(flatbuffer, "add_scores", lambda model, **_: right(model, temperature=9.0))
    with pytest.raises(ExportError, match=r"what was made answers otherwise, by up to 0\.\d+ on drawn pictures"):
        tflite_metadata.make(CONTENT, CARD)


def test_the_check_looks_at_different_answers() -> None:
    """Drawn pictures that all got one answer would prove little."""
    asked = Classifier(LiteRtInterpreter(CONTENT, name="x"), CARD)
    assert len({asked.classify_pixels(pixels).categories[0].label.index for pixels in check.pictures()}) > 1


_MEDIAPIPE = """
import json, sys
from mediapipe import Image
from mediapipe.tasks.python import BaseOptions, vision
options = vision.ImageClassifierOptions(base_options=BaseOptions(model_asset_path=sys.argv[1]))
with vision.ImageClassifier.create_from_options(options) as classifier:
    answers = [classifier.classify(Image.create_from_file(path)).classifications[0] for path in sys.argv[2:]]
print(json.dumps([[answer.categories[0].category_name, answer.categories[0].score] for answer in answers]))
"""


def test_mediapipe_gives_the_same_answers(tmp_path: Path) -> None:
    """MediaPipe's ImageClassifier reads file and labels by itself and says what the bundle says."""
    python = os.environ.get("INSECT_EDGE_MEDIAPIPE_PYTHON")
    if python is None:
        pytest.skip(
            "set INSECT_EDGE_MEDIAPIPE_PYTHON to a Python that has mediapipe (which brings an OpenCV of its own)"
        )
    (tmp_path / "made.tflite").write_bytes(tflite_metadata.make(CONTENT, CARD))
    for name in tiny_model.NAMES:
        (tmp_path / f"{name}.png").write_bytes(encoded(tiny_model.picture(name), ".png"))
    pictures = [str(tmp_path / f"{name}.png") for name in tiny_model.NAMES]
    done = subprocess.run(
        [python, "-c", _MEDIAPIPE, str(tmp_path / "made.tflite"), *pictures],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answers = json.loads(done.stdout)
    assert [name for name, _ in answers] == list(tiny_model.NAMES)
    own = Classifier(LiteRtInterpreter(CONTENT, name="x"), CARD)
    scores = [own.classify_pixels(tiny_model.picture(name)).categories[0].score for name in tiny_model.NAMES]
    assert [score for _, score in answers] == pytest.approx(scores, abs=0.02)

"""ONNX Runtime answers as the float model, and the file says what it wants to see."""

from __future__ import annotations

import importlib
import importlib.util
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_converter.errors import ExportError
from insect_converter.exports import onnx_file
from insect_edge import preprocess
from insect_edge.card import InputContract, ModelCard, bare_labels
from insect_edge.classifier import Classifier
from insect_edge.errors import InferenceError, ModelError
from support.photographs import COLOURS, draw

if TYPE_CHECKING:
    from types import ModuleType

SIDE = 32
CARD = ModelCard(
    model_id="drawn-v1",
    labels=bare_labels([*sorted(COLOURS), "background"]),
    input=InputContract(width=SIDE, height=SIDE),
    activation="logits",
    temperature=0.8,
    details={"float_sha256": "0123", "dataset": {"licence": "CC0"}},
)


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A float model and its ONNX file."""

    model: Any
    content: bytes


@pytest.fixture(scope="module")
def runtime() -> ModuleType:
    """The interpreter over ONNX Runtime, or the test is skipped."""
    for package in onnx_file.PACKAGES:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install 'insect-edge[exports]'")
    return importlib.import_module("insect_converter.exports.onnx_runtime")


@pytest.fixture(scope="module")
def exported(tensorflow: None, runtime: ModuleType) -> Exported:  # noqa: ARG001 - are looked for first
    """What MobileNetV2 is made of, in small: depthwise and plain convolutions, normalisation, a residual, a head."""
    keras = importlib.import_module("keras")
    keras.utils.set_random_seed(1)
    pictures = keras.Input((SIDE, SIDE, 3), name="picture")
    wide = keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(keras.layers.Conv2D(8, 3, strides=2)(pictures)))
    deep = keras.layers.BatchNormalization()(keras.layers.DepthwiseConv2D(3, padding="same")(wide))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Add()([wide, deep]))
    model = keras.Model(pictures, keras.layers.Dense(len(CARD.labels))(keras.layers.Dropout(0.2)(pooled)))
    return Exported(model=model, content=onnx_file.make(model, CARD))


def test_drawn_photographs_get_the_same_answers(exported: Exported, runtime: ModuleType) -> None:
    """The same first category, and logits within rounding, on each of 40 photographs."""
    classifier = Classifier(runtime.OnnxInterpreter(exported.content, name="drawn-v1.onnx"), CARD)
    for label in (*COLOURS, "background"):
        for seed in range(10):
            pixels = draw(label, seed=seed)
            view = preprocess.to_model_pixels(pixels, region=None, contract=CARD.input)
            expected = np.asarray(exported.model(preprocess.normalize(view, CARD.input)[np.newaxis]))[0]
            answer = classifier.logits(pixels)
            assert answer.argmax() == expected.argmax()
            assert np.abs(answer - expected).max() < 1e-4


def test_the_file_says_what_it_is(exported: Exported) -> None:
    """Names that people know, any number of pictures at a time, and the card's contract as properties."""
    graph = importlib.import_module("onnx").load_from_string(exported.content)
    (picture,), (logits,) = graph.graph.input, graph.graph.output
    assert (picture.name, logits.name) == ("picture", "logits")
    dimensions = [size.dim_param or size.dim_value for size in picture.type.tensor_type.shape.dim]
    assert dimensions == ["batch", SIDE, SIDE, 3]
    properties = {entry.key: entry.value for entry in graph.metadata_props}
    assert json.loads(properties["labels"]) == [*sorted(COLOURS), "background"]
    assert properties["input"] == "32x32 rgb, batch, height, width, channels; (pixel - 127.5) / 127.5"
    assert properties["output"] == "logits; scores are softmax(logits / 0.8)"
    assert (properties["float_sha256"], properties["licence"]) == ("0123", "CC0")


def test_a_file_that_answers_otherwise_is_refused(exported: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of other weights than the float model's is found out on drawn pictures."""
    old = importlib.import_module("onnx").load_from_string(exported.content)
    monkeypatch.setattr(onnx_file, "_convert", lambda *_: old)
    head = exported.model.layers[-1]
    weights, bias = head.get_weights()
    head.set_weights([weights, bias + 1])
    with pytest.raises(ExportError, match="what was made answers otherwise, by up to 1 on drawn pictures"):
        onnx_file.make(exported.model, CARD)
    head.set_weights([weights, bias])


def test_what_onnx_runtime_refuses_is_one_line(exported: Exported, runtime: ModuleType) -> None:
    """No model, and a tensor of another shape, are told in one line each."""
    with pytest.raises(ModelError, match=r"^x.onnx: ONNX Runtime refuses it \(.*\): export it again$"):
        runtime.OnnxInterpreter(b"nothing", name="x.onnx")
    interpreter = runtime.OnnxInterpreter(exported.content, name="x.onnx")
    with pytest.raises(InferenceError, match=r"^x.onnx: inference failed \(.*\)$"):
        interpreter.invoke(np.zeros((1, 5, 5, 3), np.float32))
    assert interpreter.runtime.startswith("onnxruntime ")
    assert (interpreter.delegate, interpreter.activation) == (None, "logits")


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, with the extra that brings them."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in {"onnx", "tf2onnx"} else name)
    with pytest.raises(
        ExportError, match=r"needs onnx and tf2onnx, which are not .*pip install 'insect-edge\[exports\]'"
    ):
        onnx_file.refuse_missing_packages()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "onnx" else name)
    with pytest.raises(ExportError, match="needs onnx, which is not installed"):
        onnx_file.refuse_missing_packages()

"""The contract of `protocols.Interpreter`, over the fake of the tests and real models on the installed runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from insect_edge.model_bundle import ModelBundle, open_model
from support import tiny_model
from support.interpreter import FakeInterpreter, spec
from support.shared_data import models_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.protocols import Interpreter

CORAL = {
    "mobilenet_v2_1.0_224_inat_insect_quant.tflite": "inat_insect_labels.txt",
    "tf2_mobilenet_v2_1.0_224_ptq.tflite": "imagenet_labels.txt",
}


def tiny(dtype: str, *, softmax: bool) -> Callable[[], Interpreter]:
    """A model of the tests on the real runtime."""
    return lambda: LiteRtInterpreter(tiny_model.classifier_model(dtype, softmax=softmax), name="tiny")


def coral(name: str) -> Callable[[], Interpreter]:
    """One of Google Coral's models, where they are at hand."""
    return lambda: LiteRtInterpreter((models_folder() / "coral" / name).read_bytes(), name=name)


INTERPRETERS: dict[str, Callable[[], Interpreter]] = {
    "fake": lambda: FakeInterpreter(np.array([1, 2, 3], np.int8), input=spec((1, 8, 8, 3), "int8", zero_point=-1)),
    **{
        f"litert {dtype}{' softmax' if softmax else ''}": tiny(dtype, softmax=softmax)
        for dtype in ("int8", "uint8", "float32")
        for softmax in (False, True)
    },
    **{f"coral {name.split('_')[0]}": coral(name) for name in CORAL},
}


@pytest.fixture(params=INTERPRETERS)
def interpreter(request: pytest.FixtureRequest) -> Interpreter:
    """Each implementation and each kind of model in turn."""
    return INTERPRETERS[request.param]()


def some_tensor(interpreter: Interpreter, *, seed: int = 1) -> np.ndarray:
    """A tensor that the interpreter must take."""
    contract = interpreter.input
    generator = np.random.default_rng(seed)
    if contract.dtype == "float32":
        return generator.uniform(-1, 1, contract.shape).astype(np.float32)
    limits = np.iinfo(contract.dtype)
    return generator.integers(limits.min, limits.max, contract.shape, dtype=contract.dtype)


def test_tensors_are_described(interpreter: Interpreter) -> None:
    """Shape with the batch dimension, type by name, scale and zero point as plain numbers; a float has scale 0."""
    for described in (interpreter.input, interpreter.output):
        assert all(type(size) is int for size in described.shape)
        assert described.dtype in {"uint8", "int8", "float32"}
        assert type(described.scale) is float
        assert type(described.zero_point) is int
        assert (described.scale == 0) == (described.dtype == "float32")
    assert len(interpreter.input.shape) == 4
    assert interpreter.input.shape[0] == 1


def test_an_answer_has_the_outputs_shape_without_the_batch(interpreter: Interpreter) -> None:
    """One number a label, of the output's type."""
    answer = interpreter.invoke(some_tensor(interpreter))
    assert answer.shape == interpreter.output.shape[1:]
    assert answer.dtype == np.dtype(interpreter.output.dtype)


def test_an_answer_is_a_copy(interpreter: Interpreter) -> None:
    """A later inference changes no earlier answer, and changing an answer changes no later one."""
    tensor = some_tensor(interpreter)
    first = interpreter.invoke(tensor)
    kept = first.copy()
    interpreter.invoke(some_tensor(interpreter, seed=2))
    np.testing.assert_array_equal(first, kept)
    first[...] = 0
    np.testing.assert_array_equal(interpreter.invoke(tensor), kept)


def test_the_tensor_is_left_alone(interpreter: Interpreter) -> None:
    """The caller's tensor is read, never written."""
    tensor = some_tensor(interpreter)
    kept = tensor.copy()
    interpreter.invoke(tensor)
    np.testing.assert_array_equal(tensor, kept)


def test_runtime_delegate_and_activation_are_told(interpreter: Interpreter) -> None:
    """Package and version, what accelerates the graph, and what its output is."""
    package, version = interpreter.runtime.split(" ")
    assert package
    assert version[0].isdigit()
    assert interpreter.delegate in {None, "XNNPACK"}
    assert interpreter.activation in {"softmax", "logits"}


@pytest.mark.parametrize("dtype", ["int8", "uint8", "float32"])
@pytest.mark.parametrize("softmax", [False, True])
def test_every_kind_of_model_knows_its_labels(dtype: str, softmax: bool) -> None:  # noqa: FBT001 # a parameter of the test
    """Pictures of each label are told right through the real runtime, in every type, as scores and as logits."""
    content = tiny_model.classifier_model(dtype, softmax=softmax)
    interpreter = LiteRtInterpreter(content, name="tiny")
    assert interpreter.activation == ("softmax" if softmax else "logits")
    bundle = ModelBundle(name="tiny", content=content, card=None, labels=tiny_model.NAMES)
    classifier = Classifier(interpreter, bundle.card_for(interpreter))
    for name in tiny_model.NAMES:
        result = classifier.classify_pixels(tiny_model.picture(name))
        assert result.categories[0].label.name == name
        assert result.categories[0].score == pytest.approx(0.711 if name == "background" else 0.997, abs=0.01)
        assert (result.verdict is None) == (name == "background")
        assert sum(category.score for category in result.categories) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("name", CORAL)
def test_corals_models_end_in_scores(name: str) -> None:
    """Models from elsewhere are recognised for what they are: uint8 in and out, a softmax at the end."""
    interpreter = coral(name)()
    assert (interpreter.input.dtype, interpreter.output.dtype) == ("uint8", "uint8")
    assert interpreter.activation == "softmax"
    labels = models_folder() / "coral" / CORAL[name]
    bundle = open_model(models_folder() / "coral" / name, labels=labels)
    assert len(bundle.card_for(interpreter).labels) == interpreter.output.shape[-1]

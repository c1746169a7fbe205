"""The interpreter over LiteRT (or tflite-runtime): what is its own beyond the contract."""

from __future__ import annotations

import logging
import os
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge.adapters import litert
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from insect_edge.errors import InferenceError, ModelError
from insect_edge.model_bundle import ModelBundle
from insect_edge.tensors import TensorSpec
from support import tiny_model

if TYPE_CHECKING:
    from collections.abc import Callable


def some_tensor() -> np.ndarray:
    """A tensor that the int8 model takes."""
    shape = (1, tiny_model.SIZE, tiny_model.SIZE, 3)
    return np.random.default_rng(1).integers(-128, 127, shape, dtype=np.int8)


def test_litert_hands_integer_graphs_to_xnnpack() -> None:
    """The reason for LiteRT: its accelerated kernels take int8 graphs."""
    interpreter = LiteRtInterpreter(tiny_model.classifier_model("int8"), name="tiny")
    if not interpreter.runtime.startswith("ai-edge-litert"):
        pytest.skip(f"{interpreter.runtime} has only its plain kernels for integers")
    assert interpreter.delegate == "XNNPACK"


def test_more_threads_give_the_same_answer() -> None:
    """The number of threads changes the time alone."""
    content = tiny_model.classifier_model("int8")
    one, four = (LiteRtInterpreter(content, name="tiny", threads=threads) for threads in (1, 4))
    tensor = some_tensor()
    np.testing.assert_array_equal(one.invoke(tensor), four.invoke(tensor))


@pytest.mark.parametrize(
    "tensor",
    [
        np.zeros((1, 32, 32, 3), np.float32),
        np.zeros((1, 32, 32, 1), np.int8),
        np.zeros((1, 16, 16, 3), np.int8),
        np.zeros((32, 32, 3), np.int8),
    ],
)
def test_a_tensor_of_another_kind_is_a_failure(tensor: np.ndarray) -> None:
    """A wrong shape or type is an inference error with the model's name, and the next right one still works."""
    interpreter = LiteRtInterpreter(tiny_model.classifier_model("int8"), name="tiny")
    with pytest.raises(InferenceError, match=r"^tiny: inference failed \(.+\)$"):
        interpreter.invoke(tensor)
    assert interpreter.invoke(some_tensor()).shape == (4,)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda content: content[:8], id="header alone"),
        pytest.param(lambda content: content[: len(content) // 2], id="half of it"),
        pytest.param(lambda content: content[:8] + bytes(len(content)), id="zeros"),
        pytest.param(lambda content: content[:8] + b"\xa5" * len(content), id="noise"),
    ],
)
def test_a_damaged_file_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    """The runtime's reason comes in one line with the model's name."""
    with pytest.raises(ModelError, match=r"^tiny: the runtime refuses it \(.+\): is this a \.tflite model\?$"):
        LiteRtInterpreter(spoil(tiny_model.classifier_model()), name="tiny")


def test_a_flipped_bit_is_no_other_error() -> None:
    """Whatever single bit of a model is wrong, it is refused as a model, or it runs; nothing else is raised."""
    content = tiny_model.classifier_model("int8")
    generator = np.random.default_rng(20)
    outcomes = {"refused": 0, "ran": 0}
    for position in generator.integers(8, len(content), 300).tolist():
        spoilt = bytearray(content)
        spoilt[position] ^= 1 << int(generator.integers(8))
        try:
            LiteRtInterpreter(bytes(spoilt), name="tiny")
        except ModelError:
            outcomes["refused"] += 1
        else:
            outcomes["ran"] += 1
    assert all(outcomes.values())


def test_a_model_with_two_inputs_is_refused() -> None:
    """A classifier of pictures has one input."""
    with pytest.raises(ModelError, match=r"^two: 2 inputs and 1 outputs: no classifier of pictures"):
        LiteRtInterpreter(tiny_model.two_inputs(), name="two")


def test_a_model_without_a_fixed_input_size_is_refused() -> None:
    """Its size is nowhere in the file, and a guess would be a wrong answer with a straight face."""
    content = tiny_model.classifier_model("float32", signature=(1, -1, -1, 3))
    with pytest.raises(ModelError, match=r"^open: input \(1, -1, -1, 3\) has no fixed size"):
        LiteRtInterpreter(content, name="open")


def test_an_open_batch_size_is_one() -> None:
    """Most converted models leave the number of pictures open; they get one at a time."""
    content = tiny_model.classifier_model("float32", signature=(-1, 32, 32, 3))
    assert LiteRtInterpreter(content, name="open").input.shape == (1, 32, 32, 3)


def test_whole_numbers_that_nobody_quantized_mean_themselves() -> None:
    """An integer tensor without a scale counts in ones."""
    content = tiny_model.one_operator("CAST", dtype="uint8", result_dtype="float32")
    interpreter = LiteRtInterpreter(content, name="cast")
    assert interpreter.input == TensorSpec(shape=(1, 32, 32, 3), dtype="uint8", scale=1.0, zero_point=0)
    assert interpreter.output.scale == 0


def test_an_output_without_batch_dimension_comes_whole() -> None:
    """A vector of scores loses none of them for a batch dimension that is not there."""
    content = tiny_model.one_operator("RELU", shape=(5,))
    answer = LiteRtInterpreter(content, name="vector").invoke(np.arange(5, dtype=np.float32))
    assert answer.tolist() == [0, 1, 2, 3, 4]


def test_the_runtimes_own_words_stay_off_standard_error(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What the C++ side prints while it loads a model goes to the debug log."""
    with caplog.at_level(logging.DEBUG, logger="insect_edge.adapters.litert"):
        LiteRtInterpreter(tiny_model.classifier_model(), name="tiny")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert all(record.levelno == logging.DEBUG for record in caplog.records)


def test_standard_error_works_again_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    """What is printed after loading arrives, also after a model was refused."""
    with pytest.raises(ModelError):
        LiteRtInterpreter(b"\0\0\0\0TFL3", name="tiny")
    os.write(2, b"here\n")
    assert capfd.readouterr().err == "here\n"


def test_a_closed_standard_error_is_no_hindrance(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without standard error loads models all the same."""
    monkeypatch.setattr(sys, "stderr", None)
    assert LiteRtInterpreter(tiny_model.classifier_model(), name="tiny").input.shape[1] == tiny_model.SIZE


def test_the_second_runtime_is_taken_where_the_first_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """tflite-runtime serves where LiteRT has no wheels."""
    pretended = SimpleNamespace(Interpreter=lambda **_: None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime", SimpleNamespace(interpreter=pretended))
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", pretended)
    assert litert._runtime() == ("tflite-runtime", pretended)


def test_no_runtime_at_all_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any runtime the message names both."""
    for _, module in litert.RUNTIMES:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModelError, match=r"pip install ai-edge-litert or tflite-runtime"):
        LiteRtInterpreter(tiny_model.classifier_model(), name="tiny")


def test_interpreters_work_side_by_side() -> None:
    """Each thread with an interpreter of its own gets its own right answers."""
    content = tiny_model.classifier_model("int8")
    pictures = {name: LiteRtInterpreter(content, name=name) for name in tiny_model.NAMES}
    found: dict[str, int] = {}

    def ask(name: str, interpreter: LiteRtInterpreter) -> None:
        contract = ModelBundle(name=name, content=content, card=None, labels=tiny_model.NAMES)
        classifier = Classifier(interpreter, contract.card_for(interpreter))
        for _ in range(50):
            found[name] = classifier.classify_pixels(tiny_model.picture(name)).categories[0].label.index

    threads = [threading.Thread(target=ask, args=pair) for pair in pictures.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: index for index, name in enumerate(tiny_model.NAMES)}


def test_what_the_delegate_took_is_counted() -> None:
    """Operators between what it is given and what it gives, and none of those around it."""
    interpreter = LiteRtInterpreter(tiny_model.classifier_model("uint8"), name="tiny")
    interpreter._operators = [
        {"op_name": "QUANTIZE", "inputs": [0], "outputs": [1]},
        {"op_name": "CONV_2D", "inputs": [1, 10], "outputs": [2]},
        {"op_name": "ADD", "inputs": [2, 1], "outputs": [3]},
        {"op_name": "QUANTIZE", "inputs": [3], "outputs": [4]},
        {"op_name": "DELEGATE", "inputs": [1, 10], "outputs": [3]},
    ]
    assert interpreter.taken == (2, 4)
    interpreter._operators.pop()
    assert interpreter.taken == (0, 4)

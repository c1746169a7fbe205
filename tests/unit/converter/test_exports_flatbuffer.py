"""TFLite files are extended without touching what was in them."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from insect_converter.exports import flatbuffer
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.postprocess import dequantize, softmax
from support import tiny_model


def picture(dtype: str) -> np.ndarray:
    """A coloured input tensor."""
    shade = np.array([40, 200, 90])
    pixels = np.broadcast_to(shade, (1, tiny_model.SIZE, tiny_model.SIZE, 3))
    kinds = {"uint8": pixels, "int8": pixels - 128, "float32": pixels / 127.5 - 1}
    return np.ascontiguousarray(kinds[dtype]).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
def test_scores_follow_the_logits(dtype: str) -> None:
    """Whatever type the logits have, the new output is their softmax at the card's temperature."""
    content = tiny_model.classifier_model(dtype)
    model = flatbuffer.read(content)
    flatbuffer.add_scores(model, temperature=1.5)
    before = LiteRtInterpreter(content, name="before")
    after = LiteRtInterpreter(flatbuffer.write(model), name="after")
    logits = dequantize(before.invoke(picture(dtype)), before.output)
    assert (after.input.dtype, after.output.dtype, after.activation) == (dtype, "float32", "softmax")
    assert np.allclose(after.invoke(picture(dtype)), softmax(logits, temperature=1.5), atol=1e-6)


def test_constants_lie_where_kernels_read_them() -> None:
    """Every constant begins at a multiple of 16 bytes, as the schema asks, blocks of metadata too."""
    model = flatbuffer.read(tiny_model.classifier_model("int8"))
    flatbuffer.add_metadata(model, name="three", content=b"abc")
    content = flatbuffer.write(model)
    packed = importlib.import_module("ai_edge_litert.schema_py_generated").Model.GetRootAs(content)
    places = [
        buffer._tab.Vector(buffer._tab.Offset(4))
        for buffer in map(packed.Buffers, range(packed.BuffersLength()))
        if buffer.DataLength()
    ]
    assert len(places) >= 4
    assert [place % 16 for place in places] == [0] * len(places)


def test_a_file_written_again_is_the_same_model() -> None:
    """Reading and writing alone change no answer, and a second time not a byte."""
    content = tiny_model.classifier_model("uint8")
    once = flatbuffer.write(flatbuffer.read(content))
    first, second = (LiteRtInterpreter(each, name="x").invoke(picture("uint8")) for each in (content, once))
    assert np.array_equal(first, second)
    assert flatbuffer.write(flatbuffer.read(once)) == once


def test_metadata_comes_back() -> None:
    """A named block is found again; one that is not there is None."""
    model = flatbuffer.read(tiny_model.classifier_model())
    flatbuffer.add_metadata(model, name="first", content=b"one")
    flatbuffer.add_metadata(model, name="second", content=b"two")
    again = flatbuffer.read(flatbuffer.write(model))
    assert flatbuffer.metadata(again, "second") == b"two"
    assert flatbuffer.metadata(again, "third") is None


def test_further_outputs_are_taken_off() -> None:
    """A classifier of another program knows what to do with one output."""
    for change in (flatbuffer.keep_first_output, lambda model: flatbuffer.add_scores(model, temperature=1.0)):
        model = flatbuffer.read(tiny_model.classifier_model("float32"))
        graph = model.subgraphs[0]
        graph.outputs = [int(graph.outputs[0]), int(graph.operators[0].outputs[0])]
        change(model)
        made = importlib.import_module("ai_edge_litert.interpreter").Interpreter(model_content=flatbuffer.write(model))
        assert [tuple(output["shape"]) for output in made.get_output_details()] == [(1, 4)]

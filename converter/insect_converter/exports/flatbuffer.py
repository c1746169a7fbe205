"""Read, extend and write TFLite files as objects: scores behind the logits, and blocks of metadata."""

from __future__ import annotations

import importlib
from typing import Any

import flatbuffers
import numpy as np

_IDENTIFIER = b"TFL3"
_ALIGNMENT = 16
"""Of constants, in bytes: `force_align: 16` of `Buffer.data` in TFLite's schema; kernels read them in place."""


def read(content: bytes) -> Any:
    """A `.tflite` as the schema's own `ModelT`."""
    return _schema().ModelT.InitFromPackedBuf(bytearray(content), 0)


def write(model: Any) -> bytes:
    """The bytes of a `ModelT`, its constants aligned as the schema wants it."""
    model.buffers = [_Aligned(buffer.data) for buffer in model.buffers]
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


def add_scores(model: Any, *, temperature: float) -> None:
    """Let a graph that ends in logits end in calibrated scores: float, the ones `insect-edge classify` prints.

    The integer part stays as it is, byte for byte; an integer softmax would tie the lower ranks. Outputs other than
    the first are taken off, since classifiers of other programs know what to do with one.

    Args:
        model: a `ModelT`; changed in place.
        temperature: from the card: logits are divided by it.
    """
    schema, graph = _schema(), model.subgraphs[0]
    logits = int(graph.outputs[0])
    shape = graph.tensors[logits].shape
    real = logits
    if graph.tensors[logits].type != schema.TensorType.FLOAT32:
        real = _tensor(graph, "logits", shape)
        _operator(model, "DEQUANTIZE", source=logits, output=real, options=schema.DequantizeOptionsT())
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1 / temperature
    scores = _tensor(graph, "scores", shape)
    _operator(model, "SOFTMAX", source=real, output=scores, options=softmax)
    graph.outputs = [scores]
    for signature in model.signatureDefs or []:
        signature.outputs = [entry for entry in signature.outputs if entry.tensorIndex == logits]
        for entry in signature.outputs:
            entry.tensorIndex = scores


def keep_first_output(model: Any) -> None:
    """Take all outputs but the first off a graph."""
    graph = model.subgraphs[0]
    graph.outputs = [int(graph.outputs[0])]
    for signature in model.signatureDefs or []:
        signature.outputs = [entry for entry in signature.outputs if entry.tensorIndex == graph.outputs[0]]


def add_metadata(model: Any, *, name: str, content: bytes) -> None:
    """Add a named block of bytes to a `ModelT`, in place."""
    schema = _schema()
    entry = schema.MetadataT()
    entry.name, entry.buffer = name, len(model.buffers)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(content, np.uint8)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]


def metadata(model: Any, name: str) -> bytes | None:
    """A block of that name, or None where there is no such."""
    for entry in model.metadata or []:
        if (entry.name or b"").decode() == name:
            return bytes(bytearray(model.buffers[entry.buffer].data))
    return None


class _Aligned:
    """A constant that knows where it has to lie; the schema's own class does not."""

    def __init__(self, data: Any) -> None:
        self._data = None if data is None else np.asarray(data, np.uint8).tobytes()

    def Pack(self, builder: Any) -> int:  # noqa: N802 - what the schema's classes call it
        """Write the constant and the table that holds it."""
        schema, place = _schema(), None
        if self._data is not None:
            builder.StartVector(1, len(self._data), _ALIGNMENT)
            builder.head = builder.Head() - len(self._data)
            builder.Bytes[builder.Head() : builder.Head() + len(self._data)] = self._data
            place = builder.EndVector()
        schema.BufferStart(builder)
        if place is not None:
            schema.BufferAddData(builder, place)
        made: int = schema.BufferEnd(builder)
        return made


def _tensor(graph: Any, name: str, shape: Any) -> int:
    """A float tensor that is computed; returns its index."""
    schema = _schema()
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, shape, schema.TensorType.FLOAT32, 0
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _operator(model: Any, name: str, *, source: int, output: int, options: Any) -> None:
    """An operator of one input at the end of the graph."""
    schema = _schema()
    code, operator = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
    code.version = 2 if name == "DEQUANTIZE" else 1  # 2: takes int8 too
    model.operatorCodes.append(code)
    operator.opcodeIndex = len(model.operatorCodes) - 1
    operator.inputs, operator.outputs = [source], [output]
    operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
    operator.builtinOptions = options
    model.subgraphs[0].operators.append(operator)


def _schema() -> Any:
    return importlib.import_module("ai_edge_litert.schema_py_generated")

"""Turn a float Keras model into TFLite: as it is, for comparison, and fully integer, for the Pi."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.python.convert_phase import ConverterError
from tensorflow.lite.tools import flatbuffer_utils

from insect_converter.errors import ConversionError
from insect_converter.quiet import native_silence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BYTE_TYPES = frozenset({"INT8", "UINT8"})
_INTEGER_TYPES = frozenset({"INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerReport:
    """What reading the integer file showed.

    Attributes:
        operators: how often each operator occurs.
        input_type: of the model's input.
        output_type: of the model's output.
        per_channel: how many weight tensors have a scale a channel.
    """

    operators: dict[str, int]
    input_type: str
    output_type: str
    per_channel: int


@contextlib.contextmanager
def saved(model: Any) -> Iterator[Path]:
    """A Keras model as a SavedModel in a temporary folder: TensorFlow's converter does not know Keras 3 itself."""
    with tempfile.TemporaryDirectory() as folder:
        with native_silence():
            model.export(folder, format="tf_saved_model", verbose=False)
        yield Path(folder)


def to_float(folder: Path) -> bytes:
    """The model as float TFLite, to compare with in the same runtime.

    Raises:
        ConversionError: when TensorFlow's converter refuses.
    """
    return _convert(tf.lite.TFLiteConverter.from_saved_model(str(folder)))


def to_integer(folder: Path, representative: Callable[[], Iterator[Any]]) -> bytes:
    """The model quantized after training: integer operators, weights per channel, uint8 in and out.

    Args:
        folder: of a SavedModel that ends in logits.
        representative: yields float input tensors.

    Raises:
        ConversionError: when TensorFlow's converter refuses.
    """
    converter = integer_converter(folder, representative)
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.uint8
    return _convert(converter)


def integer_converter(folder: Path, representative: Callable[[], Iterator[Any]]) -> Any:
    """TensorFlow's converter set to integer operators; input and output are still float.

    Args:
        folder: of a SavedModel that ends in logits.
        representative: yields float input tensors.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return converter


def inspect(content: bytes) -> IntegerReport:
    """Read a TFLite file and make sure that nothing in it computes in floating point.

    Raises:
        ConversionError: naming what is not integer, or not as the Pi needs it.
    """
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    types = _names(schema.TensorType)
    _refuse_floating([tensor for graph in model.subgraphs for tensor in graph.tensors], types)
    graph = model.subgraphs[0]
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    operators = Counter(_names(schema.BuiltinOperator)[codes[operator.opcodeIndex]] for operator in graph.operators)
    scales = [tensor.quantization.scale for tensor in graph.tensors if tensor.quantization is not None]
    report = IntegerReport(
        operators=dict(sorted(operators.items())),
        input_type=types[graph.tensors[graph.inputs[0]].type],
        output_type=types[graph.tensors[graph.outputs[0]].type],
        per_channel=sum(scale is not None and len(scale) > 1 for scale in scales),
    )
    if not {report.input_type, report.output_type} <= _BYTE_TYPES or not report.per_channel:
        raise ConversionError(
            f"input {report.input_type}, output {report.output_type}, {report.per_channel} weights per channel: "
            "bytes in and out and weights per channel are wanted: use the TensorFlow version the project names"
        )
    return report


def _refuse_floating(tensors: list[Any], types: dict[int, str]) -> None:
    floating = [
        (tensor.name or b"without a name").decode(errors="replace")
        for tensor in tensors
        if types[tensor.type] not in _INTEGER_TYPES
    ]
    if floating:
        raise ConversionError(
            f"{len(floating)} tensors are not integer, the first is {floating[0]}: "
            "an operator has no integer kernel, replace its layer"
        )


def _names(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


def _convert(converter: Any) -> bytes:
    try:
        with native_silence():
            content: bytes = converter.convert()
    except (ConverterError, ValueError, RuntimeError, tf.errors.OpError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ConversionError(
            f"TensorFlow's converter refuses the model ({lines[0]}): use layers with an integer kernel"
        ) from error
    return content

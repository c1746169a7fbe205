"""Turn a float Keras model into TFLite: as it is, for comparison, and fully integer, for the Pi."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from insect_converter.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def to_float(model: Any) -> bytes:
    """The model as float TFLite, to compare with in the same runtime.

    Raises:
        ConversionError: when TensorFlow's converter refuses.
    """
    return _convert(model, lambda _: None)


def to_integer(model: Any, representative: Callable[[], Iterator[Any]]) -> bytes:
    """The model quantized after training: integer operators, weights per channel, uint8 in and out.

    Args:
        model: Keras model that ends in logits.
        representative: yields float input tensors.

    Raises:
        ConversionError: when TensorFlow's converter refuses.
    """

    def configure(converter: Any) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.uint8

    return _convert(model, configure)


def inspect(content: bytes) -> IntegerReport:
    """Read a TFLite file and make sure that nothing in it computes in floating point.

    Raises:
        ConversionError: naming the tensors that are not integer.
    """
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    graph = model.subgraphs[0]
    types = _names(schema.TensorType)
    floating = [
        tensor.name.decode(errors="replace") for tensor in graph.tensors if types[tensor.type] not in _INTEGER_TYPES
    ]
    if floating:
        raise ConversionError(
            f"{len(floating)} tensors are not integer, the first is {floating[0]}: an operator has no integer kernel"
        )
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    operators = Counter(_names(schema.BuiltinOperator)[codes[operator.opcodeIndex]] for operator in graph.operators)
    scales = [tensor.quantization.scale for tensor in graph.tensors if tensor.quantization is not None]
    return IntegerReport(
        operators=dict(sorted(operators.items())),
        input_type=types[graph.tensors[graph.inputs[0]].type],
        output_type=types[graph.tensors[graph.outputs[0]].type],
        per_channel=sum(scale is not None and len(scale) > 1 for scale in scales),
    )


def _names(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


def _convert(model: Any, configure: Callable[[Any], None]) -> bytes:
    with tempfile.TemporaryDirectory() as folder, _quiet():
        # Through a SavedModel: the converter's own way in for Keras models does not know Keras 3.
        model.export(folder, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        configure(converter)
        try:
            content: bytes = converter.convert()
        except (ValueError, RuntimeError, tf.errors.OpError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ConversionError(f"TensorFlow's converter refuses the model ({reason})") from error
    return content


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the converter's C++ side says about its own progress off the user's terminal."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
            os.close(kept[0])
            os.close(kept[1])

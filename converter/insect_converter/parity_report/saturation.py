"""Do the ranges hold? Float activations of real photographs against the ranges that the integer file can express."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_edge import preprocess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_edge.card import InputContract
    from insect_edge.tensors import TensorSpec

_FORM_ONLY = frozenset({"QUANTIZE", "DEQUANTIZE", "DELEGATE"})
"""Operators that the two files need not have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation:
    """How far a layer's output outgrows its range.

    Attributes:
        layer: its name.
        operator: as TFLite calls it.
        clipped: share of the float values that lie outside what the integer file can express.
        low: least real value that can be expressed.
        high: largest one.
        seen_low: least float value on these photographs.
        seen_high: largest one.
    """

    layer: str
    operator: str
    clipped: float
    low: float
    high: float
    seen_low: float
    seen_high: float


def of_input(pixels: Sequence[NDArray[np.uint8]], *, contract: InputContract, spec: TensorSpec) -> float:
    """Share of the input's values that its range cuts off.

    Args:
        pixels: (height, width, channels) uint8 each, from `preprocess.to_model_pixels`.
        contract: of the model.
        spec: of the integer input.
    """
    real = preprocess.normalize(np.arange(256, dtype=np.uint8), contract)
    limits = np.iinfo(spec.dtype)
    low, high = _bounds(limits.min, limits.max, scale=spec.scale, zero_point=spec.zero_point)
    outside = (real < low) | (real > high)
    return float(np.mean([outside[view].mean() for view in pixels]))


def of_layers(floating: bytes, integer: bytes, tensors: Sequence[NDArray[np.float32]]) -> tuple[Saturation, ...] | None:
    """Saturation of every layer's output, the worst first; None where the two files have different operators.

    Args:
        floating: the float `.tflite`.
        integer: the integer `.tflite` of the same network.
        tensors: (1, height, width, channels) float32 inputs.
    """
    runner, layers, ranges = _open(floating), _layers(_open(floating)), _layers(_open(integer))
    if [layer["op_name"] for layer in layers] != [layer["op_name"] for layer in ranges]:
        return None
    seen = np.array([[np.inf, -np.inf, 0.0]] * len(layers))
    limits = [_limits(layer["tensor"]) for layer in ranges]
    for tensor in tensors:
        runner.set_tensor(runner.get_input_details()[0]["index"], tensor)
        runner.invoke()
        for row, layer, (low, high) in zip(seen, layers, limits, strict=True):
            values = runner.get_tensor(layer["tensor"]["index"])
            row[0], row[1] = min(row[0], float(values.min())), max(row[1], float(values.max()))
            row[2] += float(np.mean((values < low) | (values > high))) / len(tensors)
    rows = [
        Saturation(
            layer=layer_name(layer["tensor"]["name"]),
            operator=layer["op_name"],
            clipped=float(row[2]),
            low=low,
            high=high,
            seen_low=float(row[0]),
            seen_high=float(row[1]),
        )
        for row, layer, (low, high) in zip(seen, layers, limits, strict=True)
    ]
    return tuple(sorted(rows, key=lambda row: -row.clipped))


def layer_name(tensor_name: str) -> str:
    """The Keras layer in a tensor's name: `insects/mobilenetv2/block_2_add_1/add;…` is `block_2_add_1`.

    The signature's own name, which the last layer's output gets, is `output`.
    """
    parts = [part for part in tensor_name.partition(";")[0].split("/") if part != "batchnorm"]
    if len(parts) == 1:
        return "output" if parts[0].startswith("StatefulPartitionedCall") else parts[0]
    return parts[-2]


def _open(content: bytes) -> Any:
    """An interpreter that keeps what every operator puts out; delegates would keep it to themselves."""
    litert = importlib.import_module("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(
        model_content=content,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    return interpreter


def _layers(interpreter: Any) -> list[dict[str, Any]]:
    """The operators that compute, in order, with the tensor that each puts out."""
    tensors = {int(detail["index"]): detail for detail in interpreter.get_tensor_details()}
    # Underscored, yet the only way to learn which operator makes which tensor.
    operators = interpreter._get_ops_details()  # noqa: SLF001 - see above
    return [
        {"op_name": operator["op_name"], "tensor": tensors[int(operator["outputs"][0])]}
        for operator in operators
        if operator["op_name"] not in _FORM_ONLY
    ]


def _limits(tensor: dict[str, Any]) -> tuple[float, float]:
    scale, zero_point = tensor["quantization"]
    if not scale:  # whole numbers that nobody quantized, such as a shape
        return -np.inf, np.inf
    limits = np.iinfo(tensor["dtype"])
    return _bounds(limits.min, limits.max, scale=float(scale), zero_point=int(zero_point))


def _bounds(least: int, most: int, *, scale: float, zero_point: int) -> tuple[float, float]:
    """Real values that round to a value of the type: half a step beyond both ends is still no loss but rounding."""
    return (least - zero_point - 0.5) * scale, (most - zero_point + 0.5) * scale

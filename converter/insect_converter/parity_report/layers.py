"""Which layers lose most in integer: TensorFlow's quantization debugger over a network and its photographs."""

from __future__ import annotations

import csv
import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from insect_converter import quantize
from insect_converter.errors import ConversionError
from insect_converter.parity_report.saturation import layer_name
from insect_converter.quiet import native_silence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROUNDING = 1 / np.sqrt(12)
"""The error of a layer that only rounds, in steps of its output: that of a uniform distribution over one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerError:
    """What one layer adds, given exact input.

    Attributes:
        layer: its name.
        operator: as TFLite calls it.
        error: root mean square of integer less float output, in steps of the output's scale; `ROUNDING` at best.
        bias: mean of integer less float output, in the same steps: what does not average out further on.
        largest: largest size of a single difference, in the same steps.
        scale: real value of one step.
    """

    layer: str
    operator: str
    error: float
    bias: float
    largest: float
    scale: float


def measure(
    folder: Path, *, representative: Callable[[], Iterator[Any]], pictures: Callable[[], Iterator[Any]]
) -> tuple[LayerError, ...]:
    """Every layer's own error, the worst first.

    The debugger computes each layer twice from the same integer input, in integer and in float.

    Args:
        folder: of a SavedModel that ends in logits.
        representative: yields the float input tensors that fix the ranges, as for the bundle.
        pictures: yields the float input tensors to measure on.

    Raises:
        ConversionError: when TensorFlow refuses the network, or no longer has the debugger.
    """
    debugger_of = getattr(tf.lite.experimental, "QuantizationDebugger", None)
    if debugger_of is None:
        raise ConversionError(f"TensorFlow {tf.__version__} has no quantization debugger: install 2.20 or 2.21")
    try:
        with warnings.catch_warnings(), native_silence():
            # It still uses TensorFlow's own interpreter, whose move to another package that one announces.
            warnings.filterwarnings("ignore", message=r"\s*Warning: tf.lite.Interpreter is deprecated")
            debugger = debugger_of(converter=quantize.integer_converter(folder, representative), debug_dataset=pictures)
            debugger.run()
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ConversionError(f"the quantization debugger refuses the model ({reason})") from error
    return _by_error(debugger)


def _by_error(debugger: Any) -> tuple[LayerError, ...]:
    rows = []
    # Which operator a check belongs to, and its scale, is told by the debugger's own table alone.
    for detail in _table(debugger):
        scale = float(detail["scale"])
        rows.append(
            LayerError(
                layer=layer_name(detail["tensor_name"]),
                operator=detail["op_name"],
                error=float(np.sqrt(float(detail["mean_squared_error"]))) / scale,
                bias=float(detail["mean_error"]) / scale,
                largest=float(detail["max_abs_error"]) / scale,
                scale=scale,
            )
        )
    return tuple(sorted(rows, key=lambda row: -row.error))


def _table(debugger: Any) -> list[dict[str, str]]:
    buffer = io.StringIO()
    debugger.layer_statistics_dump(buffer)
    buffer.seek(0)
    return list(csv.DictReader(buffer))

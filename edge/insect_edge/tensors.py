"""What a model's tensors look like. Apart from the protocols, since `classify` needs no more than this to start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """Shape and quantization of a model's input or output.

    Attributes:
        shape: with the batch dimension first.
        dtype: numpy's name of the type: `uint8`, `int8` or `float32`.
        scale: real value of one step; 0.0 for a float tensor.
        zero_point: the quantized value that stands for real 0.
    """

    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int

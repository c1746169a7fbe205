"""The convolutions of a `.tflite` MobileNetV2, as real values."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_POOLING = ("AVERAGE_POOL_2D", "MEAN")
_NEEDED_RANGE = (-1.0, 1.0)
_RANGE_SLACK = 0.02
"""Half a step of a byte is 0.004; QAT learns ranges that are somewhat off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolution:
    """A convolution into which its batch normalisation has been folded.

    Attributes:
        kernel: (height, width, in, out) float32; of a depthwise one (height, width, channels, 1).
        bias: (out,) float32.
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]


class Source:
    """A `.tflite` classifier, opened for its weights and for what it makes of pictures."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            TrainingError: when it is no model, or none that convolves, pools and takes one picture in [-1, 1].
        """
        self._path = path
        self._interpreter = _open(path)
        self._tensors = {int(tensor["index"]): tensor for tensor in self._interpreter.get_tensor_details()}
        # Underscored, yet the only way to learn which operator reads which tensor.
        self._operators = self._interpreter._get_ops_details()  # noqa: SLF001 - see above
        self._input = self._interpreter.get_input_details()[0]
        self._pooled = self._pooling()
        self._refuse_other_range()

    @property
    def side(self) -> int:
        """Of the pictures it takes, in pixels."""
        return int(self._input["shape"][1])

    def convolutions(self) -> list[Convolution]:
        """All of them, from the picture on."""
        return [
            Convolution(
                kernel=self._kernel(operator), bias=self._values(operator["inputs"][2]).reshape(-1).astype(np.float32)
            )
            for operator in self._operators
            if operator["op_name"] in _CONVOLUTIONS
        ]

    def features(self, view: NDArray[np.float32]) -> NDArray[np.float32]:
        """What its own graph pools of one picture.

        Args:
            view: (side, side, 3) float32 in [-1, 1], R, G, B.
        """
        self._interpreter.set_tensor(self._input["index"], self._quantized(view)[np.newaxis])
        self._interpreter.invoke()
        return self._values(self._pooled).reshape(-1).astype(np.float32)

    def _pooling(self) -> int:
        pooled = [int(operator["outputs"][0]) for operator in self._operators if operator["op_name"] in _POOLING]
        if not pooled:
            raise TrainingError(f"{self._path}: it pools nothing: name a .tflite classifier that is a MobileNetV2")
        return pooled[-1]

    def _refuse_other_range(self) -> None:
        if self._input["dtype"] == np.float32:
            return
        scale, zero_point = self._input["quantization"]
        limits = np.iinfo(self._input["dtype"])
        found = [float(scale * (value - zero_point)) for value in (limits.min, limits.max)]
        if np.abs(np.subtract(found, _NEEDED_RANGE)).max() > _RANGE_SLACK:
            raise TrainingError(
                f"{self._path}: it takes pixels from {found[0]:.2f} to {found[1]:.2f}, "
                "a backbone to train with takes -1 to 1: use another model"
            )

    def _quantized(self, view: NDArray[np.float32]) -> NDArray[np.generic]:
        kind = self._input["dtype"]
        if kind == np.float32:
            return view.astype(np.float32)
        scale, zero_point = self._input["quantization"]
        limits = np.iinfo(kind)
        steps: NDArray[np.generic] = np.clip(np.rint(view / scale) + zero_point, limits.min, limits.max).astype(kind)
        return steps

    def _kernel(self, operator: dict[str, Any]) -> NDArray[np.float32]:
        """TFLite keeps (out, height, width, in), and (1, height, width, channels) of a depthwise one."""
        return self._values(operator["inputs"][1]).transpose(1, 2, 3, 0).astype(np.float32)

    def _values(self, index: int) -> NDArray[np.float64]:
        """A tensor's real values."""
        steps: NDArray[np.float64] = self._interpreter.get_tensor(int(index)).astype(np.float64)
        known = self._tensors[int(index)]["quantization_parameters"]
        scales, zero_points = known["scales"].astype(np.float64), known["zero_points"]
        if not len(scales):
            return steps
        shape = [1] * steps.ndim
        shape[known["quantized_dimension"] if len(scales) > 1 else 0] = -1
        real: NDArray[np.float64] = (steps - zero_points.reshape(shape)) * scales.reshape(shape)
        return real


def _open(path: Path) -> Any:
    """An interpreter that keeps what every operator puts out; delegates would keep it to themselves."""
    litert = importlib.import_module("ai_edge_litert.interpreter")
    try:
        interpreter = litert.Interpreter(
            model_content=path.read_bytes(),
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read ({error.strerror}): check the name of the model") from error
    except (ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise TrainingError(f"{path}: no .tflite model this runtime takes ({reason}): use another file") from error
    return interpreter

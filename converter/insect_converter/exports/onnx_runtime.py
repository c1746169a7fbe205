"""ONNX Runtime as an interpreter, so that an exported file is asked through the same classifier as all others."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from insect_edge.errors import InferenceError, ModelError
from insect_edge.tensors import TensorSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class OnnxInterpreter:
    """Runs one ONNX model of pictures held in memory."""

    def __init__(self, content: bytes, *, name: str) -> None:
        """Load a model.

        Args:
            content: the bytes of the file.
            name: for error messages.

        Raises:
            ModelError: when the runtime refuses it.
        """
        self._runtime: Any = importlib.import_module("onnxruntime")
        self._name = name
        try:
            self._session = self._runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
        except Exception as error:  # its own exceptions share no root but Exception
            reason = str(error).strip().splitlines()[0]
            raise ModelError(f"{name}: ONNX Runtime refuses it ({reason}): export it again") from error
        self._input_name = self._session.get_inputs()[0].name
        self._output_name = self._session.get_outputs()[0].name

    @property
    def runtime(self) -> str:
        """Package and version."""
        return f"onnxruntime {self._runtime.__version__}"

    @property
    def delegate(self) -> str | None:
        """None: the processor."""
        return None

    @property
    def activation(self) -> str:
        """`logits`: what the converter exports."""
        return "logits"

    @property
    def input(self) -> TensorSpec:
        """The single input."""
        return self._spec(self._session.get_inputs()[0])

    @property
    def output(self) -> TensorSpec:
        """The first output."""
        return self._spec(self._session.get_outputs()[0])

    def invoke(self, tensor: NDArray[np.generic]) -> NDArray[np.generic]:
        """Run the graph; the result is without the batch dimension.

        Raises:
            InferenceError: when the runtime fails.
        """
        try:
            answer: NDArray[np.generic] = self._session.run([self._output_name], {self._input_name: tensor})[0][0]
        except Exception as error:  # as above
            raise InferenceError(f"{self._name}: inference failed ({str(error).strip().splitlines()[0]})") from error
        return answer

    @staticmethod
    def _spec(value: Any) -> TensorSpec:
        shape = tuple(size if isinstance(size, int) else 1 for size in value.shape)
        kind = {"tensor(float)": "float32"}.get(value.type, value.type)
        return TensorSpec(shape=shape, dtype=kind, scale=0.0, zero_point=0)

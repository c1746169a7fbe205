"""Interpreter over LiteRT, or tflite-runtime where that is what is installed."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import logging
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_edge.errors import InferenceError, ModelError
from insect_edge.protocols import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

RUNTIMES = (
    ("ai-edge-litert", "ai_edge_litert.interpreter"),
    ("tflite-runtime", "tflite_runtime.interpreter"),
)
"""Distribution and module, preferred first: only LiteRT's XNNPACK takes int8 graphs."""


class LiteRtInterpreter:
    """Runs one `.tflite` model held in memory."""

    def __init__(self, content: bytes, *, name: str, threads: int = 1) -> None:
        """Load a model.

        Args:
            content: the bytes of the `.tflite` file.
            name: of the model, for error messages.
            threads: how many the kernels may use.

        Raises:
            ModelError: when there is no runtime, or it refuses the model.
        """
        distribution, module = _runtime()
        self._name = name
        self._runtime = f"{distribution} {importlib.metadata.version(distribution)}"
        try:
            with _native_stderr_to_log():
                self._interpreter: Any = module.Interpreter(model_content=content, num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(f"{name}: the runtime refuses it ({reason}): is this a .tflite model?") from error
        self._input_detail, self._output_detail = self._single_input(), self._interpreter.get_output_details()[0]
        self._input, self._output = _spec(self._input_detail), _spec(self._output_detail)
        self._operators = _operators(self._interpreter)

    @property
    def runtime(self) -> str:
        """Package and version."""
        return self._runtime

    @property
    def delegate(self) -> str | None:
        """`XNNPACK` where it took (part of) the graph."""
        return "XNNPACK" if any(operator["op_name"] == "DELEGATE" for operator in self._operators) else None

    @property
    def activation(self) -> str:
        """`softmax` where the operator that makes the output turns it into scores, else `logits`."""
        return _activation(self._operators, output=int(self._output_detail["index"]))

    @property
    def input(self) -> TensorSpec:
        """The single input."""
        return self._input

    @property
    def output(self) -> TensorSpec:
        """The first output."""
        return self._output

    def invoke(self, tensor: NDArray[np.generic]) -> NDArray[np.generic]:
        """Run the graph; the result is a copy without the batch dimension.

        Raises:
            InferenceError: when the runtime fails.
        """
        try:
            self._interpreter.set_tensor(self._input_detail["index"], tensor)
            self._interpreter.invoke()
            output: NDArray[np.generic] = self._interpreter.get_tensor(self._output_detail["index"])[0]
        except (ValueError, RuntimeError) as error:
            raise InferenceError(f"{self._name}: inference failed ({error})") from error
        return output

    def _single_input(self) -> dict[str, Any]:
        inputs: list[dict[str, Any]] = self._interpreter.get_input_details()
        if len(inputs) != 1:
            raise ModelError(f"{self._name}: {len(inputs)} inputs, a classifier of pictures has one")
        return inputs[0]


def _runtime() -> tuple[str, Any]:
    for distribution, module in RUNTIMES:
        with contextlib.suppress(ImportError):
            return distribution, importlib.import_module(module)
    names = " or ".join(distribution for distribution, _ in RUNTIMES)
    raise ModelError(f"no inference runtime is installed: pip install {names}")


def _operators(interpreter: Any) -> list[dict[str, Any]]:
    # Underscored, yet the only way either runtime has of telling what a delegate took and what the graph ends in.
    details = getattr(interpreter, "_get_ops_details", None)
    return details() if details is not None else []


def _activation(operators: list[dict[str, Any]], *, output: int) -> str:
    """Walk from the output back through operators that only change its form."""
    makers = {
        int(made): operator
        for operator in operators
        if operator["op_name"] != "DELEGATE"
        for made in operator["outputs"]
    }
    while output in makers:
        operator = makers[output]
        if operator["op_name"] in {"SOFTMAX", "LOGISTIC"}:
            return "softmax"
        if operator["op_name"] not in {"QUANTIZE", "DEQUANTIZE", "RESHAPE", "SQUEEZE"}:
            break
        output = int(operator["inputs"][0])
    return "logits"


@contextlib.contextmanager
def _native_stderr_to_log() -> Iterator[None]:
    """Send what the C++ side prints on standard error to the debug log: it greets every user with an INFO line."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            for line in file.read().decode(errors="replace").splitlines():
                logger.debug("%s", line)


def _spec(detail: dict[str, Any]) -> TensorSpec:
    scale, zero_point = detail["quantization"]
    return TensorSpec(
        shape=tuple(int(size) for size in detail["shape"]),
        dtype=np.dtype(detail["dtype"]).name,
        scale=float(scale),
        zero_point=int(zero_point),
    )

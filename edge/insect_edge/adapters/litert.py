"""Interpreter over LiteRT, or tflite-runtime where that is what is installed."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_edge.errors import InferenceError, ModelError
from insect_edge.tensors import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

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
        self._distribution = distribution
        try:
            with _native_stderr_to_log():
                self._interpreter: Any = module.Interpreter(model_content=content, num_threads=threads)
                self._interpreter.allocate_tensors()
            inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
            self._operators = _operators(self._interpreter)
        except (ValueError, RuntimeError, IndexError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(f"{name}: the runtime refuses it ({reason}): is this a .tflite model?") from error
        self._input_detail, self._output_detail = _picture_and_scores(inputs, outputs, name=name)
        self._input, self._output = _spec(self._input_detail), _spec(self._output_detail)

    @property
    def runtime(self) -> str:
        """Package and version."""
        import importlib.metadata  # noqa: PLC0415 - pulls in the e-mail package: 30 ms, and `classify` never asks

        return f"{self._distribution} {importlib.metadata.version(self._distribution)}"

    @property
    def delegate(self) -> str | None:
        """`XNNPACK` where it took (part of) the graph."""
        return "XNNPACK" if any(operator["op_name"] == "DELEGATE" for operator in self._operators) else None

    @property
    def taken(self) -> tuple[int, int]:
        """How many of the graph's operators the delegate took, and how many there are."""
        own = [operator for operator in self._operators if operator["op_name"] != "DELEGATE"]
        delegates = [operator for operator in self._operators if operator["op_name"] == "DELEGATE"]
        return len({number for delegate in delegates for number in _behind(delegate, own)}), len(own)

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
            output: NDArray[np.generic] = self._interpreter.get_tensor(self._output_detail["index"])
        except (ValueError, RuntimeError) as error:
            raise InferenceError(f"{self._name}: inference failed ({error})") from error
        return output[0] if output.ndim > 1 else output


def _picture_and_scores(
    inputs: list[dict[str, Any]], outputs: list[dict[str, Any]], *, name: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The one input and the first output."""
    if len(inputs) != 1 or not outputs:
        raise ModelError(
            f"{name}: {len(inputs)} inputs and {len(outputs)} outputs: no classifier of pictures, which has one of each"
        )
    signature = inputs[0].get("shape_signature", inputs[0]["shape"])
    if any(size < 0 for size in signature[1:]):
        raise ModelError(f"{name}: input {tuple(signature.tolist())} has no fixed size: convert the model with one")
    return inputs[0], outputs[0]


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


def _behind(delegate: dict[str, Any], operators: list[dict[str, Any]]) -> set[int]:
    """The operators a delegate stands for: those between its outputs and its inputs."""
    makers = {int(made): number for number, operator in enumerate(operators) for made in operator["outputs"]}
    given = {int(tensor) for tensor in delegate["inputs"]}
    wanted, found = [int(tensor) for tensor in delegate["outputs"]], set[int]()
    while wanted:
        number = makers.get(wanted.pop())
        if number is not None and number not in found:
            found.add(number)
            wanted += [tensor for tensor in map(int, operators[number]["inputs"]) if tensor not in given]
    return found


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
    if sys.stderr is None:  # started with standard error closed: nothing to keep clean
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    said = os.memfd_create("stderr")
    os.dup2(said, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        with os.fdopen(said, "rb") as file:
            file.seek(0)
            _log(file.read().decode(errors="replace").splitlines())


def _log(lines: list[str]) -> None:
    # Whoever wants log lines has imported the package; for `classify`, which does not, it would be start-up time.
    logging = sys.modules.get("logging")
    if logging is not None:
        for line in lines:
            logging.getLogger(__name__).debug("%s", line)


def _spec(detail: dict[str, Any]) -> TensorSpec:
    scale, zero_point = detail["quantization"]
    dtype = np.dtype(detail["dtype"])
    if scale == 0 and dtype.kind in "iu":
        scale = 1.0  # whole numbers that nobody quantized mean themselves
    return TensorSpec(
        shape=tuple(int(size) for size in detail["shape"]),
        dtype=dtype.name,
        scale=float(scale),
        zero_point=int(zero_point),
    )

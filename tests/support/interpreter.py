"""An interpreter that answers what it was told and remembers what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from insect_edge.tensors import TensorSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.errors import InsectEdgeError


def spec(
    shape: tuple[int, ...], dtype: str = "float32", *, scale: float | None = None, zero_point: int = 0
) -> TensorSpec:
    """A tensor's description; a quantized one has steps of 1/16 unless told otherwise."""
    step = scale if scale is not None else (0.0 if dtype == "float32" else 1 / 16)
    return TensorSpec(shape=shape, dtype=dtype, scale=step, zero_point=zero_point)


@dataclass
class FakeInterpreter:
    """A classifier of 8x8 pictures whose answers are given beforehand.

    Attributes:
        answer: (labels,), the output of every inference.
        input: of the model.
        output: of the model; made to fit the answer where it is not given.
        activation: `logits` or `softmax`.
        failure: raised instead of an answer.
        asked: every tensor that came in.
    """

    answer: NDArray[np.generic]
    input: TensorSpec = field(default_factory=lambda: spec((1, 8, 8, 3)))
    output: TensorSpec = None  # type: ignore[assignment] # filled in below
    activation: str = "logits"
    failure: InsectEdgeError | None = None
    asked: list[NDArray[np.generic]] = field(default_factory=list)
    runtime: str = "fake-runtime 1.0"
    delegate: str | None = None

    def __post_init__(self) -> None:
        """Describe the answer."""
        self.answer = np.asarray(self.answer)
        if self.output is None:
            self.output = spec((1, len(self.answer)), self.answer.dtype.name)

    def invoke(self, tensor: NDArray[np.generic]) -> NDArray[np.generic]:
        """Remember the question, give the answer."""
        self.asked.append(tensor.copy())
        if self.failure is not None:
            raise self.failure
        return self.answer.copy()

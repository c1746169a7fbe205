"""What was written must answer as the model it comes from: on drawn pictures, so that no photographs are needed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from insect_converter.errors import ExportError
from insect_edge import golden
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from insect_edge.postprocess import softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from insect_edge.card import ModelCard

PICTURES = 16
LARGEST_SCORE_DIFFERENCE = 1e-4
LARGEST_LOGIT_DIFFERENCE = 1e-2
"""Between two runtimes that compute the same float network in another order: some 1e-5 as measured."""
_WIDTH, _HEIGHT = 320, 240


def pictures() -> Iterator[NDArray[np.uint8]]:
    """Drawn pictures, (height, width, 3) uint8."""
    return (golden.draw(seed=seed, width=_WIDTH, height=_HEIGHT) for seed in range(1, PICTURES + 1))


def same_scores(made: bytes, original: bytes, card: ModelCard) -> float:
    """Hold a `.tflite` that ends in scores against the bundle's own.

    Returns:
        The largest difference of a score.

    Raises:
        ExportError: when it is more than rounding.
    """
    bare = replace(card, golden=None)
    first = Classifier(LiteRtInterpreter(original, name=card.model_id), bare)
    second = Classifier(
        LiteRtInterpreter(made, name=f"{card.model_id} with metadata"), replace(bare, activation="softmax")
    )

    def expected(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        answer = first.logits(pixels)
        return softmax(answer, temperature=card.temperature) if card.activation == "logits" else answer

    return _held(second.logits, expected, limit=LARGEST_SCORE_DIFFERENCE, name=card.model_id)


def same_logits(made: Classifier, expected: Callable[[NDArray[np.uint8]], NDArray[np.float32]], *, name: str) -> float:
    """Hold a float rendering against the float model.

    Returns:
        The largest difference of an output.

    Raises:
        ExportError: when it is more than rounding.
    """
    return _held(made.logits, expected, limit=LARGEST_LOGIT_DIFFERENCE, name=name)


def _held(
    made: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    expected: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    *,
    limit: float,
    name: str,
) -> float:
    largest = max(float(np.abs(made(pixels) - expected(pixels)).max()) for pixels in pictures())
    if not largest <= limit:
        raise ExportError(
            f"{name}: what was made answers otherwise, by up to {largest:.2g} on drawn pictures: nothing was written; "
            "use the package versions the project names"
        )
    return largest

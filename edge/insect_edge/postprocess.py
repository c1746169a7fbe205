"""From a model's output tensor to scores and a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from insect_edge.domain import Category, Role, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_edge.card import ModelCard
    from insect_edge.domain import Label
    from insect_edge.tensors import TensorSpec


def dequantize(output: NDArray[np.generic], spec: TensorSpec) -> NDArray[np.float32]:
    """Real values of a quantized tensor: (q - zero_point) * scale; a float tensor as it is."""
    if spec.dtype == "float32":
        return output.astype(np.float32)
    return (output.astype(np.float32) - np.float32(spec.zero_point)) * np.float32(spec.scale)


def softmax(logits: NDArray[np.float32], *, temperature: float) -> NDArray[np.float32]:
    """Scores that sum to 1 over the last axis.

    Temperature scaling after Guo et al., "On Calibration of Modern Neural Networks", 2017: the order of the
    categories stays, only how sure they are changes.
    """
    scaled = logits / np.float32(temperature)
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    scores: NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return scores


def scores_of(output: NDArray[np.generic], *, spec: TensorSpec, card: ModelCard) -> NDArray[np.float32]:
    """One score a label, in [0, 1].

    Args:
        output: (labels,) as the interpreter returned it.
        spec: its quantization.
        card: says whether the graph ends in logits, and their temperature.
    """
    real = dequantize(output, spec)
    return softmax(real, temperature=card.temperature) if card.activation == "logits" else real


def top_categories(scores: NDArray[np.float32], labels: Sequence[Label], *, count: int) -> tuple[Category, ...]:
    """The `count` best categories, best first; ties keep the labels' order."""
    order = np.argsort(-scores, kind="stable")[:count]
    return tuple(Category(label=labels[index], score=float(scores[index])) for index in order.tolist())


def verdict_of(best: Category) -> Verdict | None:
    """What the top category amounts to: a verdict where it is no background and reaches its threshold."""
    label = best.label
    if label.role is Role.BACKGROUND or best.score < label.threshold:
        return None
    return Verdict(label=label.name, role=label.role, score=best.score, threshold=label.threshold)

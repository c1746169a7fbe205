"""From a model's output tensor to scores and a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from insect_edge.domain import UNKNOWN, Category, Role, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from insect_edge.card import ModelCard
    from insect_edge.domain import Evidence, Label
    from insect_edge.rejection import Rejection
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


def scores_of(real: NDArray[np.float32], *, card: ModelCard) -> NDArray[np.float32]:
    """One score a label, in [0, 1].

    Args:
        real: (..., labels) as `dequantize` gives it.
        card: says whether the graph ends in logits, and their temperature.
    """
    return softmax(real, temperature=card.temperature) if card.activation == "logits" else real


def top_categories(scores: NDArray[np.float32], labels: Sequence[Label], *, count: int) -> tuple[Category, ...]:
    """The `count` best categories, best first; ties keep the labels' order."""
    order = np.argsort(-scores, kind="stable")[:count]
    return tuple(Category(label=labels[index], score=float(scores[index])) for index in order.tolist())


def verdict_of(
    best: Category, *, evidence: Evidence | None = None, rejection: Rejection | None = None
) -> Verdict | None:
    """What the top category amounts to: its label, `unknown`, or nothing.

    Nothing where the background won. Without a rejection the label where its score reaches its threshold, else nothing.
    With one, nothing where the presence is too low for an animal; else `unknown` where the score or the familiarity
    is too low for a name, its score being the presence.

    Args:
        best: the top category.
        evidence: of the same picture.
        rejection: of the card.
    """
    label = best.label
    if label.role is Role.BACKGROUND:
        return None
    named = best.score >= label.threshold
    if rejection is not None and evidence is not None:
        if evidence.presence < rejection.presence:
            return None
        if not named or evidence.familiarity < rejection.threshold:
            return Verdict(label=UNKNOWN, role=Role.UNKNOWN, score=evidence.presence, threshold=rejection.presence)
    return Verdict(label=label.name, role=label.role, score=best.score, threshold=label.threshold) if named else None

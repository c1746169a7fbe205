"""How good a model is, measured through the very code that runs on the Pi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import classification_report, f1_score, precision_recall_fscore_support

from insect_edge.domain import Role
from insect_edge.postprocess import top_categories, verdict_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from insect_edge.classifier import Classifier
    from insect_edge.domain import Label

TOP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelMetrics:
    """One row of the table: shares in [0, 1], support in photographs."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What a model scores on one set of photographs; all shares in [0, 1].

    Attributes:
        photographs: how many.
        top1: share whose first category is right.
        top5: share with the right label among the first five.
        macro_f1: mean of the labels' F1.
        insect_top1: top1 over the photographs that are no background, where the background may win too.
        per_label: by name.
    """

    photographs: int
    top1: float
    top5: float
    macro_f1: float
    insect_top1: float
    per_label: dict[str, LabelMetrics]


def logits_of(
    classifier: Classifier, pictures: Iterable[NDArray[np.uint8]], *, on_each: Callable[[], object] = lambda: None
) -> NDArray[np.float32]:
    """A classifier's raw outputs: (photographs, labels) float32, before temperature and softmax."""
    rows = []
    for picture in pictures:
        rows.append(classifier.logits(picture))
        on_each()
    return np.stack(rows)


def measure(
    logits: NDArray[np.float32], truth: NDArray[np.int64], *, labels: Sequence[str], background: Collection[int]
) -> Metrics:
    """Metrics of outputs against the true labels.

    Args:
        logits: (photographs, labels).
        truth: (photographs,) label indices.
        labels: names by index.
        background: indices of the labels that are background; none where there is no such.
    """
    order = np.argsort(-logits, axis=1, kind="stable")
    said = order[:, 0]
    every = range(len(labels))
    precision, recall, f1, support = precision_recall_fscore_support(truth, said, labels=list(every), zero_division=0)
    insects = np.isin(truth, list(background), invert=True)
    return Metrics(
        photographs=len(truth),
        top1=float(np.mean(said == truth)),
        top5=float(np.mean((order[:, :TOP] == truth[:, np.newaxis]).any(axis=1))),
        macro_f1=float(f1_score(truth, said, labels=list(every), average="macro", zero_division=0)),
        insect_top1=float(np.mean(said[insects] == truth[insects])),
        per_label={
            name: LabelMetrics(
                precision=float(precision[index]),
                recall=float(recall[index]),
                f1=float(f1[index]),
                support=int(support[index]),
            )
            for index, name in enumerate(labels)
        },
    )


def table(logits: NDArray[np.float32], truth: NDArray[np.int64], *, labels: Sequence[str]) -> str:
    """Precision, recall, F1 and support of each label, as scikit-learn prints them."""
    text: str = classification_report(
        truth,
        logits.argmax(axis=1),
        labels=list(range(len(labels))),
        target_names=list(labels),
        digits=3,
        zero_division=0,
    )
    return text


def verdict_shares(scores: NDArray[np.float32], truth: NDArray[np.int64], labels: Sequence[Label]) -> dict[str, float]:
    """What the verdicts of single pictures are worth.

    Args:
        scores: (photographs, labels), calibrated.
        truth: (photographs,) label indices.
        labels: with their thresholds.

    Returns:
        Shares of the insect photographs: `right`, `wrong` (another label), `silent` (no verdict); and where there are
        background photographs the share of them that got any label: `false_alarms`.
    """
    verdicts = [verdict_of(top_categories(row, labels, count=1)[0]) for row in scores]
    said = np.array([verdict.label if verdict else "" for verdict in verdicts])
    names = np.array([label.name for label in labels])[truth]
    background = np.array([labels[index].role is Role.BACKGROUND for index in truth])
    insects = ~background
    shares = {
        "right": float(np.mean(said[insects] == names[insects])),
        "wrong": float(np.mean((said[insects] != names[insects]) & (said[insects] != ""))),
        "silent": float(np.mean(said[insects] == "")),
    }
    return shares | ({"false_alarms": float(np.mean(said[background] != ""))} if background.any() else {})

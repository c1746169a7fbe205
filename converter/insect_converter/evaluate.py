"""How good a model is, measured through the very code that runs on the Pi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import classification_report, f1_score, precision_recall_fscore_support

from insect_edge.domain import UNKNOWN, Role
from insect_edge.postprocess import scores_of, top_categories, verdict_of
from insect_edge.rejection import animals, evidence_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from insect_edge.card import ModelCard
    from insect_edge.classifier import Classifier
    from insect_edge.domain import Label, Verdict

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


def verdicts_of(logits: NDArray[np.float32], card: ModelCard) -> list[Verdict | None]:
    """What each photograph amounts to, as the Pi decides it.

    Args:
        logits: (photographs, labels), before temperature and softmax.
        card: with temperature, thresholds and perhaps a rejection.
    """
    scores, among = scores_of(logits, card=card), animals(card.labels)

    def judged(outputs: NDArray[np.float32], row: NDArray[np.float32]) -> Verdict | None:
        best, rejection = top_categories(row, card.labels, count=1)[0], card.rejection
        if rejection is None:
            return verdict_of(best)
        evidence = evidence_of(outputs, row, rejection=rejection, temperature=card.temperature, among=among)
        return verdict_of(best, evidence=evidence, rejection=rejection)

    return [judged(outputs, row) for outputs, row in zip(logits, scores, strict=True)]


def verdict_shares(
    verdicts: Sequence[Verdict | None], truth: NDArray[np.int64], labels: Sequence[Label]
) -> dict[str, float]:
    """What the verdicts of single pictures are worth.

    Args:
        verdicts: as `verdicts_of` gives them.
        truth: (photographs,) label indices.
        labels: with their roles.

    Returns:
        Shares of the insect photographs: `right`, `wrong` (another label), `unknown` and `silent` (no verdict); and of
        the background photographs, where there are such, `false_alarms`, those that got any label, and
        `false_unknown`.
    """
    said = np.array([verdict.label if verdict else "" for verdict in verdicts])
    names = np.array([label.name for label in labels])[truth]
    background = np.array([labels[index].role is Role.BACKGROUND for index in truth])
    insects, silent, unknown = ~background, said == "", said == UNKNOWN
    shares = {
        "right": float(np.mean((said == names)[insects])),
        "wrong": float(np.mean(((said != names) & ~silent & ~unknown)[insects])),
        "unknown": float(np.mean(unknown[insects])),
        "silent": float(np.mean(silent[insects])),
    }
    if background.any():
        shares["false_alarms"] = float(np.mean(~(silent | unknown)[background]))
        shares["false_unknown"] = float(np.mean(unknown[background]))
    return shares


def named_shares(
    verdicts: Sequence[Verdict | None], truth: NDArray[np.int64], labels: Sequence[Label]
) -> dict[str, dict[str, float | None]]:
    """What each label's threshold leaves, by name; the background has none.

    Returns:
        `precision`, the share of the photographs named so that are so, None where none was; and `recall`, the share of
        the label's photographs that got its name, None where there are no such.
    """
    said = np.array([verdict.label if verdict else "" for verdict in verdicts])
    table: dict[str, dict[str, float | None]] = {}
    for label in labels:
        if label.role is Role.BACKGROUND:
            continue
        named, true = said == label.name, truth == label.index
        table[label.name] = {
            "precision": float(np.mean(true[named])) if named.any() else None,
            "recall": float(np.mean(named[true])) if true.any() else None,
        }
    return table

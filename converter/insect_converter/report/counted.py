"""The sections that count: what each needs to know, as plain values for its template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from insect_converter import calibration, evaluate
from insect_converter.report import charts, measured, numbers, taxonomy
from insect_converter.report.section import Section
from insect_converter.split import Part
from insect_edge.domain import Label, Role
from insect_edge.postprocess import softmax

if TYPE_CHECKING:
    from insect_converter.calibration import ReliabilityBin
    from insect_converter.report.findings import Findings
    from insect_converter.report.numbers import Confusion
    from insect_edge.domain import Verdict

_MOST_CELLS = 24
"""Labels up to which the confusion matrix is a table with numbers; beyond, a picture."""
_CURVE = np.linspace(0, 1, 101)
_SHOWN_CONFUSIONS = 5
_SURE = 0.95
"""Recall from which on a label counts as known well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow:
    """One label in the table; shares in [0, 1], None where there is nothing to divide by.

    Attributes:
        speaks: whether it can be a verdict: the background cannot.
        verdict_precision: share of the verdicts with the label that are right, at its threshold.
        verdict_recall: share of its photographs that get it as their verdict.
    """

    label: Label
    precision: float | None
    recall: float | None
    f1: float
    support: int
    speaks: bool
    verdict_precision: float | None
    verdict_recall: float | None


def summary(findings: Findings) -> Section:
    """In plain words: how many of a hundred, what is mixed up, what a verdict is worth."""
    answers, labels = findings.answers, findings.labels
    right, of = int(answers.right.sum()), len(answers.truth)
    matrix = numbers.confusion_matrix(answers.truth, answers.said, labels=len(labels))
    totals = matrix.sum(axis=1)
    floating = findings.learnt.floating if findings.learnt is not None and findings.integer else None
    low, high = numbers.interval(right, of)
    return Section(
        key="summary",
        title="In plain words",
        content={
            "right": right,
            "of": of,
            "low": low,
            "high": high,
            "top5": evaluate.measure(answers.logits, answers.truth, labels=findings.names, background=[]).top5,
            "confusions": _named(numbers.confusions(matrix)[:_SHOWN_CONFUSIONS], labels),
            "well": [
                labels[index].name for index in np.flatnonzero(totals).tolist() if _recall(matrix, index) >= _SURE
            ],
            "weak": [labels[index].name for index in _weakest(matrix) if _recall(matrix, index) < _SURE][:3],
            "verdicts": _verdict_shares(findings),
            "float_right": int(floating.right.sum()) if floating is not None else None,
            "agreement": float(np.mean(floating.said == answers.said)) if floating is not None else None,
        },
    )


def distribution(findings: Findings) -> Section:
    """How many photographs of each label there are, by what they were used for."""
    rows = [(label, findings.found.counts[label.name]) for label in findings.labels]
    totals = {label.name: sum(counts.values()) for label, counts in rows}
    ordered = sorted(rows, key=lambda row: -totals[row[0].name])
    return Section(
        key="distribution",
        title="How many photographs of each",
        content={
            "rows": ordered,
            "totals": totals,
            "most": max(totals.values()),
            "parts": {part: sum(counts[part] for _, counts in rows) for part in Part},
            "part": Part,
        },
    )


def curves(findings: Findings) -> Section:
    """How both stages of training went."""
    title = "How it learnt"
    if findings.subject.history is None:
        return Section.without(
            "curves", title, "The records of the training run are not at hand: name its folder with --run to see them."
        )
    drawn = [
        charts.curves(findings.subject.history, quantity=quantity, title=name)
        for quantity, name in (("accuracy", "Accuracy"), ("loss", "Loss"))
    ]
    if not any(drawn):
        return Section.without("curves", title, "The records of the training run hold neither accuracy nor loss.")
    return Section(key="curves", title=title, content={"charts": [chart for chart in drawn if chart is not None]})


def confusion(findings: Findings) -> Section:
    """Which label gets which answer."""
    answers, labels = findings.answers, findings.labels
    matrix = numbers.confusion_matrix(answers.truth, answers.said, labels=len(labels))
    picture = None if len(labels) <= _MOST_CELLS else charts.confusion(matrix, labels=findings.names)
    shares = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    pairs = _named(numbers.confusions(matrix), labels)
    return Section(
        key="confusion",
        title="What is taken for what",
        content={
            "picture": picture,
            "matrix": matrix.tolist(),
            "shares": shares.tolist(),
            "labels": findings.names,
            "pairs": pairs[: 12 if picture is None else 30],
            "errors": len(answers.truth) - int(answers.right.sum()),
        },
    )


def labels(findings: Findings) -> Section:
    """Precision, recall and F1 of each label, and what its verdicts are worth."""
    answers = findings.answers
    metrics = evaluate.measure(answers.logits, answers.truth, labels=findings.names, background=findings.background)
    named = evaluate.named_shares(_verdicts(findings), answers.truth, findings.labels)
    said = np.bincount(answers.said, minlength=len(findings.labels))
    rows = [
        LabelRow(
            label=label,
            precision=metrics.per_label[label.name].precision if said[label.index] else None,
            recall=metrics.per_label[label.name].recall if metrics.per_label[label.name].support else None,
            f1=metrics.per_label[label.name].f1,
            support=metrics.per_label[label.name].support,
            speaks=label.name in named,
            verdict_precision=named.get(label.name, {}).get("precision"),
            verdict_recall=named.get(label.name, {}).get("recall"),
        )
        for label in findings.labels
    ]
    return Section(key="labels", title="Label by label", content={"rows": rows, "metrics": metrics})


def orders(findings: Findings) -> Section:
    """Accuracy per order and family, and at which level the errors fall."""
    title = "How far off its errors are"
    if not any(taxonomy.rank_of(label, "order") for label in findings.labels):
        return Section.without(
            "orders", title, "The card tells no order or family of any label: write them under [labels] in the recipe."
        )
    answers = findings.answers
    pairs = list(zip(answers.truth.tolist(), answers.said.tolist(), strict=True))
    levels = taxonomy.levels(findings.labels, [pair for pair in pairs if pair[0] != pair[1]])
    ranks = [(rank, taxonomy.groups(findings.labels, pairs, rank=rank)) for rank in taxonomy.RANKS]
    animals = [label for label in findings.labels if label.role is not Role.BACKGROUND]
    return Section(
        key="orders",
        title=title,
        content={
            "levels": levels,
            "errors": sum(levels.values()),
            "most": max(levels.values(), default=1),
            "ranks": [(rank, groups) for rank, groups in ranks if groups],
            "untold": {
                rank: [one.name for one in animals if not taxonomy.rank_of(one, rank)] for rank in taxonomy.RANKS
            },
        },
    )


def reliability(findings: Findings) -> Section:
    """Whether a score means what it says."""
    card, answers = findings.subject.card, findings.answers
    if card.activation != "logits":
        return Section.without(
            "reliability",
            "Whether its scores mean what they say",
            "The model itself ends in scores, which no temperature can correct.",
        )
    before = softmax(answers.logits, temperature=1.0)
    bins = calibration.reliability(before, answers.truth), calibration.reliability(answers.scores, answers.truth)
    return Section(
        key="reliability",
        title="Whether its scores mean what they say",
        content={
            "chart": charts.reliability(*bins),
            "before": calibration.calibration_error(before, answers.truth),
            "after": calibration.calibration_error(answers.scores, answers.truth),
            "temperature": card.temperature,
            "fitted": findings.integer,
            "surest": _surest(bins[1]),
        },
    )


def thresholds(findings: Findings) -> Section:
    """Precision and recall by threshold, label by label."""
    answers = findings.answers
    nameable = measured.nameable(answers, findings.subject.card)
    drawn = [
        charts.thresholds(
            numbers.threshold_curve(
                answers.scores, answers.truth, label=label.index, thresholds=_CURVE, nameable=nameable
            ),
            chosen=label.threshold,
            label=label.name,
            name=f"threshold-{label.index}",
        )
        for label in findings.labels
        if label.role is not Role.BACKGROUND
    ]
    return Section(
        key="thresholds",
        title="When it speaks and when it keeps silent",
        content={"charts": drawn, "rejection": findings.subject.card.rejection, "fitted": findings.integer},
    )


def speed(findings: Findings) -> Section:
    """Milliseconds and bytes."""
    return Section(
        key="speed",
        title="How fast and how large it is",
        content={"speeds": findings.speeds, "processor": findings.processor},
    )


def origin(findings: Findings) -> Section:
    """Where the model is from and how the figures were made."""
    card = findings.subject.card
    written = card.details.get("metrics", {})
    return Section(
        key="origin",
        title="Where it is from",
        content={
            "card": card,
            "details": card.details,
            "found": findings.found,
            "on_card": written.get("int8", {}).get("top1") if findings.integer else None,
            "here": float(findings.answers.right.mean()),
            "runtime": findings.speeds[0].runtime,
        },
    )


def _verdicts(findings: Findings) -> list[Verdict | None]:
    return evaluate.verdicts_of(findings.answers.logits, findings.subject.card)


def _verdict_shares(findings: Findings) -> dict[str, float] | None:
    """Shares as `evaluate.verdict_shares` gives them; None where no threshold was fitted."""
    if not findings.integer:
        return None
    return evaluate.verdict_shares(_verdicts(findings), findings.answers.truth, findings.labels)


def _named(pairs: list[Confusion], labels: tuple[Label, ...]) -> list[tuple[str, str, Confusion]]:
    return [(labels[pair.truth].name, labels[pair.said].name, pair) for pair in pairs]


def _recall(matrix: np.ndarray[tuple[int, int], np.dtype[np.int64]], index: int) -> float:
    return float(matrix[index, index] / matrix[index].sum())


def _weakest(matrix: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> list[int]:
    known = [int(index) for index in np.flatnonzero(matrix.sum(axis=1))]
    return sorted(known, key=lambda index: _recall(matrix, index))


def _surest(bins: list[ReliabilityBin]) -> ReliabilityBin:
    return max(bins, key=lambda one: one.score)

"""Metrics are what the textbooks say, through the code that runs on the Pi."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the converter's extra is not installed")

from insect_converter.evaluate import logits_of, measure, named_shares, table, verdict_shares, verdicts_of
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.card import InputContract, ModelCard
from insect_edge.classifier import Classifier
from insect_edge.domain import Label, Role, Verdict
from insect_edge.rejection import Rejection
from support import tiny_model

NAMES = ["ant", "moth", "background"]
TRUTH = np.array([0, 0, 1, 1, 2, 2])
SAID = np.array([0, 1, 1, 1, 2, 0])
LOGITS = np.eye(3, dtype=np.float32)[SAID]


def label(index: int, role: Role | None) -> Label:
    """A label with threshold one half."""
    return Label(index=index, name=NAMES[index], role=role, taxon=None, threshold=0.5)


def test_metrics_of_a_small_confusion() -> None:
    """Six photographs, four right: every figure can be counted by hand."""
    metrics = measure(LOGITS, TRUTH, labels=NAMES, background=[2])
    assert metrics.photographs == 6
    assert metrics.top1 == pytest.approx(4 / 6)
    assert metrics.insect_top1 == pytest.approx(3 / 4)
    assert metrics.top5 == 1.0
    ant, moth, background = (metrics.per_label[name] for name in NAMES)
    assert (ant.precision, ant.recall, ant.f1, ant.support) == (0.5, 0.5, 0.5, 2)
    assert (moth.precision, moth.recall) == (pytest.approx(2 / 3), 1.0)
    assert (background.precision, background.recall) == (1.0, 0.5)
    assert metrics.macro_f1 == pytest.approx((0.5 + 0.8 + 2 / 3) / 3)


def test_top5_looks_at_five() -> None:
    """A label in fifth place counts, one in sixth does not."""
    logits = np.array([[6, 5, 4, 3, 2, 1]] * 2, dtype=np.float32)
    metrics = measure(logits, np.array([4, 5]), labels=list("abcdef"), background=[])
    assert (metrics.top1, metrics.top5, metrics.insect_top1) == (0.0, 0.5, 0.0)


def test_a_label_never_said_scores_nothing() -> None:
    """A label without right answers has F1 0, without warnings."""
    metrics = measure(LOGITS[:2], np.array([1, 1]), labels=NAMES, background=[2])
    assert metrics.per_label["background"].f1 == 0
    assert metrics.per_label["ant"].support == 0


def test_the_table_is_scikit_learns() -> None:
    """Each label has a row with precision, recall, F1 and support."""
    text = table(LOGITS, TRUTH, labels=NAMES)
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
    assert rows["moth"] == ["0.667", "1.000", "0.800", "2"]
    assert rows["precision"] == ["recall", "f1-score", "support"]


def card(*, rejection: Rejection | None) -> ModelCard:
    """A card of the three labels."""
    return ModelCard(
        model_id="x",
        labels=(label(0, Role.PEST), label(1, None), label(2, Role.BACKGROUND)),
        input=InputContract(width=32, height=32),
        activation="logits",
        rejection=rejection,
    )


def test_verdicts_are_those_of_the_pi() -> None:
    """A loud answer gets its name, a faint one `unknown`, an unsure one none without a rejection."""
    logits = np.array([[9, 0, 0], [2, 0, 0], [0.2, 0.1, 0], [0, 0, 9]], np.float32)
    strict = Rejection(score="max_logit", threshold=5.0, presence=0.6, auroc=None, fpr_at_95_tpr=None, fitted_on="x")
    said = [verdict and verdict.label for verdict in verdicts_of(logits, card(rejection=strict))]
    assert said == ["ant", "unknown", "unknown", None]
    assert [verdict and verdict.label for verdict in verdicts_of(logits, card(rejection=None))] == [
        "ant",
        "ant",
        None,
        None,
    ]


def test_verdicts_are_counted() -> None:
    """Right, wrong and silent are shares of the insects, false alarms of the background."""
    logits = np.log(
        [[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.3, 0.4, 0.3], [0.1, 0.1, 0.8], [0.1, 0.1, 0.8], [0.6, 0.2, 0.2]]
    )
    plain = card(rejection=None)
    assert verdict_shares(verdicts_of(logits.astype(np.float32), plain), TRUTH, plain.labels) == {
        "right": 0.25,
        "wrong": 0.25,
        "unknown": 0.0,
        "silent": 0.5,
        "false_alarms": 0.5,
        "false_unknown": 0.0,
    }


def test_unknown_is_neither_right_nor_wrong_nor_silent() -> None:
    """`unknown` is counted apart, for insects and for background."""
    labels = card(rejection=None).labels
    names = ["ant", "unknown", "ant", None, "unknown", "moth"]
    verdicts = [Verdict(label=name, role=None, score=1, threshold=0) if name else None for name in names]
    shares = verdict_shares(verdicts, TRUTH, labels)
    assert shares == {
        "right": 0.25,
        "wrong": 0.25,
        "unknown": 0.25,
        "silent": 0.25,
        "false_alarms": 0.5,
        "false_unknown": 0.5,
    }


def test_each_name_has_its_precision_and_recall() -> None:
    """Of two ants one is called ant, and one moth is too; a name never given has no precision."""
    names = ["ant", None, "ant", None, None, None]
    verdicts = [Verdict(label=name, role=None, score=1, threshold=0) if name else None for name in names]
    table = named_shares(verdicts, TRUTH, card(rejection=None).labels)
    assert table == {"ant": {"precision": 0.5, "recall": 0.5}, "moth": {"precision": None, "recall": 0.0}}


def test_without_background_there_are_no_false_alarms() -> None:
    """A model of insects alone has no share of background."""
    labels = [label(0, Role.PEST), label(1, None)]
    verdicts = [Verdict(label=one.name, role=one.role, score=1, threshold=0) for one in labels]
    shares = verdict_shares(verdicts, np.array([0, 1]), labels)
    assert shares == {"right": 1.0, "wrong": 0.0, "unknown": 0.0, "silent": 0.0}


def test_answers_come_through_the_classifier() -> None:
    """Every photograph is asked once, in order, as the Pi would ask."""
    content = tiny_model.classifier_model()
    classifier = Classifier(LiteRtInterpreter(content, name="tiny"), tiny_model.card(content))
    calls: list[int] = []
    pictures = (tiny_model.picture(name) for name in tiny_model.NAMES)
    logits = logits_of(classifier, pictures, on_each=lambda: calls.append(1))
    assert logits.argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert len(calls) == 4

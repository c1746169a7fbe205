"""What was measured, float and integer side by side."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the converter's extra is not installed")

from insect_converter import figures
from insect_converter.figures import Outputs
from insect_converter.split import Part
from insect_edge.card import InputContract, ModelCard
from insect_edge.domain import Label, Role
from insect_edge.rejection import Rejection

NAMES = ("ant", "moth", "background")
ROLES = (Role.PEST, None, Role.BACKGROUND)
CARD = ModelCard(
    model_id="x",
    labels=tuple(
        Label(index=index, name=name, role=role, taxon=None, threshold=0.5)
        for index, (name, role) in enumerate(zip(NAMES, ROLES, strict=True))
    ),
    input=InputContract(width=32, height=32),
    activation="logits",
    temperature=2.0,
)


def outputs(said: list[int], truth: list[int]) -> Outputs:
    """Answers of which each is sure."""
    return Outputs(logits=np.eye(3, dtype=np.float32)[said] * 8, truth=np.array(truth))


TRUTH = [0, 1, 2] * 10
FLOATING = {part: outputs(TRUTH, TRUTH) for part in (Part.VALIDATION, Part.TEST)}
INTEGER = FLOATING | {Part.TEST: outputs([1, *TRUTH[1:]], TRUTH)}


def test_background_labels_are_found_by_role() -> None:
    """Every label with that role counts, however it is called."""
    assert figures.background_of(CARD) == [2]
    labels = tuple(replace(label, role=Role.BACKGROUND) for label in CARD.labels)
    assert figures.background_of(replace(CARD, labels=labels)) == [0, 1, 2]


def test_both_models_are_measured_on_the_test_photographs() -> None:
    """One insect of 20 and one photograph of 30 lost by the integer model show in every figure."""
    measured = figures.compute(FLOATING, INTEGER, card=CARD, seed=1)
    assert (measured.floating.top1, measured.integer.top1) == (1.0, pytest.approx(29 / 30))
    assert measured.integer.insect_top1 == pytest.approx(19 / 20)
    assert measured.parity.top1_drop == pytest.approx(1 / 30)
    assert measured.parity.agreement == pytest.approx(29 / 30)
    verdicts = {"right": 0.95, "wrong": 0.05, "unknown": 0.0, "silent": 0.0, "false_alarms": 0.0, "false_unknown": 0.0}
    assert measured.verdicts == verdicts


def test_a_rejection_is_measured() -> None:
    """Known and unknown insects, presence, and the verdict `unknown` show in the figures and on the card."""
    rejection = Rejection(score="max_logit", threshold=5.0, presence=0.5, auroc=None, fpr_at_95_tpr=None, fitted_on="x")
    faint = np.array([[3, 1, 0], [1, 3, 0], [0, 1, 8]], np.float32)
    measured = figures.compute(FLOATING, INTEGER, card=replace(CARD, rejection=rejection), seed=1, unknown=faint)
    assert measured.rejection["scores"]["max_logit"] == {"auroc": 1.0, "fpr_at_95_tpr": 0.0}
    assert measured.rejection["presence"]["auroc"] == 1.0
    third = pytest.approx(1 / 3)
    assert measured.rejection["unknown_insects"] == {
        "photographs": 3,
        "named": 0.0,
        "unknown": pytest.approx(2 / 3),
        "silent": third,
    }
    assert measured.verdicts["unknown"] == measured.verdicts["false_unknown"] == 0
    cells = [line.split() for line in figures.describe(measured).splitlines()]
    assert ["known", "by", "max_logit", "1.0000", "0.0000"] in cells
    assert ["unknown", "insects:", "named", "0.0000"] in cells
    assert ["verdicts:", "unknown", "0.0000"] in cells


def test_thresholds_and_reliability_are_kept_for_the_report() -> None:
    """Precision and recall of each name on both parts, and diagrams before and after temperature, of 60 photographs."""
    measured = figures.compute(FLOATING, INTEGER, card=CARD, seed=1)
    content = json.loads(json.dumps(figures.for_card(measured, float_bytes=1, integer_bytes=1)))
    assert content["thresholds"]["validation"]["ant"] == {"precision": 1.0, "recall": 1.0}
    assert content["thresholds"]["test"]["ant"] == {"precision": 1.0, "recall": 0.9}
    assert "background" not in content["thresholds"]["test"]
    assert {name: sum(entry["photographs"] for entry in bins) for name, bins in content["reliability"].items()} == {
        "before": 60,
        "after": 60,
    }
    assert set(content["reliability"]["after"][0]) == {"score", "right", "photographs"}


def test_people_read_a_table() -> None:
    """Both columns, the gate's figures, the verdicts and a row for each label stand in the description."""
    lines = figures.describe(figures.compute(FLOATING, INTEGER, card=CARD, seed=1)).splitlines()
    cells = [line.split() for line in lines]
    assert ["top-1", "1.0000", "0.9667"] in cells
    assert ["top-1", "of", "the", "insects", "1.0000", "0.9500"] in cells
    assert ["agreement", "0.9667"] in cells
    assert ["verdicts:", "false", "alarms", "0.0000"] in cells
    assert ["moth", "0.909", "1.000", "0.952", "10"] in cells
    assert all(len(line) <= 60 for line in lines)


def test_the_card_gets_plain_values() -> None:
    """What goes on the card is JSON with both models' metrics, per label, and the sizes of both files."""
    measured = figures.compute(FLOATING, INTEGER, card=CARD, seed=1)
    content = figures.for_card(measured, float_bytes=4000, integer_bytes=1000)
    again = json.loads(json.dumps(content))
    assert again["test_photographs"] == 30
    assert again["float"]["top1"] == 1.0
    assert again["int8"]["per_label"]["moth"] == {
        "precision": pytest.approx(10 / 11),
        "recall": 1.0,
        "f1": pytest.approx(20 / 21),
        "support": 10,
    }
    assert set(again["parity"]) == {"top1_drop", "top1_drop_bound", "agreement", "expected_calibration_error"}
    assert again["size_bytes"] == {"float": 4000, "int8": 1000}

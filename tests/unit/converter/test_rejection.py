"""Where the lines are drawn between a name, `unknown` and nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

pytest.importorskip("sklearn", reason="the converter's extra is not installed")

from insect_converter import rejection
from insect_converter.figures import Outputs
from insect_edge.card import InputContract, ModelCard
from insect_edge.domain import Label, Role
from insect_edge.rejection import Rejection

LABELS = tuple(
    Label(index=index, name=name, role=role, taxon=None, threshold=0.5)
    for index, (name, role) in enumerate((("ant", Role.PEST), ("moth", None), ("background", Role.BACKGROUND)))
)
CARD = ModelCard(
    model_id="x", labels=LABELS, input=InputContract(width=32, height=32), activation="logits", temperature=2.0
)
values = hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-9, 9))


def answers(loud: float, *, count: int = 50, seed: int = 1) -> np.ndarray:
    """Logits of animals whose own label is about that loud."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 0.5, size=(count, 3)).astype(np.float32)
    logits[np.arange(count), np.arange(count) % 2] += np.float32(loud)
    return logits


VALIDATION = Outputs(
    logits=np.concatenate([answers(6), np.array([[0, 1, 9]] * 10, np.float32)]),
    truth=np.array([*(np.arange(50) % 2), *[2] * 10]),
)


def limits(**changes: object) -> Rejection:
    """A rejection with other values."""
    made = Rejection(score="max_logit", threshold=4.0, presence=0.5, auroc=None, fpr_at_95_tpr=None, fitted_on="x")
    return replace(made, **changes)


def test_separation_of_a_few_scores_can_be_counted() -> None:
    """Of 3 x 2 pairs five are in order and one is tied; one of two strangers reaches what 95 % of the known do."""
    found = rejection.separation(np.array([2.0, 3.0, 4.0]), np.array([1.0, 2.0]))
    assert found.auroc == pytest.approx(5.5 / 6)
    assert found.fpr_at_95_tpr == 0.5


@given(values, values)
def test_separation_does_not_depend_on_the_scale(wanted: np.ndarray, unwanted: np.ndarray) -> None:
    """Doubling all scores, which binary fractions do exactly, changes nothing."""
    assert rejection.separation(wanted, unwanted) == rejection.separation(2 * wanted, 2 * unwanted)


def test_log_odds_are_those_of_the_presence() -> None:
    """The logistic function of them is the share that softmax gives to all animals together."""
    logits = np.array([[3, 1, 2], [0, 0, 9]], np.float32)
    powers = np.exp(logits / 2.0)
    expected = powers[:, :2].sum(axis=1) / powers.sum(axis=1)
    odds = rejection.log_odds(logits, CARD)
    np.testing.assert_allclose(1 / (1 + np.exp(-odds)), expected, rtol=1e-5)


def test_the_presence_holds_the_share_asked_for() -> None:
    """Fitted on 47 pictures, again and again, the mean share of others above it is near the two hundredths wanted."""
    generator = np.random.default_rng(1)
    above = []
    for _ in range(200):
        presence = rejection.fit_presence(generator.logistic(-4, 1, size=47), false_alarms=0.02)
        above.append(np.mean(generator.logistic(-4, 1, size=1000) >= np.log(presence / (1 - presence))))
    assert 0.012 < np.mean(above) < 0.028


def test_fewer_false_alarms_need_a_higher_presence() -> None:
    """The presence rises as the share falls, stays under one, and without pictures there is nothing to fit."""
    odds = np.linspace(-8, 2, 47)
    steps = [rejection.fit_presence(odds, false_alarms=share) for share in (0.1, 0.02, 0.01, 0.001)]
    assert steps == sorted(steps)
    assert rejection.fit_presence(odds + 50, false_alarms=0.01) == rejection.HIGHEST_PRESENCE
    assert rejection.fit_presence(odds[:0], false_alarms=0.01) == 0.0


def test_a_share_of_the_right_names_is_given_up() -> None:
    """Of a hundred right answers the four least familiar fall, fewer where thresholds took some already."""
    known, right = np.arange(100.0), np.ones(100, dtype=np.bool_)
    assert rejection.fit_threshold(known, right=right, named=right) == 4.0
    named = right.copy()
    named[[50, 60, 70]] = False
    assert rejection.fit_threshold(known, right=right, named=named) == 1.0
    assert rejection.fit_threshold(known, right=right, named=known >= 30) == 30.0


def test_wrong_answers_cost_nothing() -> None:
    """Only right answers are counted as lost."""
    known, right = np.arange(100.0), np.arange(100) >= 50
    assert rejection.fit_threshold(known, right=right, named=np.ones(100, dtype=np.bool_)) == 52.0


@given(hnp.arrays(np.float32, st.integers(1, 60), elements=st.floats(-20, 20, width=32)))
def test_no_more_right_names_fall_than_may(known: np.ndarray) -> None:
    """Whatever the familiarities are, at least the share wanted keeps its name."""
    right = np.ones(len(known), dtype=np.bool_)
    threshold = rejection.fit_threshold(known, right=right, named=right)
    assert np.sum(known < threshold) <= rejection.LOST * len(known)


def test_the_score_that_tells_most_is_chosen() -> None:
    """Strangers as sure of themselves, but fainter, are told by how loud the answer is and not by the softmax."""
    known = np.array([[9, 5.5, 0], [5.6, 9.2, 0]] * 20, np.float32)
    strangers = np.array([[4, 0, -6], [0.1, 4.1, -6]] * 20, np.float32)
    validation = Outputs(logits=known, truth=np.array([0, 1] * 20))
    table = rejection.compare(known, strangers, CARD)
    assert table["softmax"].auroc < 0.1
    assert table["max_logit"].auroc == 1.0
    fitted = rejection.fit(CARD, validation, unknown=strangers, presence=0.5)
    assert fitted is not None
    assert fitted.score == "max_logit"
    assert fitted.threshold <= 9
    assert fitted.fitted_on == "40 validation photographs of known animals, 40 photographs of unknown insects"


def test_another_score_than_the_default_must_tell_clearly_more() -> None:
    """Where the gap to the runner-up tells all and loudness nothing it is chosen; where all tell alike it is not."""
    known = np.array([[5, 0, 0], [0, 5, 0]] * 20, np.float32)
    torn = np.array([[5, 4.5, 0], [4.5, 5, 0]] * 20, np.float32)
    validation = Outputs(logits=known, truth=np.array([0, 1] * 20))
    fitted = rejection.fit(CARD, validation, unknown=torn, presence=0.5)
    assert fitted is not None
    assert fitted.score in {"softmax", "margin"}
    alike = rejection.fit(CARD, validation, unknown=known * 0.5, presence=0.5)
    assert alike is not None
    assert alike.score == rejection.DEFAULT_SCORE


def test_without_strangers_the_card_claims_nothing_of_them() -> None:
    """The default score is fitted on the known animals alone, which the card says."""
    fitted = rejection.fit(CARD, VALIDATION, unknown=None, presence=0.5)
    assert fitted is not None
    assert (fitted.score, fitted.auroc, fitted.fpr_at_95_tpr) == (rejection.DEFAULT_SCORE, None, None)
    assert fitted.fitted_on.startswith("50 validation photographs of known animals alone")


def test_where_nothing_can_be_told_apart_there_is_no_rejection() -> None:
    """A model of background alone, or of one label, gets none."""
    empty = replace(CARD, labels=tuple(replace(label, role=Role.BACKGROUND) for label in LABELS))
    assert rejection.fit(empty, VALIDATION, unknown=None, presence=0.5) is None
    one = Outputs(logits=np.ones((3, 1), np.float32), truth=np.zeros(3, np.int64))
    assert rejection.fit(replace(CARD, labels=LABELS[:1]), one, unknown=None, presence=0.5) is None


def test_what_is_measured_is_plain() -> None:
    """Every score's separation, that of presence, and the strangers' verdicts are numbers for the card."""
    card = replace(CARD, rejection=limits())
    found = json.loads(json.dumps(rejection.measure(card, VALIDATION, unknown=answers(2, seed=2))))
    assert found["scores"]["max_logit"]["auroc"] > 0.95
    assert found["presence"] == {"auroc": 1.0, "fpr_at_95_tpr": 0.0}
    shares = found["unknown_insects"]
    assert shares["photographs"] == 50
    assert shares["named"] + shares["unknown"] + shares["silent"] == pytest.approx(1)
    assert shares["unknown"] > shares["named"]


def test_the_card_gets_what_was_measured_of_its_score() -> None:
    """AUROC and false positive rate of the chosen score, and nothing where nothing was measured."""
    measured = {"scores": {"max_logit": {"auroc": 0.9, "fpr_at_95_tpr": 0.3}, "energy": {}}}
    assert rejection.reported(limits(), measured) == limits(auroc=0.9, fpr_at_95_tpr=0.3)
    assert rejection.reported(limits(), {}) == limits()


def test_insects_alone_and_no_strangers_leave_nothing_to_measure() -> None:
    """Without background and without strangers there are no figures rather than empty ones."""
    insects = Outputs(logits=VALIDATION.logits[:50], truth=VALIDATION.truth[:50])
    assert rejection.measure(replace(CARD, rejection=limits()), insects, unknown=None) == {}

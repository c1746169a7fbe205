"""Presence and familiarity: is there an animal, and does the model know it?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from insect_edge.domain import Label, Role
from insect_edge.postprocess import softmax
from insect_edge.rejection import SCORES, Rejection, animals, evidence_of, familiarity, presence

LABELS = tuple(
    Label(index=index, name=name, role=role, taxon=None, threshold=0.5)
    for index, (name, role) in enumerate((("slug", Role.PEST), ("bees", None), ("background", Role.BACKGROUND)))
)
AMONG = animals(LABELS)
LOGITS = np.array([3.0, 1.0, 2.0], np.float32)

rows = hnp.arrays(np.float32, 3, elements=st.floats(-30, 30, width=32))


def of(score: str, logits: np.ndarray = LOGITS, *, temperature: float = 1.0) -> float:
    """One familiarity of one picture."""
    scores = softmax(logits, temperature=temperature)
    return float(familiarity(logits, scores, score=score, temperature=temperature, among=AMONG))


def test_everything_but_the_background_is_an_animal() -> None:
    """A label without a role counts as an animal."""
    assert AMONG.tolist() == [True, True, False]


def test_presence_is_the_score_of_all_animals_together() -> None:
    """Torn between two animals, the presence stays high where the best score does not."""
    assert float(presence(np.array([0.45, 0.45, 0.1], np.float32), AMONG)) == pytest.approx(0.9)


def test_each_score_is_what_its_formula_says() -> None:
    """The values can be computed by hand; the background has no part but in the margin and the softmax's sum."""
    assert of("max_logit") == 3.0
    assert of("margin") == 1.0
    assert of("energy") == pytest.approx(np.log(np.exp(3) + np.exp(1)))
    assert of("energy", temperature=2.0) == pytest.approx(2 * np.log(np.exp(1.5) + np.exp(0.5)))
    assert of("softmax") == pytest.approx(np.exp(3) / np.exp([3, 1, 2]).sum())


@pytest.mark.parametrize("score", ["softmax", "max_logit", "energy"])
def test_a_sure_background_is_no_familiar_animal(score: str) -> None:
    """However loud the answer of the background is, no animal becomes more familiar by it."""
    assert of(score, np.array([3, 1, 30], np.float32)) <= of(score)


@pytest.mark.parametrize("score", SCORES)
def test_a_louder_best_answer_is_more_familiar(score: str) -> None:
    """Raising the best animal raises every score."""
    assert of(score, np.array([4, 1, 2], np.float32)) > of(score)


@given(rows, st.sampled_from(SCORES), st.floats(0.1, 5))
def test_pictures_are_taken_one_by_one(logits: np.ndarray, score: str, temperature: float) -> None:
    """A table gives for each row what the row alone gives, a finite number."""
    table = np.stack([logits, LOGITS])
    both = familiarity(
        table, softmax(table, temperature=temperature), score=score, temperature=temperature, among=AMONG
    )
    assert both[0] == pytest.approx(of(score, logits, temperature=temperature), rel=1e-5, abs=1e-5)
    assert np.isfinite(both).all()


@given(rows, st.floats(0.1, 5))
def test_energy_lies_just_above_the_loudest_answer(logits: np.ndarray, temperature: float) -> None:
    """Of two animals it is at most the temperature times log 2 above."""
    above = of("energy", logits, temperature=temperature) - of("max_logit", logits)
    assert -1e-4 <= above <= temperature * np.log(2) + 1e-4


def test_an_unheard_of_score_is_refused() -> None:
    """No silent default stands in for a score nobody wrote."""
    with pytest.raises(KeyError, match="entropy"):
        of("entropy")


def test_evidence_has_both_numbers() -> None:
    """Plain numbers come out, the presence never above one by rounding."""
    rejection = Rejection(score="max_logit", threshold=0, presence=0, auroc=None, fpr_at_95_tpr=None, fitted_on="")
    scores = np.array([0.6, 0.4000001, 0.0], np.float32)
    evidence = evidence_of(LOGITS, scores, rejection=rejection, temperature=1.0, among=AMONG)
    assert (evidence.presence, evidence.familiarity) == (1.0, 3.0)
    assert {type(evidence.presence), type(evidence.familiarity)} == {float}

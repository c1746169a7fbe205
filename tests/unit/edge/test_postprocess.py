"""From a model's output tensor to scores and a verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from insect_edge.card import InputContract, ModelCard
from insect_edge.domain import Category, Evidence, Label, Role, Verdict
from insect_edge.postprocess import dequantize, scores_of, softmax, top_categories, verdict_of
from insect_edge.rejection import Rejection
from support.interpreter import spec

logit_rows = hnp.arrays(np.float32, st.integers(1, 30), elements=st.floats(-60, 60, width=32))
temperatures = st.floats(0.05, 20)
LABEL = Label(index=0, name="slug", role=Role.PEST, taxon=None, threshold=0.7)


def named(count: int) -> tuple[Label, ...]:
    """That many labels."""
    return tuple(Label(index=i, name=f"label {i}", role=None, taxon=None, threshold=0.5) for i in range(count))


@given(logit_rows, temperatures)
def test_scores_sum_to_one(logits: np.ndarray, temperature: float) -> None:
    """Whatever the logits and the temperature, scores are shares of one."""
    scores = softmax(logits, temperature=temperature)
    assert scores.sum() == pytest.approx(1, abs=1e-5)
    assert ((scores >= 0) & (scores <= 1)).all()


@given(logit_rows, temperatures)
def test_a_temperature_does_not_change_the_order(logits: np.ndarray, temperature: float) -> None:
    """A label with a higher logit never gets the lower score."""
    scores = softmax(logits, temperature=temperature)
    ordered = scores[np.argsort(logits, kind="stable")]
    assert (np.diff(ordered) >= 0).all()


@given(logit_rows, st.floats(-1e4, 1e4, width=32))
def test_scores_depend_on_differences_alone(logits: np.ndarray, shift: float) -> None:
    """Large logits overflow nothing, and adding the same to all changes nothing beyond rounding."""
    shifted = softmax(logits + np.float32(shift), temperature=1.0)
    np.testing.assert_allclose(shifted, softmax(logits, temperature=1.0), atol=3e-3)


def test_a_higher_temperature_is_less_sure() -> None:
    """Dividing the logits pulls the scores together; the known values of two labels come out."""
    logits = np.array([np.log(3), 0], np.float32)
    np.testing.assert_allclose(softmax(logits, temperature=1.0), [0.75, 0.25], rtol=1e-6)
    np.testing.assert_allclose(softmax(logits, temperature=1e6), [0.5, 0.5], rtol=1e-5)
    assert softmax(logits, temperature=0.5)[0] == pytest.approx(0.9)


def test_rows_are_taken_one_by_one() -> None:
    """A table of logits becomes a table of scores, each row for itself."""
    rows = np.array([[1, 2], [5, -5]], np.float32)
    both = softmax(rows, temperature=2.0)
    np.testing.assert_array_equal(both[1], softmax(rows[1], temperature=2.0))


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_quantized_outputs_become_real(dtype: str) -> None:
    """(q - zero point) * scale, over the whole range of the type, without wrapping."""
    limits = np.iinfo(dtype)
    steps = np.arange(limits.min, limits.max + 1).astype(dtype)
    real = dequantize(steps, spec((1, 256), dtype, scale=0.25, zero_point=17))
    assert real.dtype == np.float32
    np.testing.assert_array_equal(real, (np.arange(limits.min, limits.max + 1) - 17) * 0.25)


def test_real_outputs_stay_as_they_are() -> None:
    """A float tensor needs no scale."""
    values = np.array([0.5, -3.25], np.float32)
    np.testing.assert_array_equal(dequantize(values, spec((1, 2))), values)


def test_only_logits_get_a_softmax() -> None:
    """What the graph already made scores is used as it is, and no temperature touches it."""
    card = ModelCard(
        model_id="m", labels=named(2), input=InputContract(width=8, height=8), activation="softmax", temperature=9.0
    )
    output, tensor = np.array([64, 191], np.uint8), spec((1, 2), "uint8", scale=1 / 256)
    np.testing.assert_allclose(scores_of(dequantize(output, tensor), card=card), [0.25, 191 / 256])
    logits = replace(card, activation="logits")
    np.testing.assert_allclose(scores_of(dequantize(output, tensor), card=logits), [0.4863, 0.5137], atol=1e-4)


@given(hnp.arrays(np.float32, st.integers(1, 30), elements=st.floats(0, 1, width=32)), st.integers(1, 40))
def test_the_best_come_first(scores: np.ndarray, count: int) -> None:
    """As many as asked for (or there are), falling scores, each with its own label; ties keep the labels' order."""
    best = top_categories(scores, named(len(scores)), count=count)
    assert len(best) == min(count, len(scores))
    assert all(category.score == scores[category.label.index] for category in best)
    keys = [(-category.score, category.label.index) for category in best]
    assert keys == sorted(keys)
    assert best[0].score == scores.max()


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from([*Role, None]))
def test_a_verdict_needs_its_threshold_and_an_animal(score: float, threshold: float, role: Role | None) -> None:
    """The threshold itself is enough, one hair less is not, and the background never is a verdict."""
    label = replace(LABEL, role=role, threshold=threshold)
    verdict = verdict_of(Category(label=label, score=score))
    if role is not Role.BACKGROUND and score >= threshold:
        assert verdict == Verdict(label="slug", role=role, score=score, threshold=threshold)
    else:
        assert verdict is None


def test_the_threshold_is_inclusive() -> None:
    """A score exactly at the threshold passes."""
    assert verdict_of(Category(label=LABEL, score=0.7)) is not None
    assert verdict_of(Category(label=LABEL, score=float(np.nextafter(0.7, 0)))) is None


def rejection() -> Rejection:
    """Names from a familiarity of 3 on, animals from a presence of 0.9 on."""
    return Rejection(score="max_logit", threshold=3.0, presence=0.9, auroc=None, fpr_at_95_tpr=None, fitted_on="")


@pytest.mark.parametrize(
    ("score", "present", "familiar", "said"),
    [
        (0.8, 0.95, 3.5, "slug"),
        (0.7, 0.9, 3.0, "slug"),
        (0.8, 0.95, 2.9, "unknown"),
        (0.6, 0.95, 3.5, "unknown"),
        (0.6, 0.95, 2.9, "unknown"),
        (0.8, 0.89, 3.5, None),
        (0.6, 0.89, 2.9, None),
    ],
)
def test_unknown_and_nothing_are_told_apart(score: float, present: float, familiar: float, said: str | None) -> None:
    """Nothing where no animal may be; else the name where its score and the familiarity suffice, else `unknown`."""
    evidence = Evidence(presence=present, familiarity=familiar)
    verdict = verdict_of(Category(label=LABEL, score=score), evidence=evidence, rejection=rejection())
    assert (verdict.label if verdict else None) == said


def test_unknown_says_how_sure_it_is_of_an_animal() -> None:
    """Its role is its own, its score the presence and its threshold that of the presence."""
    evidence = Evidence(presence=0.95, familiarity=1.0)
    verdict = verdict_of(Category(label=LABEL, score=0.8), evidence=evidence, rejection=rejection())
    assert verdict == Verdict(label="unknown", role=Role.UNKNOWN, score=0.95, threshold=0.9)


def test_a_winning_background_is_never_unknown() -> None:
    """Where the background is the top category there is nothing, whatever the evidence says."""
    best = Category(label=replace(LABEL, role=Role.BACKGROUND), score=0.4)
    evidence = Evidence(presence=0.95, familiarity=9.0)
    assert verdict_of(best, evidence=evidence, rejection=rejection()) is None


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-5, 9))
def test_a_rejection_never_gives_a_name_that_the_threshold_refuses(
    score: float, present: float, familiar: float
) -> None:
    """A name that comes through the rejection would have been given without it, and with the same score."""
    best = Category(label=LABEL, score=score)
    verdict = verdict_of(best, evidence=Evidence(presence=present, familiarity=familiar), rejection=rejection())
    if verdict is not None and verdict.label != "unknown":
        assert verdict == verdict_of(best)

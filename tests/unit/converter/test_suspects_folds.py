"""A photograph is scored by a classifier that has seen neither it nor anything like it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn", reason="the converter's extra is not installed")

from insect_converter.errors import DatasetError
from insect_converter.suspects import folds

NAMES = ("ants", "bees")


def blobs(
    *, each: int, apart: float, width: int = 30
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float32]], list[int]]:
    """Features of two classes whose centres are so many standard deviations apart."""
    generator = np.random.default_rng(4)
    labels = [index for index in range(2) for _ in range(each)]
    centres = np.array([[0.0] * width, [apart / np.sqrt(width)] * width])
    return (centres[labels] + generator.normal(size=(2 * each, width))).astype(np.float32), labels


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.lists(st.integers(1, 3), min_size=6, max_size=20), min_size=2, max_size=3),
    seed=st.integers(0, 3),
)
def test_each_photograph_is_held_out_once_and_a_group_never_divided(sizes: list[list[int]], seed: int) -> None:
    """Whatever the groups: what is scored together with its group was learnt from in no part."""
    labels = [label for label, groups in enumerate(sizes) for size in groups for _ in range(size)]
    every = [size for groups in sizes for size in groups]
    groups = [number for number, size in enumerate(every) for _ in range(size)]
    names = [f"class{label}" for label in range(len(sizes))]
    divided = folds.divide(labels, groups, names=names, folds=3, seed=seed)
    assert sorted(np.concatenate([held for _, held in divided]).tolist()) == list(range(len(labels)))
    for learnt, held in divided:
        assert not {groups[position] for position in learnt} & {groups[position] for position in held}
        assert {labels[position] for position in learnt} == set(range(len(sizes)))


def test_the_seed_decides() -> None:
    """The same seed gives the same folds, another one others."""
    labels, groups = [0] * 20 + [1] * 20, list(range(40))

    def held(seed: int) -> list[list[int]]:
        return [part.tolist() for _, part in folds.divide(labels, groups, names=NAMES, folds=4, seed=seed)]

    assert held(1) == held(1)
    assert held(1) != held(2)


def test_a_class_with_too_few_motifs_is_named() -> None:
    """Nine near-duplicates are one motif: they cannot be scored by what has seen nothing like them."""
    with pytest.raises(DatasetError, match=r"class bees: 1 different motifs .*, 3 folds need as many: .* --folds"):
        folds.divide([0] * 9 + [1] * 9, [*range(9), *[9] * 9], names=NAMES, folds=3, seed=1)


def test_noise_is_not_learnt_by_heart() -> None:
    """Where features say nothing, but enough to know each photograph by, scores are right by chance only."""
    vectors, labels = blobs(each=60, apart=0.0, width=600)
    divided = folds.divide(labels, list(range(120)), names=NAMES, folds=4, seed=1)
    steps: list[int] = []
    scores = folds.out_of_fold(vectors, labels, divided, on_each=lambda: steps.append(1))
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert (scores.argmax(axis=1) == labels).mean() < 0.65
    assert len(steps) == 4


def test_a_wrong_label_is_contradicted() -> None:
    """A photograph that lies in the other class's cluster gets the other class's label."""
    vectors, labels = blobs(each=40, apart=6.0)
    labels[3] = 1
    divided = folds.divide(labels, list(range(80)), names=NAMES, folds=4, seed=1)
    scores = folds.out_of_fold(vectors, labels, divided)
    assert scores[3].argmax() == 0
    assert (scores.argmax(axis=1) == labels).sum() >= 77


def test_the_stiffest_classifier_that_does_is_taken() -> None:
    """Where every strength is right always, scores are those of the smallest: never quite sure."""
    vectors, labels = blobs(each=40, apart=20.0)
    divided = folds.divide(labels, list(range(80)), names=NAMES, folds=4, seed=1)
    scores = folds.out_of_fold(vectors, labels, divided)
    expected = folds._fit(vectors[divided[0][0]], np.array(labels)[divided[0][0]], strength=min(folds.STRENGTHS))
    np.testing.assert_allclose(scores[divided[0][1]], expected.predict_proba(vectors[divided[0][1]]), atol=1e-6)
    assert (scores.argmax(axis=1) == labels).all()
    assert scores.max() < 0.9


def test_a_stiffer_classifier_may_be_wrong_a_little_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest strength within one standard error of the best is taken: 0.9 for 0.91 of 100, but not 0.88."""
    shares = dict(zip(folds.STRENGTHS, (0.5, 0.88, 0.9, 0.91, 0.9), strict=True))

    class Fitted:
        """A classifier that is right in a known share of cases."""

        def __init__(self, share: float) -> None:
            self.right = int(100 * share + 0.5)

        def predict_proba(self, vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> object:
            """Label 0 for the first, label 1 for the others."""
            return np.eye(2)[(np.arange(len(vectors)) >= self.right).astype(int)]

    monkeypatch.setattr(folds, "_fit", lambda *_, strength: Fitted(shares[strength]))
    everything = np.arange(100)
    strength, scores = folds._stiffest(
        np.zeros((100, 1), np.float32), np.zeros(100, int), learnt=everything, held=everything
    )
    assert strength == folds.STRENGTHS[2]
    assert scores[:, 0].sum() == 90

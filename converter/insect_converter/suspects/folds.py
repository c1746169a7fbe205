"""Score every photograph by a classifier that has not seen it, nor anything like it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from insect_converter.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
"""Inverse regularisation strengths that are tried, from a stiff classifier to a pliant one."""
_ITERATIONS = 1000
_TOLERANCE = 1e-3
"""Of the gradient: ten times finer takes twice as long and moves scores by 0.015 at most."""

Fold = tuple["NDArray[np.int64]", "NDArray[np.int64]"]
"""Positions to learn from, and positions to score."""


def refuse_few(label: str, count: int, *, what: str, folds: int) -> None:
    """Make sure that each fold can have something of a class.

    Raises:
        DatasetError: when there is less of it than there are folds.
    """
    if count < folds:
        raise DatasetError(
            f"class {label}: {count} {what}, {folds} folds need as many: "
            "add photographs, take the class out or ask for fewer --folds"
        )


def divide(labels: Sequence[int], groups: Sequence[int], *, names: Sequence[str], folds: int, seed: int) -> list[Fold]:
    """Stratified folds; a group is never divided.

    Args:
        labels: index of each photograph.
        groups: of near-duplicates, by any number of each photograph.
        names: of the labels.
        folds: how many, at least 2.
        seed: another one gives another division.

    Raises:
        DatasetError: when a class has fewer groups than there are folds, or its groups cannot be spread.
    """
    for index, name in enumerate(names):
        motifs = len({group for label, group in zip(labels, groups, strict=True) if label == index})
        refuse_few(name, motifs, what="different motifs among the readable photographs", folds=folds)
    classes = np.asarray(labels)
    splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    divided: list[Fold] = list(splitter.split(classes, classes, np.asarray(groups)))
    for learnt, _ in divided:
        absent = set(range(len(names))) - set(classes[learnt].tolist())
        if absent:
            raise DatasetError(
                f"class {names[min(absent)]}: its near-duplicates are so many that they fall into one fold: "
                "add other photographs or take the class out"
            )
    return divided


def out_of_fold(
    vectors: NDArray[np.float32],
    labels: Sequence[int],
    folds: Sequence[Fold],
    *,
    on_each: Callable[[], object] = lambda: None,
) -> NDArray[np.float64]:
    """Scores of logistic regression on scaled features, each photograph's by a classifier fitted without its fold.

    A pliant classifier learns wrong labels too, and is sure of whatever it says. So the strength of regularisation is
    the smallest that is right on the first fold as often as the best, less one standard error (the rule of Breiman et
    al., "Classification and Regression Trees", 1984), and serves all folds.

    Args:
        vectors: (photographs, features).
        labels: index of each; every one of 0, 1, … occurs in every fold's part to learn from.
        folds: from `divide`.
        on_each: called after each fold, for a progress bar.

    Returns:
        (photographs, labels), each row with the sum 1.
    """
    classes = np.asarray(labels)
    scores = np.zeros((len(classes), int(classes.max()) + 1))
    (learnt, held), *others = folds
    strength, scores[held] = _stiffest(vectors, classes, learnt=learnt, held=held)
    on_each()
    for learnt, held in others:
        scores[held] = _fit(vectors[learnt], classes[learnt], strength=strength).predict_proba(vectors[held])
        on_each()
    return scores


def _stiffest(
    vectors: NDArray[np.float32], classes: NDArray[np.int64], *, learnt: NDArray[np.int64], held: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64]]:
    """The smallest strength that is about as often right on the held photographs as any, and its scores of them."""
    tried = [
        _fit(vectors[learnt], classes[learnt], strength=strength).predict_proba(vectors[held]) for strength in STRENGTHS
    ]
    right = [float((scores.argmax(axis=1) == classes[held]).mean()) for scores in tried]
    best = max(right)
    enough = best - math.sqrt(best * (1 - best) / len(held))
    chosen = next(place for place, share in enumerate(right) if share >= enough)
    return STRENGTHS[chosen], tried[chosen]


def _fit(vectors: NDArray[np.float32], classes: NDArray[np.int64], *, strength: float) -> Pipeline:
    steps = [
        ("scale", StandardScaler()),
        ("classify", LogisticRegression(C=strength, max_iter=_ITERATIONS, tol=_TOLERANCE)),
    ]
    return Pipeline(steps).fit(vectors, classes)

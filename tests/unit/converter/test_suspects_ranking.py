"""The most suspicious label comes first, and what is merely difficult is not called wrong."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cleanlab", reason="the converter's extra is not installed")

from insect_converter.suspects import ranking

LABELS = [0] * 20 + [1] * 20 + [2] * 20


def scores() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """A classifier's that is fairly sure, and right, of all."""
    return np.full((60, 3), 0.1) + 0.7 * np.eye(3)[LABELS]


def test_labels_that_agree_are_not_suspicious() -> None:
    """Where every photograph gets the label it has there is nothing to list."""
    assert ranking.rank(scores(), LABELS) == []


def test_the_surer_the_contradiction_the_earlier_it_comes() -> None:
    """Suspects are ordered by how far their own label's score lies under the highest one, which is suggested."""
    table = scores()
    table[5] = [0.3, 0.4, 0.3]
    table[25] = [0.02, 0.03, 0.95]
    table[45] = [0.8, 0.1, 0.1]
    suspects = ranking.rank(table, LABELS)
    assert [(suspect.position, suspect.suggested) for suspect in suspects] == [(25, 2), (45, 0), (5, 1)]
    assert [suspect.quality for suspect in suspects] == pytest.approx([0.04, 0.15, 0.45])


def test_only_sure_contradictions_count_as_mislabelled() -> None:
    """Confident learning estimates two to be mislabelled, which are the first two; a wavering one is not counted."""
    table = scores()
    table[5] = [0.3, 0.4, 0.3]
    table[25] = [0.02, 0.03, 0.95]
    table[45] = [0.85, 0.05, 0.1]
    assert {suspect.position: suspect.counted for suspect in ranking.rank(table, LABELS)} == {
        25: True,
        45: True,
        5: False,
    }


def test_what_is_counted_is_listed() -> None:
    """Whatever the scores: every suspect would get another label, none occurs twice, all are in order."""
    table = np.random.default_rng(2).dirichlet([0.6] * 3, size=60)
    suspects = ranking.rank(table, LABELS)
    assert {suspect.position for suspect in suspects} == set(np.flatnonzero(table.argmax(axis=1) != LABELS).tolist())
    assert len({suspect.position for suspect in suspects}) == len(suspects)
    assert [suspect.quality for suspect in suspects] == sorted(suspect.quality for suspect in suspects)
    assert all(suspect.quality <= 0.5 for suspect in suspects)

"""What looks say together stays a score."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.domain import Category
from insect_edge.policy.pooling import LEAST, Pool
from support.policy_watch import LABELS

SCORES = st.floats(0, 1)
LOOKS = st.lists(st.dictionaries(st.sampled_from(list(LABELS)), SCORES, min_size=1), min_size=1, max_size=40)


def pooled(*looks: dict[str, float]) -> Pool:
    """The looks together."""
    pool = Pool()
    for look in looks:
        pool = pool.plus(Category(label=LABELS[name], score=score) for name, score in look.items())
    return pool


@given(SCORES)
def test_one_look_says_what_it_says(score: float) -> None:
    """Its own score, within what a score is believed."""
    held = min(max(score, LEAST), 1 - LEAST)
    assert pooled({"slug": score}).score("slug", threshold=0.5) == pytest.approx(held)


@given(LOOKS, SCORES)
def test_a_score_is_a_score(looks: list[dict[str, float]], threshold: float) -> None:
    """From 0 to 1, whatever was seen; of a label that never was, 0."""
    pool = pooled(*looks)
    assert all(0 <= pool.score(name, threshold=threshold) <= 1 for name in LABELS)
    assert pool.score("somebody", threshold=threshold) == 0


@given(st.floats(0.02, 0.98), st.integers(1, 60), st.floats(-0.3, 0.3))
def test_a_threshold_means_the_same_for_any_number_of_looks(threshold: float, looks: int, off: float) -> None:
    """Looks that all pass it pass it together, and those that all miss a threshold of up to one half miss it."""
    score = min(max(threshold + off, LEAST), 1 - LEAST)
    together = pooled(*[{"slug": score}] * looks).score("slug", threshold=threshold)
    if score >= threshold:
        assert together >= threshold - 1e-9
    elif threshold <= 0.5:
        assert together < threshold + 1e-9


def test_looks_that_agree_are_surer_than_one_but_not_much() -> None:
    """Looks at one animal are no independent witnesses: a hundred are worth two."""
    one, three, hundred = (pooled(*[{"slug": 0.8}] * looks).score("slug", threshold=0.6) for looks in (1, 3, 100))
    assert one < three < hundred
    # Odds of four to one, squared.
    assert hundred == pytest.approx(16 / 17, abs=0.002)


def test_the_leader_is_whom_most_speaks_for() -> None:
    """One sure look at something else is outweighed by three at the slug."""
    assert Pool().leader is None
    assert pooled({"slug": 0.8}, {"bees": 0.9}, {"slug": 0.8}, {"slug": 0.7}).leader == "slug"
    assert pooled({"slug": 0.6}, {"background": 0.99}).leader == "background"


def test_what_is_long_past_fades() -> None:
    """After many looks at something else the first ones no longer lead."""
    assert pooled(*[{"slug": 0.9}] * 30, *[{"bees": 0.9}] * 40).leader == "bees"


def test_a_bad_beginning_is_soon_outweighed() -> None:
    """Five looks at a place before anybody sat there do not hold back five that show who does."""
    pool = pooled(*[{"bees": 0.13}] * 5, *[{"slug": 0.9}] * 5)
    assert pool.leader == "slug"
    assert pool.score("slug", threshold=0.5) > 0.5

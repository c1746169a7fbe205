"""What the model called an animal."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.tracking.names import MOST_LOOKS, NAMELESS, ODD, SURE, USUAL, Names

NAMES = st.lists(st.sampled_from(["slug", "snail", "wasp", None]), max_size=60)


def called(*names: str | None) -> Names:
    """After these looks."""
    result = Names()
    for name in names:
        result = result.plus(name)
    return result


def test_a_name_is_sure_once_two_looks_agree() -> None:
    """One look may be wrong; the most frequent leads."""
    assert (called().leader, called().sure) == (None, None)
    assert (called("slug").leader, called("slug").sure) == ("slug", None)
    assert called("slug", "wasp", "slug").sure == "slug"
    assert called("slug", None, "slug").sure == "slug"
    assert SURE == 2


def test_another_name_is_the_less_likely_the_more_looks_there_were() -> None:
    """By the rule of succession, against the share that one kind among several has."""
    known = [called(*["slug"] * looks) for looks in (1, 3, 20)]
    costs = [names.cost("wasp") for names in known]
    assert costs == sorted(costs)
    assert costs[0] == pytest.approx(math.log(USUAL / (ODD / 2)))
    assert called().cost("wasp") == 0
    assert called("slug", "slug").cost("slug") == 0


def test_one_that_has_a_name_is_seldom_without() -> None:
    """A look that names nothing speaks for a leaf; of what has no sure name it says nothing."""
    assert called("slug", "slug").cost(None) == NAMELESS
    assert called("slug").cost(None) == 0


def test_two_contradict_each_other_where_both_are_sure() -> None:
    """And of different names."""
    slug, wasp = called("slug", "slug"), called("wasp", "wasp")
    assert slug.contradicts(wasp)
    assert wasp.contradicts(slug)
    assert not slug.contradicts(slug)
    assert not slug.contradicts(called("wasp"))


@given(NAMES)
def test_old_looks_fade(names: list[str | None]) -> None:
    """All together never count for more than so many, and a cost is never negative."""
    known = called(*names)
    assert sum(known.counts.values()) <= MOST_LOOKS
    assert all(known.cost(name) >= 0 for name in ("slug", "bee", None))


@given(NAMES, NAMES)
def test_looks_before_and_after_a_gap_are_those_of_one(before: list[str | None], after: list[str | None]) -> None:
    """Counted apart and put together they lead to the same name, as nearly as old looks fade."""
    together, apart = called(*before, *after), called(*before).and_later(called(*after))
    assert set(together.counts) == set(apart.counts)
    assert all(together.counts[name] == pytest.approx(apart.counts[name], abs=1.0) for name in together.counts)


def test_the_share_of_a_name_is_of_all_looks() -> None:
    """Those that name nothing count too, the older ones for less."""
    assert called(*["bees"] * 3).share("bees") == 1.0
    assert called("bees", None).share("bees") == pytest.approx(1 / 2)
    assert called("bees").share("slug") == Names().share("slug") == 0.0
    leaf = called(*[None] * 60, "bees", None, "bees", None, "bees")
    assert leaf.share("bees") < 1 / 5
    assert called(*[None] * 60, *["bees"] * 9).share("bees") > 1 / 3


def test_looks_without_a_name_are_of_one_as_well() -> None:
    """What is found again has not been looked at less often."""
    assert called(None, None, "bees").and_later(called("bees")).share("bees") < 0.55
    assert called(*[None] * 20).and_later(called(*[None] * 20)).without == MOST_LOOKS

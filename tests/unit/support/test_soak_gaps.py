"""Missing numbers are counted without being written down one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from support.soak.gaps import Gaps

NUMBERS = st.sets(st.integers(1, 30))


@given(arrived=NUMBERS, taken=NUMBERS, start=st.integers(1, 31), length=st.integers(0, 31))
def test_it_counts_as_sets_do(arrived: set[int], taken: set[int], start: int, length: int) -> None:
    """Whatever arrived, and whatever is taken away one by one or as a stretch."""
    gaps, expected = Gaps.between(arrived, last=30), set(range(1, 31)) - arrived
    assert gaps.first(30) == sorted(expected)
    assert gaps.take(taken) == len(expected & taken)
    expected -= taken
    stretch = range(start, start + length)
    assert gaps.take_all(stretch) == len(expected & set(stretch))
    expected -= set(stretch)
    assert (gaps.first(30), len(gaps)) == (sorted(expected), len(expected))


def test_a_jump_past_a_trillion_numbers_costs_nothing() -> None:
    """Where nobody knows which numbers were used they go on from the milliseconds since 1970."""
    gaps = Gaps.between({1, 2, 1_700_000_000_001}, last=1_700_000_000_001)
    assert len(gaps) == 1_699_999_999_998
    assert gaps.take_all(range(3, 1_700_000_000_001)) == len(range(3, 1_700_000_000_001))
    assert not len(gaps)

"""Times of stages and the rate they allow."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.stages import LookTimes, StepTimes, Timings, looks_within, rate_of

TIMES = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=200)


@given(TIMES)
def test_the_percentile_is_one_of_the_times_and_holds_for_95_of_100(times: list[float]) -> None:
    """At most one in twenty took longer, and no smaller time would do."""
    found = Timings.of(times)
    assert found.p95_ms in times
    assert found.count == len(times)
    assert sum(time > found.p95_ms for time in times) <= 0.05 * len(times)
    assert sum(time < found.p95_ms for time in times) < 0.95 * len(times)
    assert min(times) <= found.median_ms <= found.p95_ms


@given(st.floats(0.01, 1e6))
def test_a_rate_can_really_be_held(milliseconds: float) -> None:
    """It is rounded down, by less than a tenth, to two digits."""
    rate = rate_of(milliseconds)
    assert rate * milliseconds <= 1e3 * (1 + 1e-6)
    assert rate * milliseconds > 1e3 / 1.1 * (1 - 1e-6)


@pytest.mark.parametrize(("milliseconds", "rate"), [(10, 100), (12, 83), (1000, 1), (1500, 0.66), (0, math.inf)])
def test_rates_are_round_numbers(milliseconds: float, rate: float) -> None:
    """Nobody believes a fifth digit."""
    assert rate_of(milliseconds) == pytest.approx(rate)


@given(st.lists(st.floats(0.01, 1e3), min_size=1, max_size=30), st.floats(0, 1e3), st.floats(0.1, 1e5))
def test_so_many_looks_fit_and_not_one_more(times: list[float], rest: float, room: float) -> None:
    """Beside all else, at what 95 of 100 take at most."""
    looks = tuple(LookTimes(preprocess=0.0, inference=time, postprocess=0.0) for time in times)
    steps = [StepTimes(finding=rest / 2, looks=looks, judging=rest / 2), StepTimes(finding=rest, looks=(), judging=0.0)]
    longest = Timings.of(times).p95_ms
    fitting = looks_within(room, steps)
    assert fitting >= 0
    assert fitting == 0 or rest + fitting * longest <= room * (1 + 1e-9)
    assert rest + (fitting + 1) * longest > room * (1 - 1e-9)

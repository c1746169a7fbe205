from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from insect_edge.backoff import Backoff


def seeded(seed: int) -> Random:
    """A generator that repeats itself."""
    return Random(seed)  # noqa: S311 # jitter, not secrets


@given(seed=st.integers(), attempts=st.integers(min_value=1, max_value=200))
def test_delays_double_up_to_the_longest(seed: int, attempts: int) -> None:
    """Each delay lies in the upper half of a range that doubles and then stays."""
    backoff = Backoff(first=1.0, longest=60.0, random=seeded(seed))
    for attempt in range(attempts):
        ceiling = min(60.0, 2.0**attempt)
        assert ceiling / 2 <= backoff.next_delay() <= ceiling


def test_two_devices_do_not_knock_together() -> None:
    """Different seeds give different delays."""
    delays = {Backoff(first=1.0, longest=60.0, random=seeded(seed)).next_delay() for seed in range(20)}
    assert len(delays) == 20


def test_a_reset_starts_again() -> None:
    """After success the next failure waits shortly."""
    backoff = Backoff(first=1.0, longest=60.0, random=seeded(1))
    for _ in range(10):
        backoff.next_delay()
    backoff.reset()
    assert backoff.next_delay() <= 1.0

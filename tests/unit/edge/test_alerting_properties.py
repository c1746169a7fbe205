"""Thresholds in whole lives of a device, wherever hypothesis puts animals and restarts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insect_edge.domain import Phase
from insect_edge.policy.arrivals import DAY, HOUR
from insect_edge.policy.thresholds import Per
from support.slug_watch import device, per, slugs

if TYPE_CHECKING:
    from insect_edge.policy.thresholds import Threshold

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("slugs"), st.integers(1, 5), st.sampled_from([10.0, 300.0, 1800.0])),
        st.tuples(st.just("wait"), st.sampled_from([100.0, 2000.0, 20_000.0, DAY])),
    ),
    min_size=1,
    max_size=12,
)
RULES = st.sampled_from(
    [per(Per.HOUR, 3), per(Per.TRAP_DAY, 6), per(Per.WEEK, 9, rearm_below=2), per(Per.HOUR, 1, cooldown=5000.0)]
)
RESTARTS = st.lists(st.sampled_from(["", "", "kill", "stop", "reboot"]), min_size=60, max_size=60)


def lived(rule: Threshold, steps: list[tuple[Any, ...]], restarts: list[str]) -> list[float]:
    """True seconds of the alerts of a life in which the process ends and starts after some of the animals."""
    trap, left = device(rule), iter(restarts)
    for step in steps:
        match step:
            case ("slugs", count, every):
                for _ in range(count):
                    slugs(trap, 1, every=every)
                    match next(left):
                        case "kill":
                            trap.start()
                        case "stop":
                            trap.stop()
                            trap.start()
                        case "reboot":
                            trap.boot(synced=True)
            case ("wait", seconds):
                trap.wait(seconds)
                trap.tick()
    return [at for at, event in trap.told if event.alert]


@settings(max_examples=40)
@given(RULES, STEPS, RESTARTS)
def test_restarts_change_no_alert(rule: Threshold, steps: list[tuple[Any, ...]], restarts: list[str]) -> None:
    """However often the process ends and begins, the same animals raise the same alerts."""
    assert lived(rule, steps, restarts) == pytest.approx(lived(rule, steps, [""] * len(restarts)))


@settings(max_examples=40)
@given(STEPS)
def test_between_two_alerts_the_count_was_low(steps: list[tuple[Any, ...]]) -> None:
    """Counted by hand: each alert is past the limit, and before each but the first an animal came at a low count."""
    trap = device(per(Per.HOUR, 3))
    for step in steps:
        if step[0] == "slugs":
            slugs(trap, step[1], every=step[2])
        else:
            trap.wait(step[1])
    starts = [event.at.monotonic for event in trap.events if event.phase is Phase.START]
    fired = [event.at.monotonic for event in trap.events if event.alert]

    def before(at: float) -> int:
        return sum(at - HOUR <= start < at for start in starts)

    assert all(before(at) + 1 > 3 for at in fired)
    for earlier, later in pairwise(fired):
        assert any(before(start) <= 0.8 * 3 for start in starts if earlier < start <= later)
    first = next((start for start in starts if before(start) + 1 > 3), None)
    assert fired[:1] == ([] if first is None else [first])

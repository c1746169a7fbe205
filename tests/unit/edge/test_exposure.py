"""How long the trap looked is remembered over stops, kills and power cuts, and costs next to no writing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from insect_edge.pipeline import CHECKPOINT_SECONDS
from insect_edge.policy.arrivals import DAY, HOUR
from insect_edge.policy.thresholds import Per
from support.slug_watch import device, looks_on, per, slugs

if TYPE_CHECKING:
    from support.device_life import Device


def exposure(trap: Device) -> float:
    """Hours the trap has looked, of the last 24."""
    now = trap.clock.monotonic()
    return trap.state.arrivals.exposure(since=now - DAY, until=now) / HOUR


def test_a_quiet_trap_stores_how_long_it_looked_once_an_hour() -> None:
    """Killed, it has lost what it looked since the last time that was stored, and no more."""
    trap = device(per(Per.TRAP_DAY))
    stored = []
    for _ in range(60):
        looks_on(trap, HOUR / 6, every=60.0)
        stored.append(trap.stored)
    assert len(set(stored)) - 1 == pytest.approx(10 * HOUR / CHECKPOINT_SECONDS, abs=1)
    assert exposure(trap) == pytest.approx(10.0, abs=0.05)
    trap.start(away=0.5 * HOUR)
    assert 10.0 - CHECKPOINT_SECONDS / HOUR - 0.05 <= exposure(trap) <= 10.0


def test_a_clean_stop_forgets_nothing() -> None:
    """What the trap looked by then is stored, also where it has never seen an animal."""
    trap = device(per(Per.TRAP_DAY))
    looks_on(trap, 5.5 * HOUR)
    before = exposure(trap)
    trap.stop()
    trap.start(away=2 * HOUR)
    assert exposure(trap) == pytest.approx(before, abs=0.01)
    trap.boot(synced=True, away=HOUR)
    assert exposure(trap) == pytest.approx(before, abs=0.01)


def test_a_source_that_came_to_its_end_leaves_no_counts() -> None:
    """Another run of it is another story: its animals are counted from none."""
    trap = device(per(Per.HOUR, 3))
    slugs(trap, 3)
    trap.finish()
    trap.start()
    assert slugs(trap, 3) == []

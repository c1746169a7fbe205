"""The same alerts through the same outages, published by this program and as programs around paho do it."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING

from support.alert_source import WAYS
from support.field import Field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.field import Outcome

ROUNDS = int(os.environ.get("INSECT_EDGE_BENCHMARK_OUTAGE_ROUNDS", "1"))
SEED = int(os.environ.get("INSECT_EDGE_BENCHMARK_SEED", "4"))
FAULTS = ("broker_away", "half_open", "devices_killed", "power_cut")
SHORTEST_SECONDS, LONGEST_SECONDS = 3.0, 9.0
LONG_OUTAGE_SECONDS = 24.0
"""Of the last fault of a round: more alerts than a queue of 100 holds."""
SETTLE_SECONDS = 180.0


def _schedule(random: Random) -> list[tuple[str, float]]:
    """Faults with their seconds: every kind once a round in any order, then a long outage; calm between them."""
    faults = []
    for _ in range(ROUNDS):
        drawn = random.sample(FAULTS, len(FAULTS))
        faults += [(fault, random.uniform(SHORTEST_SECONDS, LONGEST_SECONDS)) for fault in drawn]
        faults.append(("broker_away", LONG_OUTAGE_SECONDS))
    return [step for fault in faults for step in (("calm", random.uniform(3.0, 6.0)), fault)]


def _table(schedule: list[tuple[str, float]], found: dict[str, Outcome]) -> Iterator[str]:
    whole = sum(seconds for _, seconds in schedule)
    away = sum(seconds for fault, seconds in schedule if fault in {"broker_away", "power_cut"})
    faults = len(schedule) // 2
    yield f"{faults} faults in {whole:.0f} s, the broker away for {away:.0f} of them (seed {SEED}), the same for all:"
    yield f"{'way':<15}{'raised':>9}{'arrived':>9}{'lost':>9}{'repeated':>9}"
    for way, one in found.items():
        yield f"{way:<15}{one.raised:>9}{one.arrived:>9}{one.lost:>9}{one.repeated:>9}"


def test_what_outages_cost(tmp_path: Path, say: Callable[[str], None]) -> None:
    """Ours loses no alert; paho alone loses those raised while it is not connected, or those in its memory."""
    schedule = _schedule(Random(SEED))  # noqa: S311 # a schedule, not secrets
    with Field(tmp_path, WAYS) as field:
        for fault, seconds in schedule:
            getattr(field, fault)(seconds)
        field.settle(seconds=SETTLE_SECONDS)
        found = {way: field.outcome(way) for way in WAYS}
    say("\n  ".join(_table(schedule, found)))
    assert found["insect-edge"].lost == 0
    assert all(found[way].lost for way in WAYS if way != "insect-edge")

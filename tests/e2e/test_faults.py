"""A minute of the soak: what several traps go through at once costs no message, repeats no number and is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.soak.soak import Aim, Soak
from support.soak.table import table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


def test_nothing_is_lost_and_nothing_invented_through_dozens_of_faults(tmp_path: Path) -> None:
    """Kills, outages, broken networks, full and damaged disks, blind cameras and jumping clocks, from one seed."""
    aim = Aim(faults=40, events=40, seconds=240)
    soak = Soak(tmp_path / "soak", seed=11, aim=aim, pause=(0.5, 5), report=5)
    verdicts = soak.run(print)
    words = table(verdicts)
    print(words)  # noqa: T201 # for whoever runs -s
    assert all(verdict.good for verdict in verdicts), words
    assert sum(verdict.faults.total() for verdict in verdicts) >= 40
    assert sum(verdict.delivered for verdict in verdicts) >= 40

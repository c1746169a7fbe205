"""The outbox on a real disk that is really full."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.errors import OutboxError, OutboxFullError
from insect_edge.outbox.files import RESERVE
from insect_edge.outbox.queue import Kind, Outbox
from support.outbox_world import BOUNDLESS, draft, everything, seqs
from support.small_disk import fill, small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 3 * 1024 * 1024
ALERT = draft(Kind.ALERT, size=800)
SENDER = """
import os, signal, sys
from pathlib import Path
from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.errors import OutboxFullError
from insect_edge.outbox.queue import Kind, Outbox
from support.outbox_world import BOUNDLESS, draft
outbox = Outbox.open(Path(sys.argv[1]), clock=FakeClock(), limits=BOUNDLESS)
while not outbox.status().undurable:
    (entry,) = outbox.put_urgent([draft(Kind.ALERT, size=800)])
print(entry.seq, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small one."""
    with small_disk(tmp_path / "disk", size_bytes=SIZE) as mounted:
        yield mounted


def test_a_full_disk_stops_no_alert_and_mends_by_itself(disk: Path) -> None:
    """Hundreds are stored in the reserve, the rest kept in memory; with room again all are stored, none lost."""
    clock = FakeClock()
    outbox = Outbox.open(disk / "outbox", clock=clock, limits=BOUNDLESS)
    outbox.put([draft(size=500) for _ in range(50)])
    filler = fill(disk)
    with pytest.raises(OutboxFullError):
        outbox.put([draft(size=50_000)])
    for _ in range(500):
        outbox.put_urgent([ALERT])
    undurable = outbox.status().undurable
    assert 0 < undurable < 300
    assert seqs(everything(outbox)) == [*range(51, 551), *range(1, 51)]
    filler.unlink()
    clock.advance(60)
    assert outbox.recover()
    assert outbox.cramped is None
    outbox.close()
    outbox = Outbox.open(disk / "outbox", clock=clock, limits=BOUNDLESS)
    assert seqs(everything(outbox)) == [*range(51, 551), *range(1, 51)]
    assert (outbox.status().undurable, outbox.status().rescues) == (undurable, 0)
    assert seqs(outbox.put([draft()])) == [551]
    outbox.close()


def test_a_kill_on_a_full_disk_repeats_no_number(disk: Path) -> None:
    """The process that sent alerts from memory is killed; the next one goes on behind them, still without room."""
    Outbox.open(disk / "outbox", clock=FakeClock(), limits=BOUNDLESS).close()
    filler = fill(disk)
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", SENDER, disk / "outbox"], capture_output=True, check=False, env={"PYTHONPATH": str(root)}
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    last = int(done.stdout)
    clock = FakeClock()
    outbox = Outbox.open(disk / "outbox", clock=clock, limits=BOUNDLESS)
    (entry,) = outbox.put_urgent([ALERT])
    assert entry.seq > last
    assert outbox.cramped is not None
    filler.unlink()
    clock.advance(60)
    assert outbox.recover()
    assert outbox.status().rescues == 1
    assert outbox.put([ALERT])[0].seq == entry.seq + 1
    outbox.close()


@pytest.mark.parametrize("reserve", [True, False])
def test_it_starts_on_a_full_disk(disk: Path, *, reserve: bool) -> None:
    """Even where SQLite cannot open its database for want of room, alerts go out, and the old ones follow later."""
    clock = FakeClock()
    outbox = Outbox.open(disk / "outbox", clock=clock, limits=BOUNDLESS)
    outbox.put([ALERT, draft()])
    outbox.close()
    if not reserve:
        (disk / "outbox" / RESERVE).unlink()
    filler = fill(disk)
    outbox = Outbox.open(disk / "outbox", clock=clock, limits=BOUNDLESS)
    (entry,) = outbox.put_urgent([ALERT])
    assert entry.seq > 2
    assert entry.seq in seqs(outbox.pending(Kind.ALERT, after=0, limit=10))
    if not reserve:
        with pytest.raises(OutboxError, match="the disk is full"):
            outbox.status()
    filler.unlink()
    clock.advance(60)
    assert outbox.recover()
    assert seqs(everything(outbox)) == [1, entry.seq, 2]
    outbox.close()

"""A log that is damaged before its end: SQLite would pass over what follows; the outbox does not."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.outbox.log import lost_commits
from insect_edge.outbox.queue import Kind, Outbox
from support.outbox_world import BOUNDLESS, draft, everything, seqs

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

HEADER, FRAME = 32, 24 + 4096
ALERTS = 8


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The outbox of a process that was killed after eight alerts, each in a commit of its own."""
    outbox = Outbox.open(tmp_path / "alive", clock=FakeClock(), limits=BOUNDLESS)
    for _ in range(ALERTS):
        outbox.put([draft(Kind.ALERT)])
    shutil.copytree(tmp_path / "alive", tmp_path / "killed")
    outbox.close()
    return tmp_path / "killed"


@pytest.fixture
def log(killed: Path) -> Path:
    """Its log."""
    return killed / "outbox.db-wal"


def frames(log: Path) -> int:
    """How many there are."""
    return (log.stat().st_size - HEADER) // FRAME


def change(log: Path, place: int, content: bytes) -> None:
    """Write over a place of it."""
    with log.open("r+b") as file:
        file.seek(place)
        file.write(content)


def turn_over(log: Path, place: int) -> None:
    """One bit."""
    change(log, place, bytes([log.read_bytes()[place] ^ 4]))


def reopened(killed: Path) -> AbstractContextManager[Outbox]:
    """What the next process finds."""
    return closing(Outbox.open(killed, clock=FakeClock(), limits=BOUNDLESS))


def test_what_was_written_is_intact(killed: Path, log: Path) -> None:
    """The log of a killed process is whole by SQLite's own checksums, and nothing is rescued."""
    assert frames(log) > 2 * ALERTS
    assert not lost_commits(log)
    with reopened(killed) as outbox:
        assert seqs(everything(outbox)) == [*range(1, ALERTS + 1)]
        assert outbox.put([draft()])[0].seq == ALERTS + 1
        assert outbox.status().rescues == 0


@pytest.mark.parametrize("place", [0, 9, 20, 24, 2_000, FRAME - 1], ids=lambda place: f"byte {place}")
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_a_bit_turned_over_costs_no_message_and_repeats_no_number(
    killed: Path, log: Path, place: int, share: float
) -> None:
    """Wherever it is in the log, in a frame's head or its page: all eight are found, and numbers go past them."""
    turn_over(log, HEADER + int(share * frames(log)) * FRAME + place)
    assert lost_commits(log)
    with reopened(killed) as outbox:
        found = seqs(everything(outbox))
        # A page that is written only once may take a row along.
        assert set(found) <= {*range(1, ALERTS + 1)}
        assert len(found) >= ALERTS - 1
        assert outbox.put([draft()])[0].seq > ALERTS
        assert outbox.status().rescues == 1
        assert outbox.status().salvaged == len(found)


@pytest.mark.parametrize("place", [0, 8, 16, 24], ids=lambda place: f"byte {place}")
def test_a_damaged_head_of_the_log_is_found_out(killed: Path, log: Path, place: int) -> None:
    """SQLite would take the whole log for none."""
    turn_over(log, place)
    with reopened(killed) as outbox:
        assert seqs(everything(outbox)) == [*range(1, ALERTS + 1)]
        assert outbox.status().rescues == 1


def test_a_blank_sector_at_the_end_is_found_out(log: Path) -> None:
    """The head of the last frame is gone, and no power cut leaves zeros there."""
    change(log, HEADER + (frames(log) - 1) * FRAME, bytes(512))
    assert lost_commits(log)


def test_an_end_that_was_never_written_is_no_damage(log: Path) -> None:
    """A process that was killed in a commit leaves a log that ends anywhere."""
    content = log.read_bytes()
    for length in range(0, len(content), 997):
        log.write_bytes(content[:length])
        assert not lost_commits(log), length
    log.unlink()
    assert not lost_commits(log)


def test_what_an_older_log_left_behind_is_no_damage(tmp_path: Path) -> None:
    """After a checkpoint SQLite writes over its log from the beginning; what is older behind it is passed over."""
    outbox = Outbox.open(tmp_path / "outbox", clock=FakeClock(), limits=BOUNDLESS)
    for _ in range(ALERTS):
        outbox.put([draft(Kind.ALERT)])
    with closing(sqlite3.connect(tmp_path / "outbox" / "outbox.db")) as other:
        other.execute("PRAGMA wal_checkpoint(RESTART)")
    log = tmp_path / "outbox" / "outbox.db-wal"
    before = frames(log)
    outbox.put([draft(Kind.ALERT)])
    assert frames(log) == before
    assert not lost_commits(log)
    turn_over(log, HEADER + 2_000)
    assert lost_commits(log)
    outbox.close()

"""What the database counts is believed only where it adds up, and what was set aside does not fill the disk."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.errors import OutboxFullError
from insect_edge.outbox import files as outbox_files
from insect_edge.outbox.footing import RECOVER_SECONDS
from insect_edge.outbox.numbers import NumberFile, Numbering
from insect_edge.outbox.queue import Kind, Outbox
from support.outbox_world import BOUNDLESS, draft, everything, seqs

if TYPE_CHECKING:
    from pathlib import Path


def opened(folder: Path) -> Outbox:
    """The outbox in a folder."""
    return Outbox.open(folder, clock=FakeClock(), limits=BOUNDLESS)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A folder with an outbox that has given out 20 numbers, and forgotten 15 of the messages."""
    with closing(opened(tmp_path)) as outbox:
        outbox.put([draft(Kind.ALERT if number % 2 else Kind.DETECTION) for number in range(20)])
        outbox.ack(range(6, 21))
    return tmp_path


def changed(folder: Path, statement: str) -> None:
    """The database after something happened to it."""
    with closing(sqlite3.connect(folder / outbox_files.DATABASE)) as database:
        database.execute(statement)
        database.commit()


@pytest.mark.parametrize("name", ["last_seq", "last_alert", "last_detection", "last_check"])
@pytest.mark.parametrize("change", ["value - 4", "value + 64 - 2 * (value & 64)", "value + 65536"])
@pytest.mark.parametrize("numbers", [True, False])
def test_a_bit_turned_over_brings_no_number_back(filled: Path, name: str, change: str, *, numbers: bool) -> None:
    """Nobody knows which numbers were used: they jump past all that may have been, which is counted."""
    changed(filled, f"UPDATE counter SET value = {change} WHERE name = '{name}'")  # noqa: S608 # the test's own words
    if not numbers:
        (filled / outbox_files.NUMBERS).unlink()
    outbox = opened(filled)
    assert seqs(everything(outbox)) == [2, 4, 1, 3, 5]
    assert outbox.put([draft()])[0].seq > 20
    assert outbox.status().rescues == 1
    number = outbox.put([draft()])[0].seq
    outbox.close()
    outbox = opened(filled)
    assert outbox.put([draft()])[0].seq == number + 1
    assert outbox.status().rescues == 1
    outbox.close()


def test_a_database_without_that_checksum_goes_on(filled: Path) -> None:
    """An older program wrote none: no number is skipped, and from now on there is one."""
    changed(filled, "DELETE FROM counter WHERE name = 'last_check'")
    with closing(opened(filled)) as outbox:
        assert seqs(outbox.put([draft()])) == [21]
        assert outbox.status().rescues == 0
    with closing(sqlite3.connect(filled / outbox_files.DATABASE)) as database:
        assert database.execute("SELECT count(*) FROM counter WHERE name = 'last_check'").fetchone() == (1,)


def test_a_first_start_on_a_full_disk_waits_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for a single number nothing is given out, and all is well by itself once there is some."""
    clock = FakeClock()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("insect_edge.outbox.reserve.free_bytes", lambda _: 0)
        patch.setattr(NumberFile, "_replace", full)
        outbox = Outbox.open(tmp_path, clock=clock, limits=BOUNDLESS)
        assert outbox.cramped is not None
        with pytest.raises(OutboxFullError):
            outbox.put_urgent([draft(Kind.ALERT)])
    clock.advance(RECOVER_SECONDS)
    assert outbox.recover()
    assert seqs(outbox.put([draft()])) == [1]
    outbox.close()


def test_a_clock_in_1970_makes_no_number_small(tmp_path: Path) -> None:
    """Where only the time is left to go by, and that is not set, numbers are still above all that were ever used."""
    numbering = Numbering(tmp_path / outbox_files.NUMBERS)
    assert numbering.start(None, damaged=True, milliseconds=5_000)
    assert numbering.used.seq > 1_500_000_000_000


def test_damaged_databases_do_not_pile_up(tmp_path: Path) -> None:
    """The newest few are kept for people; the rows of all of them went on."""
    clock = FakeClock()
    for _ in range(outbox_files.MOST_KEPT + 3):
        with closing(Outbox.open(tmp_path, clock=clock, limits=BOUNDLESS)) as outbox:
            outbox.put([draft()])
        clock.advance(3_600)
        with (tmp_path / outbox_files.DATABASE).open("r+b") as file:
            file.write(bytes(4096))
    with closing(Outbox.open(tmp_path, clock=clock, limits=BOUNDLESS)) as outbox:
        assert len(everything(outbox)) == outbox_files.MOST_KEPT + 3
    kept = sorted(path.name for path in tmp_path.glob("outbox.damaged-*"))
    assert len(kept) == outbox_files.MOST_KEPT
    assert kept[-1] == f"outbox.damaged-20260601T{12 + outbox_files.MOST_KEPT + 3}0000Z.db"

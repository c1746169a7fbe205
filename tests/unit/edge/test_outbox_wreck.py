"""What a wreck hands on fits into the tables it is to go into; a full disk is no damage, and waits."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.errors import OutboxFullError
from insect_edge.outbox import files as outbox_files
from insect_edge.outbox import salvage, store
from insect_edge.outbox.database import translated
from insect_edge.outbox.footing import RECOVER_SECONDS
from insect_edge.outbox.queue import Kind, Outbox
from support.outbox_world import BOUNDLESS, draft, everything, seqs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ALERT = draft(Kind.ALERT)
NO_ROOM = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """The folder of an outbox with twenty messages whose first page is spoilt."""
    with closing(Outbox.open(tmp_path, clock=FakeClock(), limits=BOUNDLESS)) as outbox:
        outbox.put([draft(size=900) for _ in range(20)], state=b"state")
    with (tmp_path / outbox_files.DATABASE).open("r+b") as file:
        file.write(bytes(4096))
    return tmp_path


def no_room(*_: object) -> None:
    """Nothing can be written."""
    raise NO_ROOM


def statement_without_room(patch: pytest.MonkeyPatch) -> None:
    """SQLite finds no room while it reads the copy."""
    execute = salvage.Wreck._execute

    def full(wreck: salvage.Wreck, statement: str, *values: int) -> object:
        if "FROM message" in statement and wreck._connection is not None:
            wreck._connection.execute("PRAGMA max_page_count = 1")
            statement, values = "CREATE TABLE more AS SELECT hex(randomblob(90000))", ()
        return execute(wreck, statement, *values)

    patch.setattr(salvage.Wreck, "_execute", full)


HOW_IT_IS_FULL: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "too little for a copy": lambda patch: patch.setattr(salvage, "free_bytes", lambda _: 0),
    "the copy fails": lambda patch: patch.setattr(salvage, "copy_readable", no_room),
    "not even a folder": lambda patch: patch.setattr(salvage, "_copied", no_room),
    "while it is read": statement_without_room,
}


@pytest.mark.parametrize("how", HOW_IT_IS_FULL)
def test_a_damaged_database_on_a_full_disk_waits_for_room(
    damaged: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """Alerts go out from memory meanwhile; once there is room all that was stored goes on, and nothing is given up."""
    clock = FakeClock()
    with monkeypatch.context() as patch:
        HOW_IT_IS_FULL[how](patch)
        outbox = Outbox.open(damaged, clock=clock, limits=BOUNDLESS)
        with pytest.raises(OutboxFullError):
            outbox.put([draft()])
        (alert,) = outbox.put_urgent([ALERT])
        assert alert.seq > 20
        assert outbox.pending(Kind.ALERT, after=0, limit=10) == [alert]
        with pytest.raises(OutboxFullError):
            outbox.state()
        outbox.close()
        outbox = Outbox.open(damaged, clock=clock, limits=BOUNDLESS)
        (second,) = outbox.put_urgent([ALERT])
        assert second.seq > alert.seq
    assert not list(damaged.glob("outbox.damaged-*"))
    clock.advance(2 * RECOVER_SECONDS)
    assert outbox.recover()
    assert seqs(everything(outbox)) == [second.seq, *range(1, 21)]
    assert outbox.state() == b"state"
    assert outbox.status().salvaged == 20
    assert "nothing can be salvaged" not in caplog.text
    outbox.close()


def test_a_sector_that_cannot_be_read_costs_its_own_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dying card is no reason not to start: what comes back from it goes on."""
    with closing(Outbox.open(tmp_path, clock=FakeClock(), limits=BOUNDLESS)) as outbox:
        outbox.put([draft(size=1_200) for _ in range(60)])
    pages, read, opened = (tmp_path / outbox_files.DATABASE).stat().st_size // 4096, os.pread, store.open_database
    refused: list[Path] = []

    def pread(descriptor: int, count: int, offset: int) -> bytes:
        if offset == 4096 * (pages // 2):
            raise OSError(errno.EIO, "Input/output error")
        return read(descriptor, count, offset)

    def unreadable(path: Path) -> tuple[sqlite3.Connection, bool]:
        if refused:
            return opened(path)
        refused.append(path)
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
        raise translated(error, path=path)

    monkeypatch.setattr(os, "pread", pread)
    monkeypatch.setattr(store, "open_database", unreadable)
    with closing(Outbox.open(tmp_path, clock=FakeClock(), limits=BOUNDLESS)) as outbox:
        assert 54 <= len(everything(outbox)) < 60
        assert outbox.status().rescues == 1
        assert outbox.put([draft()])[0].seq > 60


def test_how_much_room_is_wanted_is_told(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line names the file, the room it takes to read it, and that the rest goes by itself."""
    monkeypatch.setattr(salvage, "free_bytes", lambda _: 100_000)
    outbox = Outbox.open(damaged, clock=FakeClock(), limits=BOUNDLESS)
    wanted = r"outbox\.damaged\.db: damaged, .* too full to read what it holds: free 0\.\d MiB, the messages in it then"
    with pytest.raises(OutboxFullError, match=wanted):
        outbox.state()
    outbox.close()


def test_damage_to_the_fresh_database_gives_up_no_rows_of_the_old_one(
    damaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the old one waits for room the fresh one holds nothing of its own: it is the one that is put away."""
    clock = FakeClock()
    with monkeypatch.context() as patch:
        patch.setattr(salvage, "free_bytes", lambda _: 0)
        Outbox.open(damaged, clock=clock, limits=BOUNDLESS).close()
        (damaged / outbox_files.DATABASE).write_bytes(b"rubbish" * 1000)
        Outbox.open(damaged, clock=clock, limits=BOUNDLESS).close()
    outbox = Outbox.open(damaged, clock=clock, limits=BOUNDLESS)
    assert seqs(everything(outbox)) == list(range(1, 21))
    outbox.close()


def test_numbers_are_safe_although_nothing_can_be_read(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the second file, and with a database that nobody can open now, no number is given out a second time."""
    (damaged / outbox_files.NUMBERS).unlink()

    def full(*_: object) -> None:
        raise OutboxFullError("outbox.db: the disk is full")

    monkeypatch.setattr("insect_edge.outbox.store.open_database", full)
    outbox = Outbox.open(damaged, clock=FakeClock(), limits=BOUNDLESS)
    assert outbox.put_urgent([ALERT])[0].seq > 20
    outbox.close()


def test_a_move_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    """Killed with the log moved and the database not: opened without its log that would be an older state of itself."""
    outbox = Outbox.open(tmp_path / "live", clock=FakeClock(), limits=BOUNDLESS)
    outbox.put([draft()])
    outbox._store.empty_log()
    outbox.put([ALERT, draft()])
    shutil.copytree(tmp_path / "live", tmp_path / "killed")
    outbox.close()
    folder = tmp_path / "killed"
    log, aside = folder / f"{outbox_files.DATABASE}-wal", folder / f"{outbox_files.DAMAGED}-wal"
    log.replace(aside)
    outbox = Outbox.open(folder, clock=FakeClock(), limits=BOUNDLESS)
    assert seqs(everything(outbox)) == [2, 1, 3]
    assert outbox.status().rescues == 1
    assert not aside.exists()
    outbox.close()


def test_a_dead_letter_without_its_reason_is_left_out(tmp_path: Path) -> None:
    """No checksum covers the reason, and the table takes nothing but text: the others go on without it."""
    with closing(Outbox.open(tmp_path, clock=FakeClock(), limits=BOUNDLESS)) as outbox:
        outbox.put([draft() for _ in range(5)])
        for seq in (2, 3):
            outbox.reject(seq, reason="refused")
    whole, damaged = tmp_path / "whole.db", tmp_path / outbox_files.DATABASE
    damaged.rename(whole)
    with closing(sqlite3.connect(damaged)) as loose:
        loose.execute("ATTACH ? AS whole", (str(whole),))
        made = loose.execute("SELECT type, name, sql FROM whole.sqlite_schema WHERE sql IS NOT NULL").fetchall()
        for _, _, definition in made:
            loose.execute(definition.replace("NOT NULL", "").replace("STRICT", ""))
        for name in (name for kind, name, _ in made if kind == "table"):
            loose.execute(f"INSERT INTO main.{name} SELECT * FROM whole.{name}")  # noqa: S608 - names of the schema
        loose.execute("UPDATE main.dead_letter SET reason = NULL WHERE seq = 2")
        loose.commit()
    with salvage.opened_wreck(damaged, highest=100) as wreck:
        assert [row[1] for row in wreck.dead_letters()] == [3]
        assert [row[1] for row in wreck.messages()] == [1, 4, 5]


def test_a_long_search_gives_signs_of_life(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever would end a start that takes too long hears that it goes on; at other times nothing is said."""
    told: list[str] = []
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.0)
    for signs in (range(3, 1_000), range(1)):
        told.clear()
        Outbox.open(damaged, clock=FakeClock(), limits=BOUNDLESS, busy=lambda: told.append("busy")).close()
        assert len(told) in signs

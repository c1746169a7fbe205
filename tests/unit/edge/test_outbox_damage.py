from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.errors import OutboxError, OutboxFullError
from insect_edge.health.report import Losses
from insect_edge.outbox import files as outbox_files
from insect_edge.outbox.database import FORMAT
from insect_edge.outbox.queue import RESERVED_AHEAD, Kind, Outbox, OutboxLimits
from support.outbox_world import BOUNDLESS, draft, everything, seqs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture
def reopen(tmp_path: Path, clock: FakeClock) -> Iterator[Callable[..., Outbox]]:
    """Opens the outbox of the test, closing the one before; everything is closed at the end."""
    opened: list[Outbox] = []

    def open_again(limits: OutboxLimits = BOUNDLESS, *, with_clock: FakeClock = clock) -> Outbox:
        while opened:
            opened.pop().close()
        opened.append(Outbox.open(tmp_path / "state", clock=with_clock, limits=limits))
        return opened[0]

    yield open_again
    while opened:
        opened.pop().close()


def _spoil_header(path: Path) -> None:
    path.write_bytes(b"no database at all" + path.read_bytes()[18:])


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _flip_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for position in range(4_096, len(content), 64):
        content[position] ^= 0xFF
    path.write_bytes(content)


def _drop_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE counter")


def _rename_a_column(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"counter (name TEXT", b"counter (nale TEXT"))


def _change_a_rule(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"IN ('alert'", b"IN ('alest'"))


def _make_a_letter_no_text(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"TABLE counter (name TEXT", b"TABLE counter (name TE\xd8T"))


def _make_a_name_no_text(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"counter (name TEXT", b"co\xf5nter (name TEXT"))


def _overwrite(offset: int, value: bytes, path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(value)


_NEGATIVE_FORMAT = partial(_overwrite, 60, b"\x80")
_FORMAT_OF_NOBODY = partial(_overwrite, 60, b"\x01")
_NEXT_FORMAT = partial(_overwrite, 63, bytes([FORMAT + 1]))
_UNKNOWN_SCHEMA_FORMAT = partial(_overwrite, 47, b"\x44")
_KEEPING_ROWS = [
    _rename_a_column,
    _change_a_rule,
    _make_a_letter_no_text,
    _make_a_name_no_text,
    _NEGATIVE_FORMAT,
    _FORMAT_OF_NOBODY,
    _NEXT_FORMAT,
    _UNKNOWN_SCHEMA_FORMAT,
]


@pytest.mark.parametrize(
    "spoil", [_spoil_header, _cut_short, _empty, _flip_pages, _drop_a_table, _rename_a_column, _change_a_rule]
)
def test_a_damaged_database_is_replaced_and_no_number_repeats(
    reopen: Callable[..., Outbox], tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    """The outbox opens nevertheless, with numbers beyond all that were used, and says that it was rescued."""
    outbox = reopen()
    outbox.put([draft(), draft(Kind.ALERT), draft()])
    outbox.close()
    spoil(tmp_path / "state" / "outbox.db")
    outbox = reopen()
    (entry,) = outbox.put([draft(Kind.ALERT)])
    assert entry.seq == RESERVED_AHEAD + 1
    assert json.loads(entry.message.payload)["kind_seq"] == RESERVED_AHEAD + 1
    assert outbox.status().rescues == 1
    assert outbox.status().depth == 1 + outbox.status().salvaged
    assert reopen().put([draft()])[0].seq == RESERVED_AHEAD + 2


@pytest.mark.parametrize("spoil", _KEEPING_ROWS)
def test_a_damaged_definition_costs_no_message(
    reopen: Callable[..., Outbox], tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    """A bit turned over in header or definitions may pass SQLite's own check; rows and counts go on all the same."""
    outbox = reopen(OutboxLimits(rows=2))
    outbox.put([draft(), draft(Kind.ALERT), draft()])
    outbox.close()
    spoil(tmp_path / "state" / "outbox.db")
    outbox = reopen()
    assert seqs(everything(outbox)) == [2, 3]
    assert outbox.status().losses.dropped == 1
    assert outbox.status().salvaged == 2


def test_a_damaged_database_is_kept_under_another_name(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """Set aside with a time in its name, and never over another one."""
    for _ in range(2):
        outbox = reopen()
        outbox.put([draft()])
        outbox.close()
        _spoil_header(tmp_path / "state" / "outbox.db")
    reopen()
    names = sorted(path.name for path in (tmp_path / "state").glob("*.damaged-*.db"))
    assert names == ["outbox.damaged-20260601T120000Z-1.db", "outbox.damaged-20260601T120000Z.db"]


def test_a_damaged_database_is_told(
    reopen: Callable[..., Outbox], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says, once, that what waited is not sent any more and where it is kept."""
    outbox = reopen()
    outbox.put([draft()])
    outbox.close()
    _spoil_header(tmp_path / "state" / "outbox.db")
    reopen()
    (kept,) = (tmp_path / "state").glob("*.damaged-*.db")
    assert [str(kept) in record.getMessage() for record in caplog.records] == [True]


def test_a_database_damaged_while_in_use_is_replaced(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """The call that finds the damage succeeds on a fresh database, numbers go on, and counts are kept."""
    outbox = reopen(OutboxLimits(rows=2))
    outbox.put([draft(size=3_000) for _ in range(3)])
    assert outbox.status().losses.dropped == 1
    path = tmp_path / "state" / "outbox.db"
    # Everything from the log into the file, and the log away, so that the damage is what is read next.
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.write(b"\xff" * 40_000)
    (entry,) = outbox.put([draft()])
    assert entry.seq == 4
    status = outbox.status()
    assert (status.depth, status.rescues, status.losses.dropped) == (1, 1, 1)


def test_a_deleted_database_repeats_no_number(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """The second file knows which numbers may have been used."""
    outbox = reopen()
    outbox.put([draft() for _ in range(RESERVED_AHEAD + 5)])
    outbox.close()
    (tmp_path / "state" / "outbox.db").unlink()
    assert reopen().put([draft()])[0].seq > RESERVED_AHEAD + 5


def test_an_old_copy_of_the_database_repeats_no_number(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """Put back from a backup, the database knows less than the second file: its numbers are not trusted."""
    outbox = reopen()
    outbox.put([draft()])
    outbox.close()
    path = tmp_path / "state" / "outbox.db"
    copy = path.read_bytes()
    outbox = reopen()
    for _ in range(3):
        outbox.put([draft() for _ in range(RESERVED_AHEAD)])
    outbox.close()
    path.write_bytes(copy)
    assert reopen().put([draft()])[0].seq > 3 * RESERVED_AHEAD + 1


def test_with_both_files_damaged_numbers_start_beyond_any_that_were_used(
    reopen: Callable[..., Outbox], tmp_path: Path
) -> None:
    """Where nothing is known any more, the time in milliseconds is a number nobody can have reached."""
    outbox = reopen()
    outbox.put([draft()])
    outbox.close()
    _spoil_header(tmp_path / "state" / outbox_files.DATABASE)
    (tmp_path / "state" / outbox_files.NUMBERS).write_bytes(b"{\0")
    outbox = reopen()
    assert outbox.put([draft()])[0].seq == datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp() * 1000 + 1
    assert outbox.status().rescues == 1


def test_losing_the_second_file_alone_does_not_matter(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """The database knows its numbers itself; the file is written anew."""
    outbox = reopen()
    outbox.put([draft()])
    outbox.close()
    (tmp_path / "state" / outbox_files.NUMBERS).unlink()
    assert reopen().put([draft()])[0].seq == 2
    assert (tmp_path / "state" / outbox_files.NUMBERS).exists()


def test_the_second_file_is_not_written_for_every_message(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """Numbers are reserved in blocks, so a thousand messages cost a handful of writes."""
    outbox = reopen()
    written = set()
    for _ in range(1_000):
        outbox.put([draft()])
        written.add((tmp_path / "state" / outbox_files.NUMBERS).stat().st_mtime_ns)
    assert len(written) <= 1_000 // RESERVED_AHEAD + 1


def test_bytes_changed_on_the_disk_are_never_published(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """A row whose bytes do not match their checksum becomes a dead letter, and the next one is delivered."""
    outbox = reopen()
    outbox.put([draft(), draft()])
    outbox.close()
    with closing(sqlite3.connect(tmp_path / "state" / "outbox.db")) as database, database:
        database.execute("UPDATE message SET topic = CAST(x'742fff' AS TEXT) WHERE seq = 1")
    outbox = reopen()
    assert seqs(everything(outbox)) == [2]
    assert outbox.status().losses == Losses(dead_letter=1)


def test_a_full_disk_is_told_and_nothing_is_lost(reopen: Callable[..., Outbox]) -> None:
    """When SQLite may not grow, `put` says the disk is full; room made, everything works and no number is missing."""
    outbox = reopen()
    outbox.put([draft()])
    connection = outbox._store._connection
    assert connection is not None
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxFullError, match="the disk is full"):
        outbox.put([draft(size=100_000)])
    assert seqs(everything(outbox)) == [1]
    connection.execute("PRAGMA max_page_count = 1000000")
    assert seqs(outbox.put([draft(size=100_000)])) == [2]


def test_numbers_that_cannot_be_reserved_are_not_used(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """When the second file cannot be written, nothing is stored under a number that is not safe."""
    outbox = reopen()
    outbox.put([draft() for _ in range(RESERVED_AHEAD)])
    blocker = tmp_path / "state" / "outbox-numbers.new"
    blocker.mkdir()
    with pytest.raises(OutboxError, match="cannot be written"):
        outbox.put([draft()])
    assert outbox.status().depth == RESERVED_AHEAD
    blocker.rmdir()
    assert seqs(outbox.put([draft()])) == [RESERVED_AHEAD + 1]


def test_reading_waits_for_nobody_and_others_can_look(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """Another process that reads the queue sees it, and does not stop the owner from writing."""
    outbox = reopen()
    outbox.put([draft()])
    with closing(sqlite3.connect(tmp_path / "state" / "outbox.db")) as other:
        other.execute("BEGIN")
        assert other.execute("SELECT count(*) FROM message").fetchone() == (1,)
        outbox.put([draft()])
        outbox.ack([1])
        assert other.execute("SELECT count(*) FROM message").fetchone() == (1,)
    assert seqs(everything(outbox)) == [2]

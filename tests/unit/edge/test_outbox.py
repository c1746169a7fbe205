from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from insect_edge import outbox_files
from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.domain import Message
from insect_edge.errors import OutboxError, OutboxFullError
from insect_edge.health_report import Losses
from insect_edge.outbox import RESERVED_AHEAD, Draft, Entry, Kind, Outbox, OutboxLimits, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BOUNDLESS = OutboxLimits()


def draft(kind: Kind = Kind.DETECTION, *, size: int = 0, expiry: int | None = None) -> Draft:
    """A message that names its own numbers, padded to about `size` bytes."""

    def build(ticket: Ticket) -> Message:
        payload = json.dumps({"seq": ticket.seq, "kind_seq": ticket.kind_seq, "pad": "x" * size}).encode()
        return Message(topic=f"t/{kind}", payload=payload, qos=1, retain=False, expiry_seconds=expiry)

    return Draft(kind=kind, build=build)


def everything(outbox: Outbox) -> list[Entry]:
    """All that waits, alerts first."""
    return [entry for kind in (Kind.ALERT, Kind.DETECTION) for entry in outbox.pending(kind, after=0, limit=100_000)]


def seqs(entries: list[Entry]) -> list[int]:
    """Their numbers."""
    return [entry.seq for entry in entries]


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


def test_messages_are_numbered_and_come_back_as_built(reopen: Callable[..., Outbox]) -> None:
    """Drafts put together get consecutive numbers, and their bytes come back unchanged."""
    outbox = reopen()
    entries = outbox.put([draft(), draft(Kind.ALERT), draft()])
    assert seqs(entries) == [1, 2, 3]
    assert [json.loads(entry.message.payload)["kind_seq"] for entry in entries] == [1, 1, 2]
    assert outbox.pending(Kind.DETECTION, after=0, limit=10) == [entries[0], entries[2]]
    assert outbox.pending(Kind.ALERT, after=0, limit=10) == [entries[1]]


def test_reading_goes_on_after_a_number(reopen: Callable[..., Outbox]) -> None:
    """`after` and `limit` walk through one kind in order."""
    outbox = reopen()
    outbox.put([draft() for _ in range(5)])
    assert seqs(outbox.pending(Kind.DETECTION, after=0, limit=2)) == [1, 2]
    assert seqs(outbox.pending(Kind.DETECTION, after=2, limit=2)) == [3, 4]
    assert seqs(outbox.pending(Kind.DETECTION, after=4, limit=2)) == [5]


def test_acknowledged_messages_are_gone_for_good(reopen: Callable[..., Outbox]) -> None:
    """`ack` removes exactly what it names, also after reopening; unknown numbers do not matter."""
    reopen().put([draft() for _ in range(4)])
    reopen().ack([2, 3, 99])
    assert seqs(everything(reopen())) == [1, 4]


def test_numbers_go_on_after_reopening(reopen: Callable[..., Outbox]) -> None:
    """A restart neither repeats nor skips a number, even when nothing waits."""
    outbox = reopen()
    outbox.put([draft(), draft(Kind.ALERT)])
    outbox.ack([1, 2])
    (entry,) = reopen().put([draft(Kind.ALERT)])
    assert json.loads(entry.message.payload) == {"seq": 3, "kind_seq": 2, "pad": ""}
    assert reopen().status().rescues == 0


def test_a_build_that_fails_stores_nothing(reopen: Callable[..., Outbox]) -> None:
    """All drafts of one `put` are stored or none, and no number is lost to the failure."""
    outbox = reopen()

    def fail(_: Ticket) -> Message:
        raise ValueError("no payload")

    with pytest.raises(ValueError, match="no payload"):
        outbox.put([draft(), Draft(kind=Kind.DETECTION, build=fail)])
    assert everything(outbox) == []
    assert seqs(outbox.put([draft()])) == [1]


def test_a_rejected_message_becomes_a_dead_letter(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """It leaves the queue, is counted, and can be looked at with its reason."""
    outbox = reopen()
    entries = outbox.put([draft(), draft(Kind.ALERT)])
    outbox.reject(2, reason="not authorised")
    outbox.reject(77, reason="never was")
    assert everything(outbox) == [entries[0]]
    assert outbox.status().losses == Losses(dead_letter=1)
    assert outbox.status().alert_losses == Losses(dead_letter=1)
    with closing(sqlite3.connect(tmp_path / "state" / "outbox.db")) as database:
        rows = database.execute("SELECT seq, payload, reason FROM dead_letter").fetchall()
    assert rows == [(2, entries[1].message.payload, "not authorised")]


def test_only_the_newest_dead_letters_are_kept(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """The table of dead letters is bounded; the count is not."""
    outbox = reopen(OutboxLimits(dead_letters=2))
    outbox.put([draft() for _ in range(5)])
    for seq in range(1, 6):
        outbox.reject(seq, reason="refused")
    with closing(sqlite3.connect(tmp_path / "state" / "outbox.db")) as database:
        assert database.execute("SELECT seq FROM dead_letter ORDER BY seq").fetchall() == [(4,), (5,)]
    assert outbox.status().losses.dead_letter == 5


def test_too_many_rows_drop_the_oldest_detections_first_and_alerts_last(reopen: Callable[..., Outbox]) -> None:
    """Alerts stay as long as there is a detection to drop, then the oldest alert goes."""
    outbox = reopen(OutboxLimits(rows=3))
    outbox.put([draft(Kind.ALERT), draft(), draft(), draft(Kind.ALERT)])
    assert seqs(everything(outbox)) == [1, 4, 3]
    outbox.put([draft(Kind.ALERT), draft(Kind.ALERT)])
    assert seqs(everything(outbox)) == [4, 5, 6]
    assert outbox.status().losses == Losses(dropped=3)
    assert outbox.status().alert_losses == Losses(dropped=1)


def test_too_many_bytes_drop_the_oldest(reopen: Callable[..., Outbox]) -> None:
    """The bound in bytes holds after every `put`."""
    outbox = reopen(OutboxLimits(size_bytes=3_000))
    outbox.put([draft(size=900) for _ in range(5)])
    assert seqs(everything(outbox)) == [3, 4, 5]
    assert outbox.status().size_bytes <= 3_000
    assert outbox.status().losses == Losses(dropped=2)


def test_counts_outlive_a_restart(reopen: Callable[..., Outbox]) -> None:
    """What was lost stays counted."""
    reopen(OutboxLimits(rows=1)).put([draft() for _ in range(4)])
    assert reopen().status().losses == Losses(dropped=3)


def test_a_message_expires_by_its_own_time(reopen: Callable[..., Outbox], clock: FakeClock) -> None:
    """What is left of an expiry shrinks with time; at its end the message is taken out and counted."""
    outbox = reopen()
    outbox.put([draft(expiry=60), draft()])
    clock.advance(45)
    assert everything(outbox)[0].message.expiry_seconds == 15
    clock.advance(15)
    assert seqs(everything(outbox)) == [2]
    assert outbox.status().losses == Losses(expired=1)


def test_old_messages_expire_when_pruned(reopen: Callable[..., Outbox], clock: FakeClock) -> None:
    """The outbox's own age bound and a message's expiry are both enforced without anybody reading."""
    outbox = reopen(OutboxLimits(age_seconds=3_600))
    outbox.put([draft(), draft(Kind.ALERT, expiry=60)])
    clock.advance(1_800)
    outbox.put([draft()])
    outbox.prune()
    assert outbox.status().depth == 2
    clock.advance(1_801)
    outbox.prune()
    assert seqs(everything(outbox)) == [3]
    assert outbox.status().losses == Losses(expired=2)


def test_age_counts_over_a_reboot_only_between_set_clocks(reopen: Callable[..., Outbox], clock: FakeClock) -> None:
    """After a reboot age comes from the wall clock where it was set both times, else from the opening."""
    outbox = reopen()
    outbox.put([draft()])
    assert outbox.status().oldest_seconds == 0
    clock.advance(30)
    assert outbox.status().oldest_seconds == 30
    rebooted = FakeClock(boot_id="another", monotonic=5.0, utc=datetime(2026, 6, 1, 13, 0, tzinfo=UTC))
    assert reopen(with_clock=rebooted).status().oldest_seconds == 3_600
    unset = FakeClock(boot_id="a third", monotonic=5.0, utc=datetime(1970, 1, 1, tzinfo=UTC), clock_synced=False)
    outbox = reopen(with_clock=unset)
    unset.advance(7)
    assert outbox.status().oldest_seconds == 7


def test_status_says_how_much_waits(reopen: Callable[..., Outbox]) -> None:
    """Depth by kind and bytes of topics and payloads."""
    outbox = reopen()
    assert outbox.status().oldest_seconds is None
    entries = outbox.put([draft(), draft(), draft(Kind.ALERT)])
    status = outbox.status()
    assert (status.alerts, status.detections, status.depth) == (1, 2, 3)
    assert status.size_bytes == sum(len(entry.message.topic) + len(entry.message.payload) for entry in entries)


def test_only_one_process_can_own_it(reopen: Callable[..., Outbox], tmp_path: Path, clock: FakeClock) -> None:
    """A second owner is refused in one line; after the first is closed it can open."""
    outbox = reopen()
    with pytest.raises(OutboxError, match="another insect-edge uses this outbox"):
        Outbox.open(tmp_path / "state", clock=clock, limits=BOUNDLESS)
    outbox.close()
    reopen()


def test_a_closed_outbox_says_so(reopen: Callable[..., Outbox]) -> None:
    """Using it after `close` is an error, not a second life."""
    outbox = reopen()
    outbox.close()
    with pytest.raises(OutboxError, match="closed"):
        outbox.status()


def test_a_newer_format_is_refused(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """A database of a newer program is left alone, and the error says what to do."""
    reopen().close()
    with closing(sqlite3.connect(tmp_path / "state" / "outbox.db")) as database:
        database.execute("PRAGMA user_version = 7")
    with pytest.raises(OutboxError, match="its format is 7, this program knows 1: upgrade"):
        reopen()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    """A file where the folder should be is named in the error."""
    (tmp_path / "file").touch()
    with pytest.raises(OutboxError, match="check the folder"):
        Outbox.open(tmp_path / "file" / "state", clock=clock, limits=BOUNDLESS)


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


@pytest.mark.parametrize("spoil", [_spoil_header, _cut_short, _empty, _flip_pages, _drop_a_table])
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
    assert outbox.status().depth == 1
    assert reopen().put([draft()])[0].seq == RESERVED_AHEAD + 2


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
    connection = outbox._connection
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

"""What can still be read of a damaged database goes on, byte for byte."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.errors import OutboxError
from insect_edge.outbox import files as outbox_files
from insect_edge.outbox import salvage
from insect_edge.outbox.checksums import checksum_before
from insect_edge.outbox.queue import Kind, Outbox, OutboxLimits
from support.outbox_world import BOUNDLESS, draft, everything, fill_disk, free_disk, seqs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = 4096
ROWS = 60


def opened(folder: Path, limits: OutboxLimits = BOUNDLESS) -> Outbox:
    """The outbox in a folder."""
    return Outbox.open(folder, clock=FakeClock(), limits=limits)


@pytest.fixture
def filled(tmp_path: Path) -> dict[int, bytes]:
    """An outbox on the disk with rows of about a third of a page, three dead letters, a state; its payloads."""
    outbox = opened(tmp_path, OutboxLimits(rows=ROWS))
    entries = outbox.put(
        [draft(Kind.ALERT if number % 4 == 0 else Kind.DETECTION, size=1_200) for number in range(ROWS + 2)],
        state=b"policy",
    )
    for seq in (10, 11, 12):
        outbox.reject(seq, reason="refused")
    waiting = seqs(everything(outbox))
    outbox.close()
    return {entry.seq: entry.message.payload for entry in entries if entry.seq in waiting}


def kept(outbox: Outbox, filled: dict[int, bytes]) -> set[int]:
    """Numbers of what still waits, each with the bytes it was stored with."""
    found = {entry.seq: entry.message.payload for entry in everything(outbox)}
    assert found.items() <= filled.items()
    return set(found)


def pages(path: Path) -> int:
    """How many the file has."""
    return path.stat().st_size // PAGE


def spoil(path: Path, page: int) -> None:
    """Overwrite one page."""
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(Random(page).randbytes(PAGE))  # noqa: S311 - rubbish, no secret


def test_a_spoilt_first_page_costs_nothing(tmp_path: Path, filled: dict[int, bytes]) -> None:
    """Header and schema are those of any fresh outbox: rows, dead letters, counts and state all go on."""
    spoil(tmp_path / "outbox.db", 0)
    outbox = opened(tmp_path)
    assert kept(outbox, filled) == set(filled)
    status = outbox.status()
    assert (status.salvaged, status.rescues) == (len(filled), 1)
    assert (status.losses.dropped, status.losses.dead_letter) == (2, 3)
    assert outbox.state() == b"policy"
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as database:
        assert database.execute("SELECT seq FROM dead_letter").fetchall() == [(10,), (11,), (12,)]
    outbox.close()


def test_every_spoilt_page_costs_its_own_rows_alone(tmp_path: Path, filled: dict[int, bytes]) -> None:
    """Whichever page is rubbish, only what stood on it, or is found through it alone, is lost; nothing is invented."""
    lost = []
    for page in range(pages(tmp_path / "outbox.db")):
        folder = tmp_path / f"page-{page}"
        shutil.copytree(tmp_path, folder, ignore=shutil.ignore_patterns("page-*"))
        spoil(folder / "outbox.db", page)
        outbox = opened(folder)
        lost.append(len(filled) - len(kept(outbox, filled)))
        assert outbox.put([draft()])[0].seq > ROWS + 2
        outbox.close()
    assert max(lost) <= 3
    assert sum(lost) >= len(filled)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_a_file_cut_short_keeps_what_is_left(tmp_path: Path, filled: dict[int, bytes], share: float) -> None:
    """The rows on the pages that are still there go on."""
    path = tmp_path / "outbox.db"
    left = int(pages(path) * share)
    with path.open("r+b") as file:
        file.truncate(left * PAGE)
    outbox = opened(tmp_path)
    assert len(kept(outbox, filled)) >= 2 * left - 12
    outbox.close()


def test_single_bits_never_change_a_message(tmp_path: Path, filled: dict[int, bytes]) -> None:
    """Wherever a bit flips, what is sent is what was stored: numbers, kinds and bytes."""
    random = Random(4)  # noqa: S311 - no secret
    for attempt in range(12):
        folder = tmp_path / f"copy-{attempt}"
        shutil.copytree(tmp_path, folder, ignore=shutil.ignore_patterns("copy-*"))
        content = bytearray((folder / "outbox.db").read_bytes())
        for _ in range(10):
            content[random.randrange(len(content))] ^= 1 << random.randrange(8)
        (folder / "outbox.db").write_bytes(content)
        outbox = opened(folder)
        kept(outbox, filled)
        outbox.close()


def test_what_is_only_in_the_log_is_read_too(tmp_path: Path, filled: dict[int, bytes]) -> None:
    """After a kill the newest rows are in the write-ahead log alone: it is set aside and read with the database."""
    outbox = opened(tmp_path)
    (entry,) = outbox.put([draft(Kind.ALERT)])
    shutil.copytree(tmp_path, tmp_path / "killed")
    outbox.close()
    killed = tmp_path / "killed" / outbox_files.DATABASE
    outbox_files.move(killed, killed.with_name(outbox_files.DAMAGED))
    outbox = opened(killed.parent)
    assert kept(outbox, filled | {entry.seq: entry.message.payload}) == {*filled, entry.seq}
    outbox.close()


def test_the_damaged_files_stay_as_they_were(tmp_path: Path, filled: dict[int, bytes]) -> None:
    """They are read from a copy, which is gone afterwards."""
    assert filled
    spoil(tmp_path / "outbox.db", 3)
    before = (tmp_path / "outbox.db").read_bytes()
    opened(tmp_path).close()
    (aside,) = tmp_path.glob("outbox.damaged-*.db")
    assert aside.read_bytes() == before
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_damage_found_in_use_is_salvaged_too(tmp_path: Path, filled: dict[int, bytes]) -> None:
    """The call that meets it succeeds, numbers go on, and what was sent before may come again from the start."""
    outbox = opened(tmp_path)
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spoil(tmp_path / "outbox.db", 0)
    before = outbox.upheaval
    (entry,) = outbox.put([draft(Kind.ALERT)])
    assert entry.seq == ROWS + 3
    assert kept(outbox, filled | {entry.seq: entry.message.payload}) == {*filled, entry.seq}
    assert outbox.upheaval > before
    assert outbox.status().rescues == 1
    outbox.close()


def test_a_salvage_that_was_killed_is_done_again(tmp_path: Path, filled: dict[int, bytes]) -> None:
    """Set aside and not yet read when the power failed: the next start goes on there."""
    for ending in outbox_files.COMPANIONS:
        path = tmp_path / (outbox_files.DATABASE + ending)
        if path.exists():
            path.replace(tmp_path / (outbox_files.DAMAGED + ending))
    outbox = opened(tmp_path)
    assert kept(outbox, filled) == set(filled)
    assert outbox.put([draft()])[0].seq > ROWS + 2
    assert outbox.status().rescues == 1
    outbox.close()
    assert len(list(tmp_path.glob("outbox.damaged-*.db"))) == 1


def test_a_second_damage_overwrites_no_first(tmp_path: Path, filled: dict[int, bytes]) -> None:
    """Where one damaged database waits to be read and the next is damaged too, both are kept."""
    assert filled
    shutil.copyfile(tmp_path / outbox_files.DATABASE, tmp_path / outbox_files.DAMAGED)
    spoil(tmp_path / outbox_files.DATABASE, 0)
    opened(tmp_path).close()
    assert len(list(tmp_path.glob("outbox.damaged-*.db"))) == 2


def test_a_salvage_on_a_full_disk_is_done_later(tmp_path: Path, filled: dict[int, bytes]) -> None:
    """Where the rows find no room they stay set aside, and follow when there is some."""
    (tmp_path / outbox_files.DATABASE).replace(tmp_path / "kept.db")
    outbox = opened(tmp_path)
    fill_disk(outbox)
    (tmp_path / "kept.db").replace(tmp_path / outbox_files.DAMAGED)
    outbox.put_urgent([draft(Kind.ALERT)])
    free_disk(outbox)
    outbox.close()
    outbox = opened(tmp_path)
    assert kept(outbox, filled) == set(filled)
    outbox.close()


def test_a_salvage_that_fails_keeps_nothing_from_starting(
    tmp_path: Path, filled: dict[int, bytes], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong while rubbish is read, the daemon starts with a fresh database, and says so."""
    assert filled

    def explode(wreck: salvage.Wreck) -> object:
        if wreck._connection is None:
            return iter(())
        raise MemoryError

    monkeypatch.setattr(salvage.Wreck, "messages", explode)
    spoil(tmp_path / "outbox.db", 2)
    outbox = opened(tmp_path)
    assert outbox.put([draft()])[0].seq > ROWS + 2
    assert (outbox.status().salvaged, outbox.status().rescues) == (0, 1)
    assert "nothing can be salvaged" in caplog.text
    outbox.close()


def _as_format_1(path: Path, *, damage: Callable[[sqlite3.Connection], object] = lambda _: None) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.create_function("checksum_before", 2, checksum_before)
        for table in ("message", "dead_letter"):
            database.execute(f"UPDATE {table} SET checksum = checksum_before(topic, payload)")  # noqa: S608
        database.execute("DROP TABLE state")
        database.execute("PRAGMA user_version = 1")
        damage(database)


def test_an_older_database_is_brought_up_to_date(tmp_path: Path, filled: dict[int, bytes]) -> None:
    """Format 1 is changed in place: nothing is lost, numbers go on, and a row damaged before stays found out."""
    _as_format_1(
        tmp_path / "outbox.db",
        damage=lambda database: database.execute("UPDATE message SET topic = 'u/' || topic WHERE seq = 20"),
    )
    outbox = opened(tmp_path)
    assert kept(outbox, filled) == set(filled) - {20}
    assert outbox.status().losses.dead_letter == 4
    assert outbox.state() is None
    assert seqs(outbox.put([draft()], state=b"new")) == [ROWS + 3]
    outbox.close()
    outbox = opened(tmp_path)
    assert (outbox.state(), outbox.status().rescues) == (b"new", 0)
    outbox.close()


def test_an_older_database_that_is_damaged_is_salvaged(tmp_path: Path, filled: dict[int, bytes]) -> None:
    """Its rows are known by the checksum of their time."""
    _as_format_1(tmp_path / "outbox.db")
    spoil(tmp_path / "outbox.db", pages(tmp_path / "outbox.db") - 1)
    outbox = opened(tmp_path)
    assert len(kept(outbox, filled)) >= len(filled) - 3
    outbox.close()
    outbox = opened(tmp_path)
    assert len(kept(outbox, filled)) >= len(filled) - 3
    outbox.close()


def test_a_damaged_state_is_none(tmp_path: Path) -> None:
    """The policy starts afresh rather than from rubbish."""
    outbox = opened(tmp_path)
    outbox.put([], state=b"policy")
    outbox.close()
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as database, database:
        database.execute("UPDATE state SET content = x'ff'")
    outbox = opened(tmp_path)
    assert outbox.state() is None
    outbox.close()


def test_a_number_changed_on_the_disk_is_found_out(tmp_path: Path) -> None:
    """A row that says it is another one becomes a dead letter."""
    outbox = opened(tmp_path)
    outbox.put([draft(), draft()])
    outbox.close()
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as database, database:
        database.execute("UPDATE message SET seq = 7 WHERE seq = 1")
    outbox = opened(tmp_path)
    assert seqs(everything(outbox)) == [2]
    assert outbox.status().losses.dead_letter == 1
    outbox.close()


def test_a_newer_damaged_database_is_not_touched(tmp_path: Path) -> None:
    """A format this program does not know is refused, not salvaged."""
    opened(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as database:
        database.executescript("CREATE TABLE newer (id INTEGER); PRAGMA user_version = 9")
    with pytest.raises(OutboxError, match="its format is 9"):
        opened(tmp_path)
    assert not list(tmp_path.glob("outbox.damaged*"))

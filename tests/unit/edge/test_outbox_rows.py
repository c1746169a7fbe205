"""A row damaged while the outbox is open costs itself alone, and never the process."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.outbox import inspection
from insect_edge.outbox.files import DATABASE
from insect_edge.outbox.queue import Kind, Outbox, OutboxLimits
from support.outbox_world import draft, everything, seqs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXPIRY_SECONDS = 60


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture
def outbox(tmp_path: Path, clock: FakeClock) -> Iterator[Outbox]:
    """An outbox with two messages that expire and one that does not, the first of no kind that there is."""
    limits = OutboxLimits(rows=10)
    with closing(Outbox.open(tmp_path, clock=clock, limits=limits)) as opened:
        opened.put([draft(expiry=EXPIRY_SECONDS), draft(expiry=EXPIRY_SECONDS), draft(Kind.ALERT)])
        with closing(sqlite3.connect(tmp_path / DATABASE)) as other, other:
            other.execute("PRAGMA ignore_check_constraints = ON")
            other.execute("UPDATE message SET kind = 'detectiom' WHERE seq = 1")
        yield opened


def test_a_kind_that_is_none_costs_its_own_row_when_it_expires(outbox: Outbox, clock: FakeClock) -> None:
    """The database is set aside, and all that is whole goes on."""
    clock.advance(EXPIRY_SECONDS)
    outbox.prune()
    assert seqs(everything(outbox)) == [3]
    assert outbox.status().rescues == 1


def test_a_kind_that_is_none_costs_its_own_row_when_it_is_refused(outbox: Outbox) -> None:
    """No table takes it as a dead letter; the others go on."""
    outbox.reject(1, reason="refused")
    assert seqs(everything(outbox)) == [3, 2]
    assert outbox.status().rescues == 1


def test_a_kind_that_is_none_is_shown(outbox: Outbox, tmp_path: Path) -> None:
    """People see the row, and that it is not what was stored."""
    assert seqs(everything(outbox)) == [3, 2]
    found = {letter.seq: letter for letter in inspection.contents(tmp_path, limit=10).letters}
    assert [(found[seq].kind, found[seq].intact) for seq in (1, 2)] == [(None, False), (Kind.DETECTION, True)]


def test_what_sqlite_says_in_no_text_is_damage(outbox: Outbox) -> None:
    """An error that quotes damaged bytes cannot even be read: the database is replaced, once."""
    read: list[sqlite3.Connection] = []

    def work(connection: sqlite3.Connection) -> int:
        read.append(connection)
        if len(read) == 1:
            b"\xff".decode()
        return int(connection.execute("SELECT count(*) FROM message").fetchone()[0])

    assert outbox._store.read(work) == 2
    assert read[0] is not read[1]

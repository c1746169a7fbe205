"""What a wreck hands on fits into the tables it is to go into."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.outbox import files as outbox_files
from insect_edge.outbox import salvage
from insect_edge.outbox.queue import Outbox
from support.outbox_world import BOUNDLESS, draft

if TYPE_CHECKING:
    from pathlib import Path


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

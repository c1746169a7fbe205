"""Reads the outbox of a daemon that has ended, from a copy, with SQLite alone."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from support.soak.evidence import Stored


def stored(outbox: Path) -> Stored | None:
    """What lies in a folder; None where the database cannot be read."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy.db"
        for ending in ("", "-wal"):
            with suppress(OSError):
                shutil.copyfile(outbox / f"outbox.db{ending}", copy.with_name(copy.name + ending))
        try:
            with closing(sqlite3.connect(copy)) as connection:
                return _read(connection, reserved=_reserved(outbox))
        except sqlite3.Error:
            return None


def _read(connection: sqlite3.Connection, *, reserved: int | None) -> Stored:
    counters = dict(connection.execute("SELECT name, value FROM counter").fetchall())
    last = int(counters.get("last_seq", 0))
    return Stored(
        last_seq=last,
        reserved=last if reserved is None else reserved,
        waiting=dict(connection.execute("SELECT seq, payload FROM message").fetchall()),
        dead=dict(connection.execute("SELECT seq, payload FROM dead_letter").fetchall()),
        counters=counters,
    )


def _reserved(outbox: Path) -> int | None:
    try:
        return int(json.loads((outbox / "outbox-numbers.json").read_bytes())["seq"])
    except (OSError, ValueError, KeyError, TypeError):
        return None

"""The outbox's SQLite database: its tables, how it is opened, and what its failures mean."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING

from insect_edge.errors import OutboxError, OutboxFullError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
"""`user_version` of the tables below."""

_BUSY_SECONDS = 2.0
"""How long another process that looks into the queue may hold the owner up."""

# The payload stands last: a scan over the columns before it does not read its overflow pages.
_TABLES = (
    """
    CREATE TABLE message (
        seq INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('alert', 'detection')),
        kind_seq INTEGER NOT NULL,
        boot_id TEXT NOT NULL,
        monotonic REAL NOT NULL,
        utc REAL,
        expiry_seconds INTEGER,
        qos INTEGER NOT NULL,
        retain INTEGER NOT NULL,
        content_type TEXT NOT NULL,
        size INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        topic TEXT NOT NULL,
        payload BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX message_by_kind ON message (kind, seq, size)",
    """
    CREATE TABLE dead_letter (
        seq INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('alert', 'detection')),
        kind_seq INTEGER NOT NULL,
        boot_id TEXT NOT NULL,
        monotonic REAL NOT NULL,
        utc REAL,
        expiry_seconds INTEGER,
        qos INTEGER NOT NULL,
        retain INTEGER NOT NULL,
        content_type TEXT NOT NULL,
        size INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        topic TEXT NOT NULL,
        payload BLOB NOT NULL,
        reason TEXT NOT NULL
    ) STRICT
    """,
    "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
)
_TABLE_NAMES = {"message", "dead_letter", "counter"}


class DamagedDatabaseError(OutboxError):
    """The file is no database, or not one that can be trusted."""


def open_database(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Open the database at `path`, made first where there is none; tells whether it was.

    Raises:
        DamagedDatabaseError: when the file is damaged or something else's.
        OutboxFullError: when the disk is full.
        OutboxError: when it is a newer program's, or cannot be opened.
    """
    try:
        # Transactions are begun and ended by hand, where their extent can be seen.
        connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_SECONDS)
    except sqlite3.Error as error:
        raise translated(error, path=path) from error
    try:
        return connection, _prepare(connection, path=path)
    except sqlite3.Error as error:
        connection.close()
        raise translated(error, path=path) from error
    except OutboxError:
        connection.close()
        raise


def _prepare(connection: sqlite3.Connection, *, path: Path) -> bool:
    """Check what is there and make what is not; returns whether the tables are new."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > FORMAT:
        raise OutboxError(
            f"{path}: its format is {version}, this program knows {FORMAT}: upgrade the program, or move the file away"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    # Every commit reaches the disk before it returns; in WAL mode that is one fsync.
    connection.execute("PRAGMA synchronous = FULL")
    # After an outage the log would otherwise keep its greatest size for ever.
    connection.execute("PRAGMA journal_size_limit = 1048576")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise DamagedDatabaseError(f"{path}: damaged ({found}): it has to be set aside")
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables != (_TABLE_NAMES if version else set()):
        raise DamagedDatabaseError(f"{path}: its tables are not the outbox's: it has to be set aside")
    # Text damaged on the disk must come through, so that the row's checksum can find it out.
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    if version == 0:
        _create(connection)
    return bool(version == 0)


def _create(connection: sqlite3.Connection) -> None:
    """All tables and the format's number, in one transaction: a power cut leaves all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")


def translated(error: sqlite3.Error, *, path: Path) -> OutboxError:
    """The outbox's own error for what SQLite said."""
    # The low byte is the primary code: SQLITE_CORRUPT_INDEX and its like count as SQLITE_CORRUPT.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return DamagedDatabaseError(f"{path}: damaged ({error}): it has to be set aside")
    if code == sqlite3.SQLITE_FULL:
        return OutboxFullError(f"{path}: the disk is full: free some space, queueing then goes on by itself")
    if code == sqlite3.SQLITE_BUSY:
        return OutboxError(f"{path}: another process holds it for too long: end what else works on the queue")
    return OutboxError(f"{path}: {error}: check the folder, its owner and the disk")

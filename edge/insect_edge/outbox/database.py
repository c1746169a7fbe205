"""The outbox's SQLite database: its tables, how it is opened, and what its failures mean."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from insect_edge.errors import OutboxError, OutboxFullError
from insect_edge.outbox.checksums import CHECKED_COLUMNS, checksum, checksum_before
from insect_edge.outbox.reserve import free_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMAT = 2
"""`user_version` of the tables below; 1 had no table `state`, and a checksum over topic and payload alone."""

_BUSY_SECONDS = 2.0
"""How long another process that looks into the queue may hold the owner up."""

_FORMATS_TO_COME = 1_000
"""A number further ahead of `FORMAT` is a damaged header, no newer program's."""

_SHARED_BYTES = 64 * 1024
"""More than the file takes through which readers and the owner of a database in WAL mode find each other."""

# The payload stands last: a scan over the columns before it does not read its overflow pages.
_FIRST_TABLES = (
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
_STATE_TABLE = """
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        checksum INTEGER NOT NULL,
        content BLOB NOT NULL
    ) STRICT
    """
# Made last, so that the older tables lie where they lay in an older format.
_TABLES = (*_FIRST_TABLES, _STATE_TABLE)
_SCHEMAS: dict[int, tuple[str, ...]] = {0: (), 1: _FIRST_TABLES, 2: _TABLES}
"""By `user_version`."""

_UNREADABLE = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}
"""A card fails sector by sector: what does not come back from the disk is lost, all else is not."""

_TELLING = ("Could not decode to UTF-8", "unsupported file format")

_Result = TypeVar("_Result")


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
    except (sqlite3.Error, UnicodeDecodeError) as error:
        connection.close()
        raise translated(error, path=path) from error
    except OutboxError:
        connection.close()
        raise


def _prepare(connection: sqlite3.Connection, *, path: Path) -> bool:
    """Check what is there and make what is not; returns whether the tables are new."""
    # Text damaged on the disk must come through: a definition can then be compared, and a row's checksum find it out.
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    version = _version(connection, path=path)
    connection.execute("PRAGMA journal_mode = WAL")
    # Every commit reaches the disk before it returns; in WAL mode that is one fsync.
    connection.execute("PRAGMA synchronous = FULL")
    # After an outage the log would otherwise keep its greatest size for ever.
    connection.execute("PRAGMA journal_size_limit = 1048576")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise DamagedDatabaseError(f"{path}: damaged ({found}): it has to be set aside")
    # To the letter: one that is turned over renames a column, or refuses what used to fit, and passes that check.
    if _schema(connection) != _wanted_schema(version):
        raise DamagedDatabaseError(f"{path}: its tables are not the outbox's: it has to be set aside")
    if version < FORMAT:
        whole(_create if version == 0 else _migrate)(connection)
    return version == 0


def _version(connection: sqlite3.Connection, *, path: Path) -> int:
    """The format, one that this program knows; a single bit turned over makes it another."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if not 0 <= version <= FORMAT + _FORMATS_TO_COME or (
        version > FORMAT and _schema(connection) == _wanted_schema(FORMAT)
    ):
        raise DamagedDatabaseError(f"{path}: damaged (no format is {version}): it has to be set aside")
    if version > FORMAT:
        raise OutboxError(
            f"{path}: its format is {version}, this program knows {FORMAT}: upgrade the program, or move the file away"
        )
    return version


def _schema(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """Names and definitions of tables and indexes."""
    return set(connection.execute("SELECT name, sql FROM sqlite_master"))


def _wanted_schema(version: int) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in _SCHEMAS[version]:
            connection.execute(statement)
        return _schema(connection)


def _create(connection: sqlite3.Connection) -> None:
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def _migrate(connection: sqlite3.Connection) -> None:
    """From format 1; rows whose bytes were damaged already keep a checksum that does not fit."""
    connection.execute(_STATE_TABLE)
    connection.create_function("checksum_before", 2, checksum_before, deterministic=True)
    connection.create_function("checksum_now", -1, lambda *values: checksum(values), deterministic=True)
    for table in ("message", "dead_letter"):
        connection.execute(
            # Only this module's own names are joined into the statement.
            f"UPDATE {table} SET checksum = checksum_now({CHECKED_COLUMNS}) "  # noqa: S608
            "WHERE checksum = checksum_before(topic, payload)"
        )
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def whole(
    work: Callable[[sqlite3.Connection], _Result], *, begin: str = "BEGIN IMMEDIATE"
) -> Callable[[sqlite3.Connection], _Result]:
    """`work` as one transaction, undone when it raises: a power cut leaves all of it or nothing."""

    def transaction(connection: sqlite3.Connection) -> _Result:
        connection.execute(begin)
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            # SQLite itself rolls back on some failures, a full disk among them.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    return transaction


def translated(error: sqlite3.Error | UnicodeDecodeError, *, path: Path) -> OutboxError:
    """The outbox's own error for what SQLite said, or said so that Python could not even read it."""
    # The low byte is the primary code: SQLITE_CORRUPT_INDEX and its like count as SQLITE_CORRUPT.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # These two have no code of their own; nothing that this program stores can bring them about.
    told = isinstance(error, UnicodeDecodeError) or str(error).startswith(_TELLING)
    if told or code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return DamagedDatabaseError(f"{path}: damaged ({error}): it has to be set aside")
    if getattr(error, "sqlite_errorcode", 0) in _UNREADABLE:
        return DamagedDatabaseError(f"{path}: cannot be read any more ({error}): it has to be set aside")
    # Without room for the file that readers share, SQLite speaks of an I/O error.
    no_room = code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN} and free_bytes(path.parent) < _SHARED_BYTES
    if code == sqlite3.SQLITE_FULL or no_room:
        return OutboxFullError(f"{path}: the disk is full: free some space, queueing then goes on by itself")
    if code == sqlite3.SQLITE_BUSY:
        return OutboxError(f"{path}: another process holds it for too long: end what else works on the queue")
    return OutboxError(f"{path}: {error}: check the folder, its owner and the disk")

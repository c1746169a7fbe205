"""Reads what can still be read of a damaged database.

It is read from a copy, so that the damaged files stay as they were found. Each table is read from both ends up to the
damage, then around it, by halving the stretch of numbers that could not be read. Pages full of rows to which no path
leads any more are then read one by one, each as if it were the whole table; the index tells which of those rows were
still waiting. A row counts only if its checksum holds, so nothing is invented. A damaged first page, without which
SQLite reads nothing at all, is replaced by that of a fresh database: the same tables begin on the same pages.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from insect_edge.errors import OutboxFullError
from insect_edge.outbox import rows
from insect_edge.outbox.checksums import checksum, checksum_before
from insect_edge.outbox.database import open_database, translated
from insect_edge.outbox.files import COMPANIONS, copy_readable, log_of, unwritable
from insect_edge.outbox.log import lost_commits, play
from insect_edge.outbox.reserve import free_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_WORKSHOP = "outbox.salvage"
"""Folder for the copy, beside the database."""
_ATTEMPTS = 20_000
"""Reads that may fail before the rest of a table is given up: seconds, not hours, on a slow card."""
_LARGEST = 2**63 - 1
_FILE_SIZE = slice(28, 32)
"""Where a database says how many pages it has; 0 stands for what the file's size says (SQLite file format, 1.3.8)."""
_LEAF_OF_TABLE = 0x0D
_LONGEST_COUNTER = 40
_READ = {rows.COLUMNS: "message", f"{rows.COLUMNS}, reason": "dead_letter", "name, value": "counter"}
"""Columns and tables that have to be known by these names, else the first page is damaged."""
_ROOM = 3
"""Times its size: for the copy, for what SQLite writes while it reads that, and for its rows in the fresh database."""
_SPARE_BYTES = 256 * 1024
_INSTRUCTIONS = 20  # of SQLite's: about one row, however few a statement finds

_log = logging.getLogger(__name__)


class Wreck:
    """A copy of a damaged database; nothing here raises for what the damage did.

    A full disk is no damage: OutboxFullError says that the same can be tried again later.

    Args:
        connection: to the copy; None where not even that can be read.
        highest: no message has a higher number.
        path: of the damaged database.
    """

    def __init__(self, connection: sqlite3.Connection | None, *, highest: int, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._highest = min(highest, _LARGEST)
        self._format = self._first("PRAGMA user_version")
        self._unreached = False

    def messages(self) -> Iterator[tuple[Any, ...]]:
        """Values of `rows.COLUMNS` of each message that waited."""
        return self._rows("message", rows.COLUMNS)

    def dead_letters(self) -> Iterator[tuple[Any, ...]]:
        """The same of each dead letter, its reason after them."""
        return self._rows("dead_letter", f"{rows.COLUMNS}, reason")

    def counters(self) -> dict[str, int]:
        """What was counted of losses, as far as it is plausible."""
        found: dict[str, int] = {}
        with suppress(sqlite3.Error):
            for name, value in self._execute("SELECT name, value FROM counter"):
                known = isinstance(name, str) and name.replace("_", "").isalpha() and len(name) <= _LONGEST_COUNTER
                if known and not name.startswith("last_") and type(value) is int and 0 <= value <= self._highest:
                    found[name] = value
        return found

    def state(self) -> bytes | None:
        """The policy's state; None where there is none, or it is damaged."""
        if self._connection is None:
            return None
        try:
            return rows.state(self._connection)
        except sqlite3.Error as error:
            _refuse_full(error, path=self._path)
        except (TypeError, UnicodeDecodeError):
            pass
        return None

    def _rows(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        known = len(rows.COLUMNS.split(","))
        for found in self._readable(columns, table):
            values = self._as_now(found[:known]) + found[known:]
            # The reason of a dead letter is under no checksum, and the table takes nothing but text.
            if rows.intact(values[:known]) and all(isinstance(value, str) for value in found[known:]):
                yield values

    def _as_now(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """With the checksum of the present format where that of an older one held."""
        with suppress(TypeError, ValueError, AttributeError):
            if self._format == 1 and values[0] == checksum_before(*values[-2:]):
                return (checksum(values[1:]), *values[1:])
        return values

    def _readable(self, columns: str, table: str) -> Iterator[tuple[Any, ...]]:
        """Every row that can be found, each once; their number stands second."""
        seen: set[int] = set()
        for row in self._reachable(columns, table):
            seen.add(row[1])
            yield row
        if table == "message" and self._unreached:
            live = self._indexed()
            for row in self._stray(columns):
                if row[1] not in seen and (live is None or row[1] in live):
                    seen.add(row[1])
                    yield row

    def _indexed(self) -> set[int] | None:
        """Numbers of all messages that waited, from the index; None where that is damaged too."""
        with suppress(sqlite3.Error):
            return {row[0] for row in self._execute("SELECT seq FROM message INDEXED BY message_by_kind")}
        return None

    def _stray(self, columns: str) -> Iterator[tuple[Any, ...]]:
        """Rows of every page that looks like one of a table, whether a path leads to it or not."""
        # From here on the log is in the database, and nothing of the copy is worth waiting for a disk.
        with suppress(sqlite3.Error):
            for setting in ("journal_mode = MEMORY", "synchronous = OFF"):
                self._first(f"PRAGMA {setting}")
        for page in self._pages_of_rows():
            with suppress(sqlite3.Error):
                self._first(f"UPDATE sqlite_master SET rootpage = {page} WHERE name = 'message'")  # noqa: S608 # a number
                self._first("PRAGMA writable_schema = RESET")
                self._first("PRAGMA writable_schema = ON")
                yield from self._execute(f"SELECT {columns} FROM message NOT INDEXED")  # noqa: S608 # own names

    def _pages_of_rows(self) -> Iterator[int]:
        """Numbers of the pages that are leaves of tables, from 2 (SQLite file format, 1.6)."""
        size, path = self._first("PRAGMA page_size"), self._first("SELECT file FROM pragma_database_list")
        if size and path:
            with open(path, "rb") as file:  # noqa: PTH123 # SQLite gives the path as text
                file.seek(size)
                number = 2
                while page := file.read(size):
                    if page[0] == _LEAF_OF_TABLE:
                        yield number
                    number += 1

    def _reachable(self, columns: str, table: str) -> Iterator[tuple[Any, ...]]:
        """Every row to which a path leads."""
        # Only names of the outbox's own tables and columns are joined into the statement.
        statement = f"SELECT {columns} FROM {table} WHERE seq BETWEEN ? AND ? ORDER BY seq"  # noqa: S608
        stretches, attempts = [(1, self._highest)], 0
        while stretches and attempts < _ATTEMPTS:
            low, high = stretches.pop()
            attempts += 2
            try:
                for row in self._execute(statement, low, high):
                    yield row
                    low = max(low, row[1] + 1)
                continue
            except sqlite3.Error:
                pass
            with suppress(sqlite3.Error):
                for row in self._execute(f"{statement} DESC", low, high):
                    yield row
                    high = min(high, row[1] - 1)
            self._unreached = self._unreached or low <= high
            if low < high:
                middle = (low + high) // 2
                stretches += [(middle + 1, high), (low, middle)]

    def _first(self, statement: str) -> Any:
        with suppress(sqlite3.Error):
            row = next(iter(self._execute(statement)), None)
            return None if row is None else row[0]
        return None

    def _execute(self, statement: str, *values: int) -> Iterator[tuple[Any, ...]]:
        if self._connection is None:
            return
        try:
            yield from self._connection.execute(statement, values)
        except sqlite3.Error as error:
            _refuse_full(error, path=self._path)
            raise
        except UnicodeDecodeError as error:  # what SQLite says of the damage quotes it
            raise sqlite3.DatabaseError(str(error)) from error


@contextmanager
def opened_wreck(database: Path, *, highest: int, step: Callable[[], int] = lambda: 0) -> Iterator[Wreck]:
    """What is left of a damaged database; nothing where that cannot even be copied.

    Args:
        database: left as it is.
        highest: no message has a higher number.
        step: called very often while it is read.

    Raises:
        OutboxFullError: when there is no room to read it now.
    """
    workshop = database.with_name(_WORKSHOP)
    shutil.rmtree(workshop, ignore_errors=True)
    _ask_for_room(database)
    connection = None
    try:
        try:
            connection = _opened(_copied(database, workshop), workshop)
            connection.set_progress_handler(step, _INSTRUCTIONS)
        except OutboxFullError:
            raise
        except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
            _refuse_full(error, path=database)
            _log.warning("%s: nothing can be salvaged from it: %s", database, error)
        yield Wreck(connection, highest=highest, path=database)
    finally:
        if connection is not None:
            connection.close()
        shutil.rmtree(workshop, ignore_errors=True)


def _ask_for_room(database: Path) -> None:
    """Raise OutboxFullError where there is less than reading the database takes, before anything is written."""
    files = [database.with_name(database.name + ending) for ending in COMPANIONS[:2]]
    wanted = _ROOM * sum(file.stat().st_size for file in files if file.exists()) + _SPARE_BYTES
    if free_bytes(database.parent) < wanted:
        raise OutboxFullError(
            f"{database}: damaged, and the disk is too full to read what it holds: free {wanted / 2**20:.1f} MiB, "
            "the messages in it then go on by themselves"
        )


def _refuse_full(error: OSError | sqlite3.Error | UnicodeDecodeError, *, path: Path) -> None:
    """Raise OutboxFullError where that is what the error means; a full disk must not pass for damage."""
    told = unwritable(path, error) if isinstance(error, OSError) else translated(error, path=path)
    if isinstance(told, OutboxFullError):
        raise told from error


def _copied(database: Path, workshop: Path) -> Path:
    workshop.mkdir()
    copy = workshop / "copy.db"
    copy_readable(database, copy)
    log = log_of(copy)
    if log_of(database).exists():
        copy_readable(log_of(database), log)
    if lost_commits(log):
        # SQLite would read no further than to the damage.
        play(log, copy)
        log.unlink()
    return copy


def _opened(copy: Path, workshop: Path) -> sqlite3.Connection:
    """The copy, with another first page where its own is no good.

    Raises:
        sqlite3.Error: when it cannot be read all the same.
        OSError: when it cannot be mended.
    """
    try:
        return _connected(copy)
    except (sqlite3.Error, UnicodeDecodeError):
        _mend_first_page(copy, workshop)
        return _connected(copy)


def _connected(copy: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(copy, isolation_level=None)
    try:
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        # A database cut short is refused otherwise.
        connection.execute("PRAGMA writable_schema = ON")
        for columns, table in _READ.items():
            connection.execute(f"SELECT {columns} FROM {table} LIMIT 0")  # noqa: S608 # own names
    except (sqlite3.Error, UnicodeDecodeError):
        connection.close()
        raise
    return connection


def _mend_first_page(copy: Path, workshop: Path) -> None:
    template = workshop / "template.db"
    with closing(open_database(template)[0]) as connection:
        page_size = connection.execute("PRAGMA page_size").fetchone()[0]
    page = bytearray(template.read_bytes()[:page_size])
    page[_FILE_SIZE] = bytes(4)
    with copy.open("r+b") as file:
        file.write(page)

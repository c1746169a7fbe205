"""The outbox's database, always usable: of a damaged one all that can be read goes into a fresh one."""

from __future__ import annotations

import errno
import logging
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from insect_edge.errors import OutboxError, OutboxFullError
from insect_edge.outbox import files as outbox_files
from insect_edge.outbox.database import DamagedDatabaseError, open_database, translated, whole
from insect_edge.outbox.log import lost_commits
from insect_edge.outbox.salvage import Wreck, opened_wreck

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from insect_edge.protocols import Clock

BUSY_SECONDS = 5.0
"""Between two signs that a damaged database is still being read."""

_Result = TypeVar("_Result")

_log = logging.getLogger(__name__)


class Store:
    """Opened by the first call that needs it, and again after a failure.

    Args:
        folder: of the database.
        clock: stamps what is set aside.
        highest: asked, with the fresh database, for a number that no message of a damaged one is above.
        refill: called inside a transaction on the fresh database with what is left of the damaged one; returns how
            many messages it took from there.
        busy: called every few seconds while that goes on.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock,
        highest: Callable[[sqlite3.Connection], int],
        refill: Callable[[sqlite3.Connection, Wreck], int],
        busy: Callable[[], object],
    ) -> None:
        self._path = folder / outbox_files.DATABASE
        self._damaged = folder / outbox_files.DAMAGED
        self._clock = clock
        self._highest = highest
        self._refill = refill
        self._busy = busy
        self._busy_told = clock.monotonic()
        self._connection: sqlite3.Connection | None = None
        self._seen = 0
        self._closed = False

    @property
    def exists(self) -> bool:
        """Whether there is a database already, be it an unreadable one."""
        return self._path.exists() or self.damaged

    @property
    def damaged(self) -> bool:
        """Whether a damaged one waits for its rows to be looked for."""
        return self._damaged.exists()

    def read(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do something with the database; where that finds it damaged, once more with a fresh one.

        Raises:
            OutboxFullError: when the disk is full.
            OutboxError: when the disk or the database fails.
        """
        try:
            return self._attempt(work)
        except DamagedDatabaseError:
            self._set_aside()
            return self._attempt(work)

    def transact(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do all of `work` or, when it raises, nothing of it.

        Raises:
            OutboxFullError: when the disk is full.
            OutboxError: when the disk or the database fails.
        """
        try:
            return self.read(whole(work))
        except OutboxFullError:
            self.empty_log()
            return self.read(whole(work))

    def empty_log(self) -> None:
        """Copy the log into the database, as far as that can be done: the log then begins anew and need not grow."""
        with suppress(OutboxError):
            self._attempt(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    def changed_by_others(self) -> bool:
        """Whether another process has written since this was last asked."""
        before, self._seen = self._seen, int(self.read(lambda c: c.execute("PRAGMA data_version").fetchone()[0]))
        return before != self._seen

    def close(self) -> None:
        """Let the file go, for good; harmless when closed."""
        self._disconnect()
        self._closed = True

    def _attempt(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        connection = self._usable()
        try:
            return work(connection)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise translated(error, path=self._path) from error

    def _usable(self) -> sqlite3.Connection:
        if self._closed:
            raise OutboxError(f"{self._path}: closed: open it again")
        if self._connection is None:
            self._connect()
            try:
                self._salvage()
            except BaseException:
                self._disconnect()
                raise
        if self._connection is None:
            raise AssertionError("a connection that could not be made raises")
        return self._connection

    def _connect(self) -> None:
        outbox_files.finish_moving(self._path, self._damaged)
        try:
            self._check_log()
            self._connection, _ = open_database(self._path)
        except DamagedDatabaseError:
            self._set_aside()
            self._connection, _ = open_database(self._path)

    def _check_log(self) -> None:
        """Raise DamagedDatabaseError where SQLite would open an older state of it, and throw the rest away."""
        try:
            lost = lost_commits(outbox_files.log_of(self._path))
        except OSError as error:
            if error.errno == errno.EIO:
                raise DamagedDatabaseError(f"{self._path}: its log cannot be read: it has to be set aside") from error
            raise outbox_files.unwritable(self._path, error) from error
        if lost:
            raise DamagedDatabaseError(f"{self._path}: its log is damaged: it has to be set aside")

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _set_aside(self) -> None:
        """Put the damaged database out of the way, for its rows to be looked for.

        While an earlier one waits there, nothing was stored in this one that is not in that: it is kept for people.
        """
        self._disconnect()
        if self.damaged:
            self._keep(self._path, salvaged=0)
        else:
            outbox_files.move(self._path, self._damaged)

    def _salvage(self) -> None:
        """Take over what can be read of a damaged database; once that is stored it is kept under another name."""
        connection = self._connection
        if connection is None or not self.damaged:
            return
        self._busy()
        with opened_wreck(self._damaged, highest=self._highest(connection), step=self._step) as wreck:
            try:
                salvaged = self._refilled(connection, wreck)
            except sqlite3.Error as error:
                raise translated(error, path=self._path) from error
        self._keep(self._damaged, salvaged=salvaged)

    def _step(self) -> int:
        """Part of a salvage is done; 0 for SQLite to go on."""
        now = self._clock.monotonic()
        if now >= self._busy_told + BUSY_SECONDS:
            self._busy_told = now
            self._busy()
        return 0

    def _refilled(self, connection: sqlite3.Connection, wreck: Wreck) -> int:
        try:
            return whole(lambda opened: self._refill(opened, wreck))(connection)
        except (sqlite3.Error, OutboxError):
            raise
        except Exception:  # noqa: BLE001 # whatever is in those files, it must not keep the trap from starting
            _log.exception("%s: nothing can be salvaged from it", self._damaged)
            return whole(lambda opened: self._refill(opened, Wreck(None, highest=0, path=self._damaged)))(connection)

    def _keep(self, damaged: Path, *, salvaged: int) -> None:
        target = outbox_files.keeping_place(damaged.parent, now=self._clock.moment().utc)
        outbox_files.keep(damaged, target)
        outbox_files.thin_out(damaged.parent)
        _log.error(
            "%s: damaged, set aside as %s: %d of the messages that waited in it could be read and will be sent",
            self._path,
            target,
            salvaged,
        )

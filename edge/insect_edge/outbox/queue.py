"""The durable queue between an event and the broker: what was put in leaves on its acknowledgement, or is counted.

Only detections and alerts are stored. Each gets a `seq` that never repeats on this device: not after a restart or a
power cut, nor after the database was damaged or deleted, because numbers are reserved in a second file before they are
used.
"""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Self, TypeVar

from insect_edge.errors import OutboxError
from insect_edge.health.report import Losses, OutboxStatus
from insect_edge.outbox import files as outbox_files
from insect_edge.outbox import rows as outbox_rows
from insect_edge.outbox.database import DamagedDatabaseError, open_database, translated
from insect_edge.outbox.entry import Draft, Entry, Kind, OutboxLimits, Ticket
from insect_edge.outbox.files import NumberFile, Numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from insect_edge.protocols import Clock

__all__ = ["Draft", "Entry", "Kind", "Outbox", "OutboxLimits", "Ticket"]

RESERVED_AHEAD = 256
"""Numbers reserved at once: the second file is written once in so many messages, and a rescue skips no more."""

_Result = TypeVar("_Result")


class Outbox:
    """The queue in one folder, owned by one process and called by one thread.

    Every method raises `OutboxError` where the disk or the database fails, `OutboxFullError` where the disk is full;
    nothing of what it was asked has happened then, and a later try may succeed. A damaged database is set aside and
    replaced by a fresh one.
    """

    def __init__(self, folder: Path, *, clock: Clock, limits: OutboxLimits) -> None:
        self._path = folder / outbox_files.DATABASE
        self._number_file = NumberFile(folder / outbox_files.NUMBERS)
        self._clock = clock
        self._limits = limits
        self._opened = clock.monotonic()
        # Where the boot is not known, monotonic times of another process must not look comparable.
        self._boot_id = clock.boot_id() or uuid.uuid4().hex
        self._counters: dict[str, int] = {}
        self._connection: sqlite3.Connection | None = None
        self._lock = outbox_files.lock(folder)
        try:
            self._numbers, self._reserved = self._start()
        except BaseException:
            self.close()
            raise
        # A lost second file is made good at once, lest the database goes next; a full disk is for `put` to tell.
        with suppress(OutboxError):
            self._reserve(1)

    @classmethod
    def open(cls, folder: Path, *, clock: Clock, limits: OutboxLimits) -> Self:
        """Open the outbox in `folder`, made where there is none.

        Raises:
            OutboxError: when another process owns it, a newer program made it, or the folder cannot be used.
        """
        return cls(folder, clock=clock, limits=limits)

    def put(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Store all drafts in one transaction that has reached the disk on return, numbered in the order given.

        Where that passes a bound, the oldest messages are dropped and counted. What a draft's `build` raises comes
        through, with nothing stored.
        """
        self._reserve(len(drafts))

        def work(connection: sqlite3.Connection) -> tuple[list[Entry], Numbers]:
            numbers, entries, now = self._numbers, [], self._now()
            for draft in drafts:
                numbers = numbers.plus(draft.kind)
                ticket = Ticket(seq=numbers.seq, kind_seq=numbers.of(draft.kind))
                message = draft.build(ticket)
                outbox_rows.insert(connection, kind=draft.kind, ticket=ticket, message=message, now=now)
                entries.append(Entry(seq=ticket.seq, kind=draft.kind, message=message))
            outbox_rows.set_counters(connection, _as_counters(numbers))
            self._drop_surplus(connection)
            return entries, numbers

        entries, self._numbers = self._transact(work)
        return entries

    def pending(self, kind: Kind, *, after: int, limit: int) -> list[Entry]:
        """At most `limit` messages of one kind with a `seq` above `after`, by `seq`; some may remain when fewer come.

        Those found expired or damaged on the disk are taken out of the queue and counted instead.
        """

        def read(connection: sqlite3.Connection) -> list[outbox_rows.Row]:
            return outbox_rows.pending(connection, kind=kind, after=after, limit=limit, now=self._now())

        rows = self._guarded(read)
        spoilt = [row for row in rows if row.expired or not row.intact]
        if spoilt:
            self._transact(lambda connection: self._take_out(connection, spoilt))
        return [row.entry for row in rows if row.intact and not row.expired]

    def ack(self, seqs: Sequence[int]) -> None:
        """Forget delivered messages, in one transaction; unknown numbers are ignored."""

        def work(connection: sqlite3.Connection) -> None:
            for seq in seqs:
                outbox_rows.delete(connection, seq=seq)

        self._transact(work)

    def reject(self, seq: int, *, reason: str) -> None:
        """Set one message aside as a dead letter, counted; an unknown number is ignored."""
        self._transact(lambda connection: self._bury(connection, seq=seq, reason=reason))

    def prune(self) -> None:
        """Let expire what is too old; worth calling every minute or so."""

        def work(connection: sqlite3.Connection) -> None:
            for kind in outbox_rows.expire(connection, age_seconds=self._limits.age_seconds, now=self._now()):
                outbox_rows.count(connection, f"expired_{kind}")

        if self.status().depth:
            self._transact(work)

    def status(self) -> OutboxStatus:
        """How much waits, for how long, and what was lost."""

        def read(connection: sqlite3.Connection) -> OutboxStatus:
            self._counters = outbox_rows.counters(connection)
            totals = outbox_rows.totals(connection)
            return OutboxStatus(
                alerts=totals.alerts,
                detections=totals.detections,
                size_bytes=totals.size_bytes,
                oldest_seconds=outbox_rows.oldest_seconds(connection, now=self._now()),
                losses=_losses(self._counters, kinds=tuple(Kind)),
                alert_losses=_losses(self._counters, kinds=(Kind.ALERT,)),
                rescues=self._counters.get("rescues", 0),
            )

        return self._guarded(read)

    def close(self) -> None:
        """Let the files go; what is queued stays. Harmless when closed."""
        self._disconnect()
        self._lock.close()

    def _start(self) -> tuple[Numbers, Numbers]:
        """Open the database and find the numbers to go on with; returns those used and those reserved."""
        try:
            fresh, damaged = self._connect(), False
        except DamagedDatabaseError:
            fresh, damaged = self._replace_database(), True
        self._counters = self._guarded(outbox_rows.counters)
        used = Numbers(**{name: self._counters.get(f"last_{name}", 0) for name in ("seq", "alert", "detection")})
        reserved = self._number_file.read()
        if reserved is None and (damaged or (fresh and self._number_file.exists())):
            # Nobody knows what was used; but no device sends a message every millisecond since 1970.
            reserved = Numbers().ahead(int(self._clock.moment().utc.timestamp() * 1000))
        if reserved is None:
            return used, Numbers()
        if fresh or reserved.seq - used.seq > RESERVED_AHEAD:
            # Deleted, replaced or put back from an old copy: it does not know which of the reserved numbers were used.
            used = used.highest(reserved)
            self._attempt(_whole(lambda connection: self._note_rescue(connection, used)))
        return used, reserved

    def _connect(self) -> bool:
        """Open the database; returns whether it is a new one."""
        self._connection, fresh = open_database(self._path)
        return fresh

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _replace_database(self) -> bool:
        """Put the damaged database out of the way and open a fresh one."""
        self._disconnect()
        outbox_files.set_aside(self._path, now=self._clock.moment().utc)
        return self._connect()

    def _rescue(self) -> None:
        """Go on with a fresh database in place of one found damaged while in use; numbers and counts go on."""
        self._replace_database()
        self._attempt(_whole(lambda connection: self._note_rescue(connection, self._numbers)))

    def _note_rescue(self, connection: sqlite3.Connection, numbers: Numbers) -> None:
        self._counters["rescues"] = self._counters.get("rescues", 0) + 1
        outbox_rows.set_counters(connection, {**self._counters, **_as_counters(numbers)})

    def _reserve(self, count: int) -> None:
        """See to it that `count` more numbers are reserved on the disk."""
        if not self._reserved.covers(self._numbers.ahead(count)):
            reserved = self._reserved.highest(self._numbers.ahead(max(count, RESERVED_AHEAD)))
            self._number_file.write(reserved)
            self._reserved = reserved

    def _guarded(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do something with the database; where that finds it damaged, once more with a fresh one."""
        try:
            return self._attempt(work)
        except DamagedDatabaseError:
            self._rescue()
            return self._attempt(work)

    def _transact(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do all of `work` or, when it raises, nothing of it."""
        return self._guarded(_whole(work))

    def _attempt(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do something with the database, once."""
        connection = self._usable()
        try:
            return work(connection)
        except sqlite3.Error as error:
            raise translated(error, path=self._path) from error

    def _usable(self) -> sqlite3.Connection:
        if self._lock.closed:
            raise OutboxError(f"{self._path}: closed: open it again")
        if self._connection is None:
            # An earlier rescue got no further than the damaged file's new name.
            self._connection, _ = open_database(self._path)
        return self._connection

    def _take_out(self, connection: sqlite3.Connection, rows: list[outbox_rows.Row]) -> None:
        for row in rows:
            if not row.intact:
                self._bury(connection, seq=row.entry.seq, reason="damaged on the disk")
                continue
            outbox_rows.delete(connection, seq=row.entry.seq)
            outbox_rows.count(connection, f"expired_{row.entry.kind}")

    def _bury(self, connection: sqlite3.Connection, *, seq: int, reason: str) -> None:
        kind = outbox_rows.bury(connection, seq=seq, reason=reason, keep=self._limits.dead_letters)
        if kind is not None:
            outbox_rows.count(connection, f"dead_letter_{kind}")

    def _drop_surplus(self, connection: sqlite3.Connection) -> None:
        totals = outbox_rows.totals(connection)
        rows, size_bytes = totals.alerts + totals.detections, totals.size_bytes
        while rows > self._limits.rows or size_bytes > self._limits.size_bytes:
            dropped = outbox_rows.drop_oldest(connection)
            if dropped is None:
                break
            outbox_rows.count(connection, f"dropped_{dropped[0]}")
            rows, size_bytes = rows - 1, size_bytes - dropped[1]

    def _now(self) -> outbox_rows.Now:
        moment = self._clock.moment()
        return outbox_rows.Now(
            boot_id=self._boot_id,
            monotonic=moment.monotonic,
            utc=moment.utc.timestamp() if moment.clock_synced else None,
            open_seconds=self._clock.monotonic() - self._opened,
        )


def _whole(work: Callable[[sqlite3.Connection], _Result]) -> Callable[[sqlite3.Connection], _Result]:
    """`work` as one transaction, undone when it raises."""

    def transaction(connection: sqlite3.Connection) -> _Result:
        connection.execute("BEGIN IMMEDIATE")
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


def _as_counters(numbers: Numbers) -> dict[str, int]:
    return {"last_seq": numbers.seq, "last_alert": numbers.alert, "last_detection": numbers.detection}


def _losses(counters: dict[str, int], *, kinds: tuple[Kind, ...]) -> Losses:
    def total(what: str) -> int:
        return sum(counters.get(f"{what}_{kind}", 0) for kind in kinds)

    return Losses(dropped=total("dropped"), expired=total("expired"), dead_letter=total("dead_letter"))

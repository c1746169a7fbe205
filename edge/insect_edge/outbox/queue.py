"""The durable queue between an event and the broker: what was put in leaves on its acknowledgement, or is counted.

Only detections and alerts are stored. Each gets a `seq` that never repeats on this device: not after a restart or a
power cut, nor after the database was damaged or deleted, because numbers are reserved in a second file before they are
used. A third file holds some room: when the disk is full it is given up for alerts, and past that they are kept in
memory and sent from there.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Self

from insect_edge.errors import OutboxError, OutboxFullError
from insect_edge.outbox import dead_letters
from insect_edge.outbox import files as outbox_files
from insect_edge.outbox import rows as outbox_rows
from insect_edge.outbox.counts import outbox_status
from insect_edge.outbox.entry import Draft, Entry, Kind, OutboxLimits, Ticket
from insect_edge.outbox.footing import Footing
from insect_edge.outbox.making import made
from insect_edge.outbox.numbers import RESERVED_AHEAD
from insect_edge.outbox.reserve import RESERVE_BYTES, free_bytes

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from insect_edge.health.report import OutboxStatus
    from insect_edge.outbox.making import Made
    from insect_edge.protocols import Clock

__all__ = ["RESERVED_AHEAD", "Draft", "Entry", "Kind", "Outbox", "OutboxLimits", "Ticket"]

LOOK_SECONDS = 5.0
"""Between two looks for what another process changed."""


class Outbox:
    """The queue in one folder, owned by one process and called by one thread.

    Every method raises `OutboxError` where the disk or the database fails, `OutboxFullError` where the disk is full;
    nothing of what it was asked has happened then, and a later try may succeed. A damaged database is set aside, and
    what can be read of it goes on in a fresh one.
    """

    def __init__(self, folder: Path, *, clock: Clock, limits: OutboxLimits, busy: Callable[[], object]) -> None:
        self._folder = folder
        self._clock = clock
        self._limits = limits
        self._opened = clock.monotonic()
        # Where the boot is not known, monotonic times of another process must not look comparable.
        self._boot_id = clock.boot_id() or uuid.uuid4().hex
        self._look_at = self._opened
        self._lock = outbox_files.lock(folder)
        self._footing = Footing(folder, clock=clock, dead_letters=limits.dead_letters, busy=busy)
        self._store, self._loose = self._footing.store, self._footing.loose
        try:
            self._footing.start()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(
        cls, folder: Path, *, clock: Clock, limits: OutboxLimits, busy: Callable[[], object] = lambda: None
    ) -> Self:
        """Open the outbox in `folder`, made where there is none.

        Args:
            folder: of the files.
            clock: the time.
            limits: how much it holds.
            busy: called now and then while a damaged database is read, which may take minutes.

        Raises:
            OutboxError: when another process owns it, a newer program made it, or the folder cannot be used.
        """
        return cls(folder, clock=clock, limits=limits, busy=busy)

    @property
    def highest_number(self) -> int:
        """The highest `seq` given out; no SQL is needed to tell."""
        return self._footing.numbering.used.seq

    @property
    def cramped(self) -> str | None:
        """One line where the disk has no room for more than alerts; None where it has."""
        if not self._footing.reserve.missing:
            return None
        return f"{self._folder}: the disk is full: free some space, queueing then goes on by itself"

    @property
    def revision(self) -> int:
        """Grows whenever there may be something new to send."""
        return self._footing.revision

    @property
    def upheaval(self) -> int:
        """Grows whenever there may be something to send with a lower number than what was sent before."""
        return self._footing.upheaval

    def put(self, drafts: Sequence[Draft], *, state: bytes | None = None) -> list[Entry]:
        """Store all drafts in one transaction that has reached the disk on return, numbered in the order given.

        With `state`, the policy's, in the same transaction: both are there after a power cut, or neither. Where a bound
        is passed, the oldest messages are dropped and counted. A draft whose `build` raises becomes a dead letter, and
        is not among what is returned. While the disk is full, what room is left is for alerts alone.
        """
        alerts_alone = bool(drafts) and all(draft.kind is Kind.ALERT for draft in drafts)
        self.recover()
        if self.cramped is not None and not alerts_alone:
            raise OutboxFullError(self.cramped)
        return self._put(drafts, state=state)

    def put_together(self, drafts: Sequence[Draft], *, state: bytes | None = None) -> list[Entry]:
        """As `put`, although the disk is full: in the room that was reserved, of which half stays for alerts alone."""
        self._footing.make_room()
        if free_bytes(self._folder) < RESERVE_BYTES / 2:
            raise OutboxFullError(str(self.cramped))
        return self._put(drafts, state=state)

    def put_urgent(self, alerts: Sequence[Draft], *, state: bytes | None = None, owed: int = 0) -> list[Entry]:
        """Keep alerts although the disk is full: stored in the room that was reserved, past that in memory.

        From memory they can be sent at once, under numbers that are never given out again; they are counted as
        `undurable`, and stored as soon as there is room.

        Args:
            alerts: to be kept.
            state: the policy's, stored with them, now or once there is room.
            owed: detections that the state takes for told and that wait for room, to be put later with all that waits;
                should the process end before, the next one counts them as dropped.

        Raises:
            OutboxError: when too many are in memory already, or the numbers cannot be made safe.
        """
        self._footing.make_room()
        try:
            return self._put(alerts, state=state, owed=owed)
        except OutboxFullError:
            if not self._loose.has_room(len(alerts)):
                raise
        result = self._made(alerts)
        self._loose.add(result)
        self._loose.remember(state, owed=owed)
        self._footing.given_out(result.used)
        return result.entries

    def gave_up(self, kind: Kind) -> None:
        """Count a message that waited elsewhere and will never be put; of detections the one owed longest."""
        self._loose.counts[f"dropped_{kind}"] += 1
        if kind is Kind.DETECTION:
            self._footing.gave_up_owed()

    def recover(self) -> bool:
        """Store what is in memory alone and reserve room again, if that is needed and it is time to try.

        Returns:
            Whether all is well; while it is, this costs nothing.
        """
        return self._footing.recover()

    def state(self) -> bytes | None:
        """The newest policy's state that was put; None where there is none, or it was damaged on the disk."""
        return self._store.read(outbox_rows.state)

    def pending(self, kind: Kind, *, after: int, limit: int) -> list[Entry]:
        """At most `limit` messages of one kind with a `seq` above `after`, by `seq`; none only where there is none.

        Those found expired or damaged on the disk are taken out of the queue and counted instead.
        """
        loose = self._loose.pending(kind, after=after, limit=limit, now=self._now())
        try:
            stored = self._stored(kind, after=after, limit=limit)
        except OutboxError:
            if not loose:
                raise
            # What cannot be read now comes later, under lower numbers.
            self._footing.left_unread()
            stored = []
        # Never both: after a row that was taken out there may be more stored ones, and they go before what is loose.
        return stored or loose[:limit]

    def ack(self, seqs: Sequence[int]) -> None:
        """Forget delivered messages, in one transaction; unknown numbers are ignored."""
        stored = [seq for seq in seqs if self._loose.forget(seq) is None]

        def work(connection: sqlite3.Connection) -> None:
            for seq in stored:
                outbox_rows.delete(connection, seq=seq)

        if stored:
            self._store.transact(work)

    def reject(self, seq: int, *, reason: str) -> None:
        """Set one message aside as a dead letter, counted; an unknown number is ignored."""
        if not self._loose.reject(seq, reason=reason):
            self._store.transact(lambda connection: self._bury(connection, seq=seq, reason=reason))

    def prune(self) -> None:
        """Let expire what is too old; worth calling every minute or so."""

        def work(connection: sqlite3.Connection) -> None:
            for kind in outbox_rows.expire(connection, age_seconds=self._limits.age_seconds, now=self._now()):
                outbox_rows.count(connection, f"expired_{kind}")

        if self.status().depth:
            self._store.transact(work)

    def status(self) -> OutboxStatus:
        """How much waits, for how long, and what was lost."""

        def read(connection: sqlite3.Connection) -> OutboxStatus:
            counters = self._footing.read_counters(connection)
            return outbox_status(connection, loose=self._loose, counters=counters, now=self._now())

        return self._store.read(read)

    def look_for_changes(self) -> None:
        """Notice what another process put back into the queue; may be called often, and looks now and then."""
        now = self._clock.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            with suppress(OutboxError):
                self._footing.upheaval += self._store.changed_by_others()

    def close(self) -> None:
        """Let the files go; what is queued stays. Harmless when closed."""
        self._store.close()
        self._lock.close()

    def _put(self, drafts: Sequence[Draft], *, state: bytes | None, owed: int = 0) -> list[Entry]:
        result = self._made(drafts)

        def work(connection: sqlite3.Connection) -> None:
            for message in result.messages:
                outbox_rows.insert(connection, message.values)
            for failure in result.failures:
                dead_letters.bury_unmade(connection, failure, now=result.at, keep=self._limits.dead_letters)
            outbox_rows.set_counters(connection, result.used.counters())
            if state is not None:
                outbox_rows.set_state(connection, state)
            outbox_rows.drop_surplus(connection, self._limits)

        self._footing.write(work, owed=owed)
        self._footing.given_out(result.used)
        return result.entries

    def _made(self, drafts: Sequence[Draft]) -> Made:
        """Drafts with numbers that are safe to give out."""
        self._footing.numbering.secure(len(drafts))
        return made(drafts, used=self._footing.numbering.used, now=self._now())

    def _stored(self, kind: Kind, *, after: int, limit: int) -> list[Entry]:
        """Rows worth sending; what is spoilt is passed over, however much of it there is."""
        while True:
            now = self._now()
            rows = self._store.read(partial(outbox_rows.pending, kind=kind, after=after, limit=limit, now=now))
            spoilt = [row for row in rows if row.expired or not row.intact]
            if spoilt:
                # Where that fails (a full disk) they stay, and are passed over again.
                with suppress(OutboxFullError):
                    self._store.transact(partial(self._take_out, rows=spoilt))
            good = [row.entry for row in rows if row.intact and not row.expired]
            if good or not rows:
                return good
            after = rows[-1].entry.seq

    def _take_out(self, connection: sqlite3.Connection, rows: list[outbox_rows.Row]) -> None:
        for row in rows:
            if not row.intact:
                self._bury(connection, seq=row.entry.seq, reason="damaged on the disk")
                continue
            outbox_rows.delete(connection, seq=row.entry.seq)
            outbox_rows.count(connection, f"expired_{row.entry.kind}")

    def _bury(self, connection: sqlite3.Connection, *, seq: int, reason: str) -> None:
        dead_letters.bury(connection, seq=seq, reason=reason, keep=self._limits.dead_letters)

    def _now(self) -> outbox_rows.Now:
        moment = self._clock.moment()
        return outbox_rows.Now(
            boot_id=self._boot_id,
            monotonic=moment.monotonic,
            utc=moment.utc.timestamp() if moment.clock_synced else None,
            open_seconds=self._clock.monotonic() - self._opened,
        )

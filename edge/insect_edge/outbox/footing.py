"""What the outbox stands on: the database, the numbers, the room on the disk, and what memory holds meanwhile."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from insect_edge.errors import OutboxError, OutboxFullError
from insect_edge.outbox import files as outbox_files
from insect_edge.outbox import rows as outbox_rows
from insect_edge.outbox.entry import Kind
from insect_edge.outbox.loose import Loose
from insect_edge.outbox.numbers import Numbering, Numbers
from insect_edge.outbox.reserve import RESERVE_BYTES, Reserve, free_bytes
from insect_edge.outbox.store import Store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from insect_edge.outbox.salvage import Wreck
    from insect_edge.protocols import Clock

RECOVER_SECONDS = 5.0
"""Between two attempts to store what the disk had no room for."""
MOST_PATIENT_SECONDS = 60.0
"""The same where there is no more room than before: each attempt wears the disk, and the next takes twice as long."""
_OWED = "owed_detection"


class Footing:
    """Keeps the four in step, from the start through damage and full disks.

    Args:
        folder: of the files.
        clock: the time.
        dead_letters: how many rejected messages are kept.
        busy: called now and then while a damaged database is read.

    Attributes:
        store: the database.
        numbering: the numbers given out.
        reserve: room for alerts.
        loose: what has a number, or counts, and is not stored.
        counters: what the database counted when it was last asked.
        owed: detections that wait in memory alone although the stored state of the policy takes them for told.
        revision: grows whenever there may be something new to send.
        upheaval: grows whenever that may have a lower number than what was sent before.
    """

    def __init__(self, folder: Path, *, clock: Clock, dead_letters: int, busy: Callable[[], object]) -> None:
        self._clock = clock
        self._dead_letters = dead_letters
        self._owing = False
        self._folder = folder
        self._recover_at = self._write_at = clock.monotonic()
        self._patience = RECOVER_SECONDS
        self._unread = self._unwritten = False
        self.store = Store(folder, clock=clock, highest=self._highest_number, refill=self._refill, busy=busy)
        self.numbering = Numbering(folder / outbox_files.NUMBERS)
        self.reserve = Reserve(folder / outbox_files.RESERVE)
        self.loose = Loose()
        self.counters: dict[str, int] = {}
        self.owed = 0
        self.revision = 0
        self.upheaval = 0

    def start(self) -> None:
        """Find the numbers to go on with, and make good what is missing of the files.

        Raises:
            OutboxError: when the outbox cannot be used, not even from memory alone.
        """
        try:
            self.store.read(self._begin)
        except OutboxFullError:
            self.reserve.release()
            with suppress(OutboxFullError):
                self.store.read(self._begin)
            if not self.numbering.started:
                # Nothing can be read, not even what was counted; the second file knows enough to go on.
                self._begin_with(None, damaged=self.store.damaged, unread=self.store.exists)
        if self.reserve.make():
            self.recover()
        # A lost second file is made good at once, lest the database goes next; a full disk is for `put` to tell.
        with suppress(OutboxError):
            if self.reserve.missing:
                self.numbering.loosen()
            self.numbering.secure(1)

    def read_counters(self, connection: sqlite3.Connection) -> dict[str, int]:
        """What the database counts, remembered for the case that it is lost."""
        self.counters = outbox_rows.counters(connection)
        return self.counters

    def write(self, work: Callable[[sqlite3.Connection], None], *, owed: int | None = None) -> None:
        """One transaction that also stores what memory holds.

        Args:
            work: what else it does.
            owed: detections left behind in memory; None where their number stays what goes with the state.

        Raises:
            OutboxError: when that failed; nothing of it happened.
        """
        if owed is None:
            owed = self.owed if self.loose.owed is None else self.loose.owed

        def all_of_it(connection: sqlite3.Connection) -> None:
            self.loose.pay(connection, keep=self._dead_letters)
            outbox_rows.set_counters(connection, self.numbering.used.counters())
            if self._owing or owed:
                outbox_rows.set_counters(connection, {_OWED: owed})
            work(connection)

        self.store.transact(all_of_it)
        self.owed, self._owing = owed, owed > 0
        if self.reserve.missing:
            # The log takes several times the room of what it carries; left alone it would take all there is.
            self.store.empty_log()
        self.loose.paid()
        self._unwritten = False
        self.upheaval += self._unread
        self._unread = False

    def gave_up_owed(self) -> None:
        """One detection fewer is owed: it was given up, and counted."""
        self.owed = max(self.owed - 1, 0)
        if self.loose.owed is not None:
            self.loose.owed = max(self.loose.owed - 1, 0)

    def given_out(self, used: Numbers) -> None:
        """There are new messages, with numbers up to these."""
        self.numbering.used = used
        self.revision += 1

    def left_unread(self) -> None:
        """Something was sent from memory although the database could not be read: the rest comes later."""
        self._unread = True

    def make_room(self) -> None:
        """Give up the reserve; from now on numbers may be given out from memory.

        Raises:
            OutboxError: when they could not be made safe.
        """
        if not self.reserve.missing:
            self.reserve.release()
            self.store.empty_log()
        self.numbering.loosen()

    def recover(self) -> bool:
        """Store what is in memory alone and reserve room again, if that is needed and it is time to try.

        Returns:
            Whether all is well; while it is, this costs nothing.
        """
        now = self._clock.monotonic()
        if self._well() or now < self._recover_at:
            return self._well()
        self._recover_at = now + RECOVER_SECONDS
        with suppress(OutboxError):
            self._pay(now)
        with suppress(OutboxError):
            if not self.reserve.make():
                self.numbering.loosen()
            elif not self.loose:
                self._fasten()
        return self._well()

    def _pay(self, now: float) -> None:
        """Store what memory holds, the more seldom the longer there is no room for it."""
        tight = free_bytes(self._folder) < RESERVE_BYTES
        if not (self.loose or self._unwritten) or (tight and now < self._write_at):
            return
        self._patience = min(2 * self._patience, MOST_PATIENT_SECONDS)
        self._write_at = now + self._patience
        self.write(lambda _: None)
        self._patience = RECOVER_SECONDS

    def _fasten(self) -> None:
        """The second file may go on as before, once the database knows the highest number."""
        if self.numbering.loose:
            self.write(lambda _: None)
            self.numbering.fasten()

    def _well(self) -> bool:
        return not (self.loose or self._unwritten or self.numbering.loose or self.reserve.missing)

    def _begin(self, connection: sqlite3.Connection) -> None:
        counters = self.read_counters(connection)
        counted = Numbers.counted(counters)
        self._begin_with(counted, unread=counted is None and bool(counters))
        if (owed := counters.get(_OWED, 0)) and not self._owing:
            # They went with the process that was to store them.
            self.loose.counts[f"dropped_{Kind.DETECTION}"] += owed
            self._owing = True

    def _begin_with(self, counted: Numbers | None, *, damaged: bool = False, unread: bool = False) -> None:
        if self.numbering.started:
            return
        milliseconds = int(self._clock.moment().utc.timestamp() * 1000)
        skipped = self.numbering.start(counted, damaged=damaged or unread, milliseconds=milliseconds)
        # A fresh database in place of a damaged one is counted where it is filled.
        if skipped and not (damaged and counted is None):
            self.loose.counts["rescues"] += 1
        self._unwritten = counted is None or skipped

    def _highest_number(self, connection: sqlite3.Connection) -> int:
        self._begin_with(Numbers.counted(outbox_rows.counters(connection)), damaged=True)
        return self.numbering.highest_reserved

    def _refill(self, connection: sqlite3.Connection, wreck: Wreck) -> int:
        """Take over what a damaged database still holds; what it counted, if this one counts nothing yet."""
        counters = outbox_rows.counters(connection)
        if Numbers.counted(counters) is None:
            found = wreck.counters()
            counters = {name: max(found.get(name, 0), self.counters.get(name, 0)) for name in found | self.counters}
            counters["rescues"] = counters.get("rescues", 0) + 1
            state = wreck.state()
            if state is not None:
                outbox_rows.set_state(connection, state)
        # First, for a page of dead letters to which no path leads any more looks like one of messages.
        for row in wreck.dead_letters():
            outbox_rows.insert_again(connection, row, table="dead_letter")
        salvaged = sum(outbox_rows.insert_again(connection, row, table="message") for row in wreck.messages())
        counters["salvaged"] = counters.get("salvaged", 0) + salvaged
        outbox_rows.set_counters(connection, {**counters, **self.numbering.used.counters()})
        self.upheaval += 1
        return salvaged

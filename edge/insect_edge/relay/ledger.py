"""The relay's book of the outbox: what is next to send, and what became of it, also while the disk fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.errors import OutboxError
from insect_edge.outbox.entry import Kind

if TYPE_CHECKING:
    from insect_edge.outbox.entry import Entry
    from insect_edge.outbox.queue import Outbox
    from insect_edge.protocols import Clock

RETRY_SECONDS = 5.0
SETTLE_ROWS = 64
SETTLE_SECONDS = 0.5
"""Deliveries are written down together, up to so many or so long after the first, while more are under way."""


class _Trouble:
    """Why something with the outbox failed, and when it is worth another try.

    Reading and writing have one each: on a full disk nothing can be written down, but what waits can still be sent.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.retry_at = 0.0
        self.error: str | None = None

    def began(self, error: OutboxError) -> None:
        self.error = str(error)
        self.retry_at = self._clock.monotonic() + RETRY_SECONDS

    def is_over(self) -> bool:
        return self.error is None or self._clock.monotonic() >= self.retry_at


class Ledger:
    """Which rows were sent on this connection, and which await deletion.

    A row whose fate is known but could not be written down (the disk is full) is not sent again while this process
    lives. The outbox is read only when it may hold something that was not sent.

    Attributes:
        error: one line on why the outbox could not be read or updated the last time; None when it could.
    """

    def __init__(self, outbox: Outbox, *, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock
        self._cursors = dict.fromkeys(Kind, 0)
        self._exhausted: set[Kind] = set()
        self._known = (outbox.revision, outbox.upheaval)
        self._sent: set[int] = set()
        self._delivered: set[int] = set()
        self._refused: dict[int, str] = {}
        self._settle_at = clock.monotonic()
        self._reading = _Trouble(clock)
        self._writing = _Trouble(clock)

    @property
    def error(self) -> str | None:
        """One line on why the outbox could not be read or updated the last time; None when it could."""
        return self._writing.error or self._reading.error

    @property
    def deadline(self) -> float | None:
        """Monotonic seconds at which there is something to write down or to try again; None while there is nothing."""
        tries = [trouble.retry_at for trouble in (self._reading, self._writing) if trouble.error is not None]
        if self._delivered and self._writing.error is None:
            tries.append(self._settle_at)
        return min(tries, default=None)

    def restart(self) -> None:
        """A new connection: everything that is not settled is to be sent again."""
        self._sent.clear()
        self._rewind()

    def next_rows(self, kind: Kind, *, limit: int) -> list[Entry]:
        """At most `limit` rows of a kind not yet sent on this connection, by number; `sent` moves on."""
        self._notice()
        rows: list[Entry] = []
        while not rows and kind not in self._exhausted and self._reading.is_over():
            try:
                found = self._outbox.pending(kind, after=self._cursors[kind], limit=limit)
            except OutboxError as error:
                self._reading.began(error)
                break
            if not found:
                self._exhausted.add(kind)
            rows = [entry for entry in found if not self._is_known(entry.seq)]
            if found and not rows:
                self._cursors[kind] = found[-1].seq
        return rows

    def sent(self, entry: Entry) -> None:
        """This row is under way, or settled: the next ones follow it."""
        self._cursors[entry.kind] = entry.seq
        if not self._is_known(entry.seq):
            self._sent.add(entry.seq)

    def postponed(self, seq: int) -> None:
        """The broker did not take it this time: it is to be sent again."""
        self._sent.discard(seq)
        self._rewind()

    def delivered(self, seq: int) -> None:
        """The broker has it: to be deleted."""
        self._sent.discard(seq)
        if not self._delivered:
            self._settle_at = self._clock.monotonic() + SETTLE_SECONDS
        self._delivered.add(seq)

    def refused(self, seq: int, *, reason: str) -> None:
        """The broker will never take it: to be set aside."""
        self._sent.discard(seq)
        self._refused[seq] = reason

    def settle(self, *, idle: bool) -> None:
        """Write down what became of the rows; what fails is tried again later.

        Args:
            idle: nothing is under way, so that there is nothing to wait for.
        """
        self._outbox.look_for_changes()
        if self._reading.is_over():
            self._reading.error = None
        if not self._writing.is_over():
            return
        try:
            if self._delivered and (idle or self._is_due()):
                self._outbox.ack(sorted(self._delivered))
                self._delivered.clear()
            for seq, reason in list(self._refused.items()):
                self._outbox.reject(seq, reason=reason)
                del self._refused[seq]
        except OutboxError as error:
            self._writing.began(error)
        else:
            self._writing.error = None

    def _is_due(self) -> bool:
        return len(self._delivered) >= SETTLE_ROWS or self._clock.monotonic() >= self._settle_at

    def _is_known(self, seq: int) -> bool:
        """Whether it is under way, or its fate is known."""
        return seq in self._sent or seq in self._delivered or seq in self._refused

    def _notice(self) -> None:
        """See whether there is something new in the outbox, or something back below what was sent."""
        before, self._known = self._known, (self._outbox.revision, self._outbox.upheaval)
        if self._known[1] != before[1]:
            self._rewind()
        elif self._known != before:
            self._exhausted.clear()

    def _rewind(self) -> None:
        self._cursors = dict.fromkeys(Kind, 0)
        self._exhausted.clear()

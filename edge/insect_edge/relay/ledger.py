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


class Ledger:
    """Which rows were sent on this connection, and which await deletion.

    A row whose fate is known but could not be written down (the disk is full) is not sent again while this process
    lives.

    Attributes:
        error: one line on why the outbox could not be read or updated the last time; None when it could.
    """

    def __init__(self, outbox: Outbox, *, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock
        self._cursors = dict.fromkeys(Kind, 0)
        self._delivered: set[int] = set()
        self._refused: dict[int, str] = {}
        self._retry_at = clock.monotonic()
        self.error: str | None = None

    @property
    def deadline(self) -> float | None:
        """Monotonic seconds at which a failed outbox is worth another try; None while it works."""
        return None if self.error is None else self._retry_at

    def restart(self) -> None:
        """A new connection: everything that is not settled is to be sent again."""
        self._cursors = dict.fromkeys(Kind, 0)

    def next_rows(self, kind: Kind, *, limit: int) -> list[Entry]:
        """At most `limit` rows of a kind not yet sent on this connection, by number; `sent` moves on."""
        rows: list[Entry] = []
        while not rows and self._may_try():
            try:
                found = self._outbox.pending(kind, after=self._cursors[kind], limit=limit)
            except OutboxError as error:
                self._failed(error)
                break
            if not found:
                break
            rows = [entry for entry in found if entry.seq not in self._delivered and entry.seq not in self._refused]
            if not rows:
                self._cursors[kind] = found[-1].seq
        return rows

    def sent(self, entry: Entry) -> None:
        """This row is under way, or settled: the next ones follow it."""
        self._cursors[entry.kind] = entry.seq

    def delivered(self, seq: int) -> None:
        """The broker has it: to be deleted."""
        self._delivered.add(seq)

    def refused(self, seq: int, *, reason: str) -> None:
        """The broker will never take it: to be set aside."""
        self._refused[seq] = reason

    def settle(self) -> None:
        """Write down what became of the rows; what fails is tried again later."""
        if not self._may_try():
            return
        try:
            if self._delivered:
                self._outbox.ack(sorted(self._delivered))
                self._delivered.clear()
            for seq, reason in list(self._refused.items()):
                self._outbox.reject(seq, reason=reason)
                del self._refused[seq]
        except OutboxError as error:
            self._failed(error)
        else:
            self.error = None

    def _may_try(self) -> bool:
        return self.error is None or self._clock.monotonic() >= self._retry_at

    def _failed(self, error: OutboxError) -> None:
        self.error = str(error)
        self._retry_at = self._clock.monotonic() + RETRY_SECONDS

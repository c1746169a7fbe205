"""What the disk has no room for: messages that have numbers already, and counts."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from insect_edge.outbox import dead_letters, rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from insect_edge.outbox.entry import Entry, Kind
    from insect_edge.outbox.making import Made, MadeMessage
    from insect_edge.outbox.rows import Now

MOST_LOOSE = 1_000
"""Messages, some 2 MiB; more wait without a number until there is room."""
MOST_REFUSED = 100
"""Refused messages whose content is kept until it can be set aside; those before them are only counted."""


class Loose:
    """In memory alone, and gone with the process unless it is stored before.

    Attributes:
        counts: to be added to those in the database, by name.
        state: the policy's, which takes these messages for told; None where it is stored, or there is none.
        owed: detections that this state takes for told and that wait elsewhere; None where `state` is.
    """

    def __init__(self) -> None:
        self._messages: dict[int, MadeMessage] = {}
        self._refused: deque[tuple[Any, ...]] = deque(maxlen=MOST_REFUSED)
        self.counts: Counter[str] = Counter()
        self.state: bytes | None = None
        self.owed: int | None = None

    def __bool__(self) -> bool:
        """Whether there is anything to be stored."""
        return bool(self._messages or self.counts)

    def __iter__(self) -> Iterator[MadeMessage]:
        """The messages, by number."""
        return iter(list(self._messages.values()))

    def has_room(self, count: int) -> bool:
        """Whether so many more may be kept."""
        return len(self._messages) + count <= MOST_LOOSE

    def add(self, result: Made) -> None:
        """Keep what was made, and count it; what could not be made is counted alone."""
        self._messages |= {message.ticket.seq: message for message in result.messages}
        self.counts["undurable"] += len(result.messages)
        self.counts.update(f"dead_letter_{failed.kind}" for failed in result.failures)

    def remember(self, state: bytes | None, *, owed: int) -> None:
        """Keep the policy's state with the messages it takes for told; None leaves what is kept."""
        if state is not None:
            self.state, self.owed = state, owed

    def forget(self, seq: int) -> Kind | None:
        """It is settled; its kind, or None where it is none of these."""
        message = self._messages.pop(seq, None)
        return None if message is None else message.kind

    def reject(self, seq: int, *, reason: str) -> bool:
        """Set one aside and count it; returns whether it was one of these."""
        message = self._messages.pop(seq, None)
        if message is not None:
            self.counts[f"dead_letter_{message.kind}"] += 1
            self._refused.append((*message.values, reason))
        return message is not None

    def pending(self, kind: Kind, *, after: int, limit: int, now: Now) -> list[Entry]:
        """At most `limit` messages of one kind with a number above `after`; those found expired are counted instead."""
        for message in self:
            if _left(message, now=now) == 0 and self.forget(message.ticket.seq):
                self.counts[f"expired_{message.kind}"] += 1
        chosen = [message for message in self if message.kind is kind and message.ticket.seq > after]
        return [
            replace(message.entry, message=replace(message.message, expiry_seconds=_left(message, now=now)))
            for message in chosen[:limit]
        ]

    def pay(self, connection: sqlite3.Connection, *, keep: int) -> None:
        """Store everything but `owed`; the newest `keep` dead letters stay."""
        for message in self:
            rows.insert_again(connection, message.values, table="message")
        for values in self._refused:
            rows.insert_again(connection, values, table="dead_letter")
        if self._refused:
            dead_letters.keep_newest(connection, keep)
        for name, count in self.counts.items():
            rows.count(connection, name, by=count)
        if self.state is not None:
            rows.set_state(connection, self.state)

    def paid(self) -> None:
        """What `pay` did has reached the disk."""
        self._messages.clear()
        self._refused.clear()
        self.counts.clear()
        self.state = self.owed = None


def _left(message: MadeMessage, *, now: Now) -> int | None:
    """Whole seconds left of its expiry, at least 1 until nothing is; None where it has none."""
    if message.message.expiry_seconds is None:
        return None
    left = message.message.expiry_seconds - (now.monotonic - message.at.monotonic)
    return max(int(left), 1) if left > 0 else 0

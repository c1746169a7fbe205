"""From drafts to numbered messages; a draft that cannot be made stands in nobody's way."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from insect_edge.outbox import rows
from insect_edge.outbox.entry import Entry, Ticket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Message
    from insect_edge.outbox.entry import Draft, Kind
    from insect_edge.outbox.numbers import Numbers
    from insect_edge.outbox.rows import Now

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeMessage:
    """A draft that was made.

    Attributes:
        kind: what it is.
        ticket: its numbers.
        message: as built.
        at: when.
        values: as they are stored.
    """

    kind: Kind
    ticket: Ticket
    message: Message
    at: Now
    values: tuple[Any, ...]

    @property
    def entry(self) -> Entry:
        """As the queue gives it out."""
        return Entry(seq=self.ticket.seq, kind=self.kind, message=self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A draft that could not be made: its numbers, and why."""

    kind: Kind
    ticket: Ticket
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of some drafts.

    Attributes:
        messages: those that were made, by number.
        failures: the others.
        used: the highest numbers given out after them.
        at: when.
    """

    messages: tuple[MadeMessage, ...]
    failures: tuple[Failure, ...]
    used: Numbers
    at: Now

    @property
    def entries(self) -> list[Entry]:
        """The messages as the queue gives them out."""
        return [message.entry for message in self.messages]


def made(drafts: Sequence[Draft], *, used: Numbers, now: Now) -> Made:
    """Number and build drafts in the order given.

    Args:
        drafts: whose `build` may raise whatever it likes.
        used: the highest numbers given out before them.
        now: when.
    """
    messages: list[MadeMessage] = []
    failures: list[Failure] = []
    for draft in drafts:
        used = used.plus(draft.kind)
        ticket = Ticket(seq=used.seq, kind_seq=used.of(draft.kind))
        try:
            message = draft.build(ticket)
            values = rows.values_of(message, kind=draft.kind, ticket=ticket, now=now)
        except Exception as error:  # noqa: BLE001 # any draft may be at fault in any way; the others go on
            reason = f"could not be made: {type(error).__name__}: {error}"
            _log.error("%s %d %s", draft.kind, ticket.seq, reason)
            failures.append(Failure(kind=draft.kind, ticket=ticket, reason=reason))
            continue
        messages.append(MadeMessage(kind=draft.kind, ticket=ticket, message=message, at=now, values=values))
    return Made(messages=tuple(messages), failures=tuple(failures), used=used, at=now)

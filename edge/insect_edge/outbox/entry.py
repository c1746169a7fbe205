"""What goes into the outbox and comes out of it: nouns without the database."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.domain import Message


class Kind(enum.StrEnum):
    """What a queued message is; alerts overtake detections and are dropped last."""

    DETECTION = "detection"
    ALERT = "alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The numbers one message gets; neither ever repeats on a device.

    Attributes:
        seq: over all messages, from 1.
        kind_seq: among the messages of its kind, from 1.
    """

    seq: int
    kind_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message whose payload names its own numbers.

    Attributes:
        kind: what it is.
        build: called once with the numbers, inside the transaction; what it raises undoes the transaction.
    """

    kind: Kind
    build: Callable[[Ticket], Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A queued message.

    Attributes:
        seq: its number, by which it is acknowledged or rejected.
        kind: what it is.
        message: payload exactly as first built; `expiry_seconds` is what is left of it.
    """

    seq: int
    kind: Kind
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxLimits:
    """Bounds of the outbox; where one is passed the oldest go first, alerts last.

    Attributes:
        rows: messages.
        size_bytes: topics and payloads together.
        age_seconds: messages older than this expire; None keeps them for ever.
        dead_letters: how many rejected messages are kept for people to look at.
    """

    rows: int = 20_000
    size_bytes: int = 64 * 1024 * 1024
    age_seconds: float | None = None
    dead_letters: int = 1_000

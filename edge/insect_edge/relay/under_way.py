"""What was published on this connection and is not acknowledged yet, in the order it was sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One publish.

    Attributes:
        topic: it went to.
        qos: 0 or 1.
        at: monotonic seconds when it was handed over.
        seq: of the outbox row it came from; None for a newest-wins message.
    """

    topic: str
    qos: int
    at: float
    seq: int | None


class UnderWay:
    """By token, oldest first."""

    def __init__(self) -> None:
        self._sent: dict[int, Sent] = {}

    def __len__(self) -> int:
        return len(self._sent)

    def add(self, token: int, sent: Sent) -> None:
        """One more was handed over."""
        self._sent[token] = sent

    def take(self, token: int) -> Sent | None:
        """It was acknowledged; None where it is not known."""
        return self._sent.pop(token, None)

    def clear(self) -> None:
        """The connection is gone."""
        self._sent.clear()

    @property
    def oldest(self) -> Sent:
        """The first sent.

        Raises:
            StopIteration: when nothing is under way.
        """
        return next(iter(self._sent.values()))

    @property
    def oldest_row(self) -> Sent | None:
        """The first sent of those from the outbox."""
        return next((sent for sent in self._sent.values() if sent.seq is not None), None)

    @property
    def rows(self) -> int:
        """How many came from the outbox."""
        return sum(sent.seq is not None for sent in self._sent.values())

    @property
    def acknowledged_ones(self) -> int:
        """How many the broker has to acknowledge: those of QoS 1."""
        return sum(sent.qos for sent in self._sent.values())

"""Finds the message that breaks every connection it is sent on."""

from __future__ import annotations

STRIKES = 3
PROMPT_SECONDS = 5.0
"""A broker that cannot stand a message hangs up at once; a network that fails does so at any time."""


class PoisonWatch:
    """Counts how often the peer hung up while a message was first in line; an acknowledgement clears it."""

    def __init__(self) -> None:
        self._strikes: dict[int, int] = {}

    @property
    def suspects(self) -> bool:
        """Whether any message is under suspicion."""
        return bool(self._strikes)

    def broke(self, seq: int, *, seconds_under_way: float) -> str | None:
        """The peer hung up while `seq` was the oldest row under way.

        Args:
            seq: of that message.
            seconds_under_way: since it was sent.

        Returns:
            The reason to set it aside, once that has happened `STRIKES` times in a row; else None.
        """
        if seconds_under_way > PROMPT_SECONDS:
            return None
        strikes = self._strikes.get(seq, 0) + 1
        if strikes < STRIKES:
            self._strikes[seq] = strikes
            return None
        self.clear(seq)
        return f"the broker hung up {STRIKES} times in a row while this message was on its way"

    def clear(self, seq: int) -> None:
        """`seq` arrived, or is out of the queue."""
        self._strikes.pop(seq, None)

    def forget(self) -> None:
        """Nothing waits any more: nobody is suspected."""
        self._strikes.clear()

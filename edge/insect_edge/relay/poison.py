"""Finds the message that breaks every connection it is sent on."""

from __future__ import annotations

STRIKES = 3
PROMPT_SECONDS = 5.0
"""A broker that cannot stand a message hangs up at once; a network that fails does so at any time."""
VERDICT_SECONDS = 3600.0
"""So long a newest-wins topic is given up: a broker is mended some day, and three broken connections an hour cost
little."""

Suspect = int | str
"""The `seq` of an outbox row, or the topic of a newest-wins message."""


class PoisonWatch:
    """Counts how often the peer hung up while a message was first in line; an acknowledgement clears it."""

    def __init__(self) -> None:
        self._strikes: dict[Suspect, int] = {}

    @property
    def suspects(self) -> bool:
        """Whether any message is under suspicion."""
        return bool(self._strikes)

    @property
    def condemned(self) -> bool:
        """Whether the next break would set a message aside: it is sent on a connection that has proven to stand."""
        return any(strikes >= STRIKES - 1 for strikes in self._strikes.values())

    def broke(self, suspect: Suspect, *, seconds_under_way: float) -> str | None:
        """The peer hung up while `suspect` was the oldest row under way, or the newest-wins message sent last.

        Args:
            suspect: that message.
            seconds_under_way: since it was sent.

        Returns:
            The reason to set it aside, once that has happened `STRIKES` times in a row; else None.
        """
        if seconds_under_way > PROMPT_SECONDS:
            return None
        strikes = self._strikes.get(suspect, 0) + 1
        if strikes < STRIKES:
            self._strikes[suspect] = strikes
            return None
        self.clear(suspect)
        return f"the broker hung up {STRIKES} times in a row while this message was on its way"

    def clear(self, suspect: Suspect) -> None:
        """It arrived, or is out of the queue."""
        self._strikes.pop(suspect, None)

    def forget_rows(self) -> None:
        """No row waits any more: none is suspected."""
        self._strikes = {suspect: strikes for suspect, strikes in self._strikes.items() if isinstance(suspect, str)}

    def forget(self) -> None:
        """The connection broke without any message, or has lasted with all of them: nobody is suspected."""
        self._strikes.clear()

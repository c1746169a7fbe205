"""How fast the backlog of an outage goes out: in batches, so that a weak network has room and rest in between."""

from __future__ import annotations


class CatchUp:
    """Paces detections that were there before the connection; what is newer need not wait, except for its turn.

    Args:
        rate: messages a second, on average; None for as fast as they are acknowledged.
        batch: messages that may go in one go.
    """

    def __init__(self, *, rate: float | None, batch: int) -> None:
        self._rate = rate
        self._batch = batch
        self._left = 0
        self._next_batch = float("-inf")
        self._newest = 0
        self._held = False

    def begin(self, *, newest: int) -> None:
        """A connection: whatever has a number up to `newest` is backlog."""
        self._newest = newest
        self._held = False

    def admits(self, seq: int, *, now: float) -> bool:
        """Whether this row may go now; if so it counts, if not none behind it may."""
        if self._rate is None or seq > self._newest:
            return True
        if self._left == 0 and now >= self._next_batch:
            self._left, self._next_batch = self._batch, now + self._batch / self._rate
        self._held = self._left == 0
        self._left -= not self._held
        return not self._held

    def deadline(self, now: float) -> float | None:
        """Monotonic seconds at which a row that is held back may go; None while none is."""
        return self._next_batch if self.holds(now) else None

    def holds(self, now: float) -> bool:
        """Whether a row is held back still: it need not even be read."""
        return self._held and now < self._next_batch

"""How often something may happen: so many at once, then one every so many seconds."""

from __future__ import annotations


class Allowance:
    """A token bucket that starts full.

    Args:
        burst: how many may come at once.
        every: seconds after which one more is allowed.
    """

    def __init__(self, *, burst: int, every: float) -> None:
        self._burst = float(burst)
        self._every = every
        self._left = self._burst
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Whether one may happen at `now` (monotonic seconds); if so, it is counted."""
        if self._at is not None:
            self._left = min(self._burst, self._left + (now - self._at) / self._every)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

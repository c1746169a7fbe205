"""How long to wait before the next attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


class Backoff:
    """Delays that double from `first` to `longest` seconds, each drawn from the upper half of its range.

    The draw keeps a field of traps from knocking all at once after their broker was away; the lower bound keeps one
    trap from knocking at once again.
    """

    def __init__(self, *, first: float, longest: float, random: Random) -> None:
        self._first = first
        self._longest = longest
        self._random = random
        self._attempts = 0

    def next_delay(self) -> float:
        """Seconds to wait now; the next call answers with about twice as many."""
        # 2**32 seconds is beyond any sensible `longest`, and the exponent stays far from an overflow.
        ceiling = min(self._longest, self._first * 2.0 ** min(self._attempts, 32))
        self._attempts += 1
        return ceiling * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Start again at `first`."""
        self._attempts = 0

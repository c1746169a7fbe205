"""How often to look: as configured, seldom in the dark, and less often while the board is too hot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_edge.health.report import Board

DARK_AFTER_SECONDS = 30.0
"""A hand before the lens is no night."""
HOT_CELSIUS, COOL_CELSIUS = 80.0, 75.0
"""A Raspberry Pi slows itself down between 80 and 85 degrees; below the second it has room again."""
STEP_SECONDS = 60.0
"""A board takes about a minute to answer a change of its load with a change of its temperature."""
_FACTOR = 2.0
_MOST_STEPS = 4
WATCHDOG_FRAMES = 3
"""Frames that must fit between two signs of life, so that a single late one is no death."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceSettings:
    """Seconds from one frame to the next.

    Attributes:
        interval: by day, on a cool board.
        dark_interval: in the dark; a shorter one than `interval` counts for nothing.
        longest_hot: no longer than this on a hot board, so that events do not end between two frames.
        watchdog_seconds: the service manager gives the process up after so long without a sign of life; None where
            it does not.
    """

    interval: float = 1.0
    dark_interval: float = 10.0
    longest_hot: float = 5.0
    watchdog_seconds: float | None = None

    @property
    def limit(self) -> float:
        """The slowest that the watchdog allows; the configured interval itself is not touched."""
        return float("inf") if self.watchdog_seconds is None else self.watchdog_seconds / WATCHDOG_FRAMES

    @property
    def slowest(self) -> float:
        """The longest interval that the configuration can put in force, were there no watchdog."""
        return max(self.interval, self.dark_interval, self.longest_hot)


class Pace:
    """The interval in force.

    Attributes:
        steps: how often the rate was halved because the board is too hot.
    """

    def __init__(self, settings: PaceSettings) -> None:
        self._settings = settings
        self._dark_since: float | None = None
        self._slow = False
        self._stepped: float | None = None
        self.steps = 0

    def configure(self, settings: PaceSettings) -> None:
        """Go on with other intervals."""
        self._settings = settings

    @property
    def seconds(self) -> float:
        """To the next frame."""
        settings = self._settings
        hot = max(min(settings.interval * _FACTOR**self.steps, settings.longest_hot), settings.interval)
        wanted = max(hot, settings.dark_interval) if self._slow else hot
        return max(min(wanted, settings.limit), settings.interval)

    @property
    def saves(self) -> bool:
        """Whether frames are left out because it is dark."""
        return self._slow

    def frame(self, *, dark: bool, now: float) -> None:
        """A new frame came at monotonic `now`; light wakes at once."""
        if not dark:
            self._dark_since = None
        elif self._dark_since is None:
            self._dark_since = now
        self._slow = self._dark_since is not None and now - self._dark_since >= DARK_AFTER_SECONDS

    def board(self, board: Board, *, now: float) -> None:
        """Take a new look at the board into account, at monotonic `now`."""
        if self._stepped is not None and now - self._stepped < STEP_SECONDS:
            return
        celsius = board.temperature_celsius
        if board.slowed_down or (celsius is not None and celsius >= HOT_CELSIUS):
            self.steps, self._stepped = min(self.steps + 1, _MOST_STEPS), now
        elif self.steps and (celsius is None or celsius < COOL_CELSIUS):
            self.steps, self._stepped = self.steps - 1, now

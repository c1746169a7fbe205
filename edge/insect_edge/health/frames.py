"""What the frames say of the camera and of the speed, frame after frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.health.judgement import Darkness, Typical

if TYPE_CHECKING:
    from insect_edge.domain import Frame
    from insect_edge.health.liveliness import Liveliness
    from insect_edge.pipeline import StepResult

LONGEST_NIGHT_SECONDS = 16 * 3600.0
"""Where and when insects fly, no night is longer."""


class SeenFrames:
    """Takes every classified frame into account.

    Args:
        liveliness: judges frames of a live camera; None for files, each of which counts.
        started: monotonic seconds at which the daemon started.

    Attributes:
        count: frames classified.
        skipped: regions of them that were found and not looked at, for want of time.
        classified: monotonic seconds at which the newest frame was that showed the present; None before the first.
        dark: whether that frame was dark.
        event_seen: when an event was last open, or the start.
        seconds_a_frame: typical time between classified frames.
        latency_ms: typical time from capture to the end of a step.
        inference_ms: typical time inside the interpreter for a frame of which anything was looked at.
    """

    def __init__(self, *, liveliness: Liveliness | None, started: float) -> None:
        self._liveliness = liveliness
        self._darkness = Darkness()
        self._newest: float | None = None
        self._blind_since: float | None = None
        self.count = 0
        self.skipped = 0
        self.classified: float | None = None
        self.event_seen = started
        self.seconds_a_frame = Typical()
        self.latency_ms = Typical()
        self.inference_ms = Typical()

    @property
    def dark(self) -> bool:
        """See the class."""
        return self._darkness.dark

    def alive(self, frame: Frame) -> bool:
        """Whether a frame shows the present; asked once for each frame, before it is classified."""
        if self._liveliness is None:
            return True
        alive = self._liveliness.alive(frame)
        if alive or not self._liveliness.blind:
            self._blind_since = None
        elif self._blind_since is None:
            self._blind_since = frame.captured.monotonic
        return alive

    def excused(self, now: float) -> bool:
        """Whether the missing sign of life may be the night, by monotonic `now`.

        Black frames without a byte of noise may come from a quiet sensor as well as from a dead one. Counted as death
        they would have a healthy camera's process ended by the service manager, and started, from dusk to dawn, and no
        new process would see more. They keep coming, so the program does not hang; the camera is opened again by
        itself, more and more seldom; and what outlasts any night is no night.
        """
        return self._blind_since is not None and now - self._blind_since < LONGEST_NIGHT_SECONDS

    def take(self, result: StepResult, *, alive: bool, events_open: bool, now: float) -> None:
        """A frame was classified at monotonic `now`; `alive` is what was said of it."""
        self.count += 1
        if events_open:
            self.event_seen = now
        self.latency_ms.add((now - result.frame.captured.monotonic) * 1e3)
        if result.view.inference_ms is not None:
            self.inference_ms.add(result.view.inference_ms)
        self.skipped += result.view.skipped
        if self._newest is not None:
            self.seconds_a_frame.add(now - self._newest)
        self._newest = now
        if alive:
            self._darkness.look(result.frame.pixels)
            self.classified = now

"""What the frames say of the camera and of the speed, frame after frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.health.judgement import Darkness, Typical

if TYPE_CHECKING:
    from insect_edge.domain import Frame
    from insect_edge.health.liveliness import Liveliness
    from insect_edge.pipeline import StepResult


class SeenFrames:
    """Takes every classified frame into account.

    Args:
        liveliness: judges frames of a live camera; None for files, each of which counts.
        started: monotonic seconds at which the daemon started.

    Attributes:
        count: frames classified.
        classified: monotonic seconds at which the newest frame was that showed the present; None before the first.
        dark: whether that frame was dark.
        event_seen: when an event was last open, or the start.
        seconds_a_frame: typical time between classified frames.
        latency_ms: typical time from capture to the end of a step.
        inference_ms: typical time inside the interpreter.
    """

    def __init__(self, *, liveliness: Liveliness | None, started: float) -> None:
        self._liveliness = liveliness
        self._darkness = Darkness()
        self._newest: float | None = None
        self.count = 0
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
        return self._liveliness is None or self._liveliness.alive(frame)

    def take(self, result: StepResult, *, alive: bool, events_open: bool, now: float) -> None:
        """A frame was classified at monotonic `now`; `alive` is what was said of it."""
        self.count += 1
        if events_open:
            self.event_seen = now
        self.latency_ms.add((now - result.frame.captured.monotonic) * 1e3)
        self.inference_ms.add(result.classification.inference_ms)
        if self._newest is not None:
            self.seconds_a_frame.add(now - self._newest)
        self._newest = now
        if alive:
            self._darkness.look(result.frame.pixels)
            self.classified = now

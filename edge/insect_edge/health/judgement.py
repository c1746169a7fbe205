"""What is true of the daemon now, computed from facts alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge.health.report import State

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STALL_SECONDS = 30.0
"""A live camera whose newest new frame is older than this, and than three frames' time, is stalled."""
QUIET_SECONDS = 24 * 3600.0
"""No insect for this long is worth a word: a trap that hangs wrongly looks just like a garden without insects."""
DARK_BELOW = 12.0
"""Mean of the pixels (0..255) below which nobody, and no model, recognises anything."""
_DARK_STEP = 16
"""Every 16th pixel in both directions tells the mean to a fraction of a grey level, in microseconds."""
_SMOOTHING = 0.1
"""Weight of the newest frame in the typical figures: about the last ten count."""

STOPS_DETECTION = frozenset({"camera_lost", "stalled"})
IMPAIRS = frozenset({"broker_down", "disk_full", "outbox_failed", "clock_unsynced"})
INFORMS = frozenset({"dark", "quiet"})
"""All reasons there are, by what they do to the state: failed, degraded, nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What health is judged by; all times in monotonic seconds.

    Attributes:
        now: when it is judged.
        frame_seconds: time from one frame to the next, as configured.
        live: whether the camera shows the present; files cannot stall and are as dark as they are.
        camera_lost: the camera cannot be opened or failed and did not come back yet.
        opened: when the camera was last opened; None while it never was.
        classified: when the newest new frame was classified; None before the first.
        dark: whether that frame was dark.
        event_seen: when an event was last open, or the start of the daemon.
        broker_connected: whether the broker is there.
        disk_full: whether the outbox cannot be written because the disk is full.
        outbox_failed: whether the outbox cannot be written or read for any other reason.
        clock_synced: whether the wall clock is known to be set.
    """

    now: float
    frame_seconds: float
    live: bool
    camera_lost: bool
    opened: float | None
    classified: float | None
    dark: bool
    event_seen: float
    broker_connected: bool
    disk_full: bool
    outbox_failed: bool
    clock_synced: bool


def judge(facts: Facts) -> tuple[State, tuple[str, ...]]:
    """The state in one word and the reasons, sorted."""
    reasons = _reasons(facts)
    if reasons & STOPS_DETECTION:
        state = State.FAILED
    elif facts.classified is None:
        state = State.STARTING
    elif reasons & IMPAIRS:
        state = State.DEGRADED
    else:
        state = State.READY
    return state, tuple(sorted(reasons))


def _reasons(facts: Facts) -> set[str]:
    newest = max((at for at in (facts.classified, facts.opened) if at is not None), default=None)
    patience = max(STALL_SECONDS, 3 * facts.frame_seconds)
    stalled = facts.live and newest is not None and facts.now - newest >= patience
    truths = {
        "camera_lost": facts.camera_lost,
        "stalled": stalled and not facts.camera_lost,
        "broker_down": not facts.broker_connected,
        "disk_full": facts.disk_full,
        "outbox_failed": facts.outbox_failed and not facts.disk_full,
        "clock_unsynced": not facts.clock_synced,
        "dark": facts.live and facts.dark and not stalled,
        "quiet": facts.now - facts.event_seen >= QUIET_SECONDS,
    }
    return {reason for reason, true in truths.items() if true}


def is_dark(pixels: NDArray[np.uint8]) -> bool:
    """Whether (height, width, 3) uint8 pixels are too dark to see anything."""
    return float(pixels[::_DARK_STEP, ::_DARK_STEP].mean()) < DARK_BELOW


class Typical:
    """The typical value of a figure that comes with every frame: an exponential mean of about the last ten."""

    def __init__(self) -> None:
        self.value: float | None = None

    def add(self, value: float) -> None:
        """Take the newest into account."""
        self.value = value if self.value is None else self.value + _SMOOTHING * (value - self.value)

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
DARK_BELOW, LIGHT_FROM = 12.0, 16.0
"""Mean of the pixels (0..255) below which nobody, and no model, recognises anything, and from which on it is light
again: apart, so that a dusk is no flicker."""
DISK_FULL_BYTES = 1024 * 1024
"""Free space below which the next write of the outbox may fail."""
DISK_LOW_BYTES = 100 * 1024 * 1024
"""Free space below which a growing log or an update fills the disk before anybody comes by."""
MEMORY_LOW_BYTES = 32 * 1024 * 1024
"""Available memory of the whole machine below which the kernel is about to end processes."""
ENOUGH_AGAIN = 1.25
"""Times such a limit from which on there is no shortage any more: figures that waver about it are no news."""
_DARK_STEP = 16
"""Every 16th pixel in both directions tells the mean to a fraction of a grey level, in microseconds."""
_SMOOTHING = 0.1
"""Weight of the newest frame in the typical figures: about the last ten count."""

STOPS_DETECTION = frozenset({"camera_lost", "stalled"})
IMPAIRS = frozenset(
    {"broker_down", "clock_unsynced", "disk_full", "disk_low", "memory_low", "outbox_failed", "throttled"}
    | {"model_rolled_back", "under_voltage"}
)
INFORMS = frozenset({"dark", "quiet"})
"""All reasons there are, by what they do to the state: failed, degraded, nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What health is judged by; all times in monotonic seconds.

    Attributes:
        now: when it is judged.
        frame_seconds: time from one frame to the next, at the pace in force.
        stall_seconds: a live camera without a new frame for so long is stalled.
        live: whether the camera shows the present; files cannot stall and are as dark as they are.
        camera_lost: the camera cannot be opened or failed and did not come back yet.
        opened: when the camera was last opened, but for attempts to bring one to life that shows nothing new; None
            while it never was.
        classified: when the newest frame that showed the present was classified; None before the first.
        dark: whether that frame was dark.
        event_seen: when an event was last open, or the start of the daemon.
        broker_connected: whether the broker is there.
        disk_full: whether the outbox cannot be written because the disk is full.
        outbox_failed: whether the outbox cannot be written or read for any other reason.
        clock_synced: whether the wall clock is known to be set.
        disk_free_bytes: free space where the outbox lies; None where nobody knows.
        memory_available_bytes: what the machine can still give away; None where nobody knows.
        throttled: whether the board is too hot and slowed down, by itself or by us.
        under_voltage: whether the board's supply is too weak.
        model_rolled_back: whether the chosen model was given up for the one before it.
        told: the reasons told last; a shortage is over only where there is clearly more again.
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
    stall_seconds: float = STALL_SECONDS
    disk_free_bytes: int | None = None
    memory_available_bytes: int | None = None
    throttled: bool = False
    under_voltage: bool = False
    model_rolled_back: bool = False
    told: tuple[str, ...] = ()


def judge(facts: Facts) -> tuple[State, tuple[str, ...]]:
    """The state in one word and the reasons, sorted."""
    reasons = _reasons(facts)
    if reasons & STOPS_DETECTION:
        state = State.FAILED
    elif not proven(opened=facts.opened, classified=facts.classified):
        state = State.STARTING
    elif reasons & IMPAIRS:
        state = State.DEGRADED
    else:
        state = State.READY
    return state, tuple(sorted(reasons))


def proven(*, opened: float | None, classified: float | None) -> bool:
    """Whether the camera has shown the present since it was opened; see `Facts` for the two."""
    return classified is not None and (opened is None or classified >= opened)


def _reasons(facts: Facts) -> set[str]:
    # A camera that was lost and is back has as long to show something new as at the start.
    newest = max((at for at in (facts.opened, facts.classified) if at is not None), default=None)
    patience = max(facts.stall_seconds, 3 * facts.frame_seconds)
    stalled = facts.live and newest is not None and facts.now - newest >= patience
    disk_full = facts.disk_full or _below(facts.disk_free_bytes, DISK_FULL_BYTES)
    disk_low = _scarce(facts.disk_free_bytes, DISK_LOW_BYTES, already="disk_low" in facts.told)
    memory_low = _scarce(facts.memory_available_bytes, MEMORY_LOW_BYTES, already="memory_low" in facts.told)
    truths = {
        "camera_lost": facts.camera_lost,
        "stalled": stalled and not facts.camera_lost,
        "broker_down": not facts.broker_connected,
        "disk_full": disk_full,
        "disk_low": not disk_full and disk_low,
        "memory_low": memory_low,
        "throttled": facts.throttled,
        "under_voltage": facts.under_voltage,
        "model_rolled_back": facts.model_rolled_back,
        "outbox_failed": facts.outbox_failed and not facts.disk_full,
        "clock_unsynced": not facts.clock_synced,
        "dark": facts.live and facts.dark and not stalled,
        "quiet": facts.now - facts.event_seen >= QUIET_SECONDS,
    }
    return {reason for reason, true in truths.items() if true}


def _below(amount: int | None, limit: int) -> bool:
    return amount is not None and amount < limit


def _scarce(amount: int | None, limit: int, *, already: bool) -> bool:
    return amount is not None and amount < limit * (ENOUGH_AGAIN if already else 1)


def brightness(pixels: NDArray[np.uint8]) -> float:
    """Mean of (height, width, 3) uint8 pixels, near enough: 0 to 255."""
    return float(pixels[::_DARK_STEP, ::_DARK_STEP].mean())


class Darkness:
    """Whether it is dark, frame after frame."""

    def __init__(self) -> None:
        self.dark = False

    def look(self, pixels: NDArray[np.uint8]) -> bool:
        """Take (height, width, 3) uint8 pixels into account; whether it is too dark to see anything."""
        self.dark = brightness(pixels) < (LIGHT_FROM if self.dark else DARK_BELOW)
        return self.dark


class Typical:
    """The typical value of a figure that comes with every frame: an exponential mean of about the last ten."""

    def __init__(self) -> None:
        self.value: float | None = None

    def add(self, value: float) -> None:
        """Take the newest into account."""
        self.value = value if self.value is None else self.value + _SMOOTHING * (value - self.value)

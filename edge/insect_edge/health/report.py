"""What is true of the daemon now, as one immutable noun: what the `health` topic says."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields


class State(enum.StrEnum):
    """The daemon in one word."""

    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    FAILED = "failed"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Messages that will not arrive, counted since the database was made; they explain gaps in the numbering.

    Attributes:
        dropped: pushed out because the outbox was full.
        expired: older than their own expiry or than the outbox keeps messages.
        dead_letter: set aside because the broker refuses them, they break every connection or could not be made.
    """

    dropped: int = 0
    expired: int = 0
    dead_letter: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxStatus:
    """How the outbox stands.

    Attributes:
        alerts: alerts that wait for their acknowledgement.
        detections: detections that wait for theirs.
        size_bytes: topics and payloads of all that waits.
        oldest_seconds: age of the oldest that waits (a lower bound where a reboot without a clock lies
            between); None when nothing waits.
        losses: of alerts and detections together.
        alert_losses: of alerts alone.
        rescues: how often a database was damaged, missing or did not know which numbers were used; each explains
            one jump in the numbering, and the messages of a damaged database that were not salvaged.
        salvaged: messages that were read from damaged databases and went on.
        undurable: messages that were sent from memory, for the disk was full; lost where the process ended first.
    """

    alerts: int = 0
    detections: int = 0
    size_bytes: int = 0
    oldest_seconds: float | None = None
    losses: Losses = field(default_factory=Losses)
    alert_losses: Losses = field(default_factory=Losses)
    rescues: int = 0
    salvaged: int = 0
    undurable: int = 0

    @property
    def depth(self) -> int:
        """Messages that wait."""
        return self.alerts + self.detections


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerStatus:
    """How the connection to the broker stands.

    Attributes:
        connected: whether the broker accepted the connection and it is still there.
        protocol: `5` or `3.1.1`; None while it is not connected.
        refusals_visible: whether the broker tells when it refuses a message; under 3.1.1 it cannot.
        reason: one line on why it is not connected or what it refused last; None when all is well.
        refused: the broker said no (password, rights): time alone will not help.
        in_flight: messages sent and not yet acknowledged.
        last_acknowledged: monotonic seconds of the newest acknowledgement; None before the first.
        storage_error: one line on why the outbox cannot be read or updated; None when it can.
        discarded: messages that were received and thrown away unread, for too many came at once.
    """

    connected: bool = False
    protocol: str | None = None
    refusals_visible: bool = False
    reason: str | None = None
    refused: bool = False
    in_flight: int = 0
    last_acknowledged: float | None = None
    storage_error: str | None = None
    discarded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttling:
    """What a Raspberry Pi's firmware says of its supply and its heat, now and since it was switched on.

    Attributes:
        under_voltage: the supply gives too little.
        frequency_capped: the processor may not run at full speed.
        throttled: the processor is slowed down.
        soft_limit: the temperature has reached the first limit.
        under_voltage_occurred: at some time since the board was switched on; so the others.
        frequency_capped_occurred: see above.
        throttled_occurred: see above.
        soft_limit_occurred: see above.
    """

    under_voltage: bool = False
    frequency_capped: bool = False
    throttled: bool = False
    soft_limit: bool = False
    under_voltage_occurred: bool = False
    frequency_capped_occurred: bool = False
    throttled_occurred: bool = False
    soft_limit_occurred: bool = False

    @classmethod
    def from_bits(cls, bits: int) -> Throttling:
        """From `get_throttled`: bits 0 to 3 are now, bits 16 to 19 since the board was switched on."""
        names = tuple(field.name for field in fields(cls))
        numbers = (0, 1, 2, 3, 16, 17, 18, 19)
        return cls(**{name: bool(bits >> number & 1) for name, number in zip(names, numbers, strict=True)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What the machine says of itself; None for each that it does not tell.

    Attributes:
        temperature_celsius: of the processor.
        throttling: what the firmware says; only a Raspberry Pi's does.
        memory_bytes: resident memory of this process.
        memory_available_bytes: what the machine can still give to programs.
        disk_free_bytes: free space where the outbox lies.
    """

    temperature_celsius: float | None = None
    throttling: Throttling | None = None
    memory_bytes: int | None = None
    memory_available_bytes: int | None = None
    disk_free_bytes: int | None = None

    @property
    def slowed_down(self) -> bool:
        """Whether the board keeps its processor from running at full speed."""
        found = self.throttling
        return found is not None and (found.throttled or found.frequency_capped or found.soft_limit)

    @property
    def under_voltage(self) -> bool:
        """Whether the supply gives too little now."""
        return self.throttling is not None and self.throttling.under_voltage


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """One statement about the daemon's health.

    Attributes:
        state: in one word.
        reasons: why it is not simply ready: `quiet`, `dark`, `stalled`, `camera_lost`, `broker_down`,
            `disk_full`, `clock_unsynced`, `throttled` and the like; sorted when published.
        model_id: of the bundle in use; None before it is loaded.
        model_sha256: of the model file in hex; None where it is not known.
        frames: classified since the daemon started.
        newest_frame_seconds: age of the newest classified frame that showed the present; None before the first.
        interval_seconds: from one frame to the next, at the pace in force.
        frames_per_second: measured rate of classified frames; None before it is known.
        latency_ms: milliseconds from capture to the end of a step, typical; None before it is known.
        inference_ms: milliseconds inside the interpreter, typical; None before it is known.
        outbox: how the outbox stands.
        broker: how the connection stands.
        acknowledged_seconds: since the broker's newest acknowledgement; None before the first.
        board: what the machine says of itself.
        clock_synced: whether the wall clock is known to be set.
        versions: name to version of what runs: `insect-edge`, the runtime, `python` and the like.
        uptime_seconds: since the daemon started.
        expires_seconds: the report is worth nothing once it is older than this.
        events_never_dated: ended events whose times were null and stay so, counted since the outbox was made: of a boot
            that ended before the clock was set, or more than could be remembered until then.
        regions_skipped: regions of frames that were found and not looked at for want of time, since the daemon started.
    """

    state: State
    reasons: tuple[str, ...]
    model_id: str | None
    model_sha256: str | None
    frames: int
    newest_frame_seconds: float | None
    interval_seconds: float
    frames_per_second: float | None
    latency_ms: float | None
    inference_ms: float | None
    outbox: OutboxStatus
    broker: BrokerStatus
    acknowledged_seconds: float | None
    board: Board
    clock_synced: bool
    versions: dict[str, str]
    uptime_seconds: float
    expires_seconds: float
    events_never_dated: int = 0
    regions_skipped: int = 0

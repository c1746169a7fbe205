"""What is true of the daemon now, as one immutable noun: what the `health` topic says."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


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
        dead_letter: set aside because the broker refuses them or they break every connection.
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
        rescues: how often a damaged or missing database was replaced by a fresh one; each explains one jump
            in the numbering.
    """

    alerts: int = 0
    detections: int = 0
    size_bytes: int = 0
    oldest_seconds: float | None = None
    losses: Losses = field(default_factory=Losses)
    alert_losses: Losses = field(default_factory=Losses)
    rescues: int = 0

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
    """

    connected: bool = False
    protocol: str | None = None
    refusals_visible: bool = False
    reason: str | None = None
    refused: bool = False
    in_flight: int = 0
    last_acknowledged: float | None = None
    storage_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """One statement about the daemon's health.

    Attributes:
        state: in one word.
        reasons: why it is not simply ready: `quiet`, `dark`, `stalled`, `camera_lost`, `broker_down`,
            `disk_full`, `clock_unsynced`, `throttled` and the like; sorted when published.
        model_id: of the bundle in use; None before it is loaded.
        frames: classified since the daemon started.
        frames_per_second: measured rate of classified frames; None before it is known.
        latency_ms: milliseconds from capture to the end of a step, typical; None before it is known.
        inference_ms: milliseconds inside the interpreter, typical; None before it is known.
        outbox: how the outbox stands.
        broker: how the connection stands.
        temperature_celsius: of the processor; None where the board does not tell.
        memory_bytes: resident memory of the process; None where it cannot be told.
        clock_synced: whether the wall clock is known to be set.
        versions: name to version of what runs: `insect-edge`, the runtime, `python` and the like.
        uptime_seconds: since the daemon started.
        expires_seconds: the report is worth nothing once it is older than this.
    """

    state: State
    reasons: tuple[str, ...]
    model_id: str | None
    frames: int
    frames_per_second: float | None
    latency_ms: float | None
    inference_ms: float | None
    outbox: OutboxStatus
    broker: BrokerStatus
    temperature_celsius: float | None
    memory_bytes: int | None
    clock_synced: bool
    versions: dict[str, str]
    uptime_seconds: float
    expires_seconds: float

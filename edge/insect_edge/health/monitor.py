"""Gathers the facts, has them judged, and tells: the broker, the service manager and the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from insect_edge.errors import OutboxError
from insect_edge.health import judgement as health
from insect_edge.health.report import HealthReport, OutboxStatus, State
from insect_edge.mqtt import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from insect_edge.camera_keeper import CameraKeeper
    from insect_edge.delivery import Delivery
    from insect_edge.mqtt.topics import Topics
    from insect_edge.outbox.queue import Outbox
    from insect_edge.pipeline import StepResult
    from insect_edge.protocols import Clock
    from insect_edge.relay.relay import Relay
    from insect_edge.systemd import Systemd

EXPIRES_INTERVALS = 2.5
"""A report outlives two that did not come, not three."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What does not change while the daemon runs.

    Attributes:
        topics: of this device.
        model_id: of the model in use.
        frame_seconds: time from one frame to the next, as configured.
        versions: name to version of what runs.
        temperature_celsius: asks the board.
        memory_bytes: asks the kernel.
    """

    topics: Topics
    model_id: str
    frame_seconds: float
    versions: Mapping[str, str]
    temperature_celsius: Callable[[], float | None]
    memory_bytes: Callable[[], int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Who knows what.

    Attributes:
        keeper: of the camera.
        delivery: of failures to write the outbox.
        outbox: of what waits.
        relay: of the broker; it also takes the reports.
    """

    keeper: CameraKeeper
    delivery: Delivery
    outbox: Outbox
    relay: Relay


class HealthMonitor:
    """Tells how the daemon is: at once when that changes, else every `interval` seconds.

    Args:
        identity: see there.
        clock: the time.
        sources: of the facts.
        systemd: told in words.
        interval: seconds between two reports at the latest.
    """

    def __init__(
        self, *, identity: Identity, clock: Clock, sources: Sources, systemd: Systemd, interval: float
    ) -> None:
        self._identity = identity
        self._clock = clock
        self._sources = sources
        self._systemd = systemd
        self._interval = interval
        self._started = clock.monotonic()
        self._event_seen = self._started
        self._classified: float | None = None
        self._frames = 0
        self._sensor_timestamp: int | None = None
        self._dark = False
        self._seconds_a_frame = health.Typical()
        self._latency_ms = health.Typical()
        self._inference_ms = health.Typical()
        self._logged: dict[str, str | None] = {}
        self._told: tuple[State, tuple[str, ...]] | None = None
        self._due = self._started

    @property
    def due(self) -> float:
        """Monotonic seconds at which the next report is due at the latest."""
        return self._due

    def frame(self, result: StepResult, *, events_open: bool) -> None:
        """Take a classified frame into account."""
        now = self._clock.monotonic()
        self._frames += 1
        if events_open:
            self._event_seen = now
        self._latency_ms.add((now - result.frame.captured.monotonic) * 1e3)
        self._inference_ms.add(result.classification.inference_ms)
        timestamp = result.frame.sensor_timestamp_ns
        if timestamp is not None and timestamp == self._sensor_timestamp:
            return  # the same picture once more: nothing new was seen
        self._sensor_timestamp = timestamp
        self._dark = health.is_dark(result.frame.pixels)
        if self._classified is not None:
            self._seconds_a_frame.add(now - self._classified)
        self._classified = now
        self._systemd.ready()
        self._systemd.watchdog()

    def update(self, *, ending: State | None = None) -> None:
        """Judge, and tell if it is time to; `ending` is the state to leave behind on the way out."""
        self._log_changes()
        if ending is not None:
            self._log_lost()
        now = self._clock.moment()
        state, reasons = health.judge(self._facts(now.monotonic, clock_synced=now.clock_synced))
        state = ending or state
        changed = (state, reasons) != self._told
        if not changed and now.monotonic < self._due:
            return
        if changed:
            words = f"{state}: {', '.join(reasons)}" if reasons else str(state)
            self._systemd.status(words)
            _log.info("health: %s", words)
        self._told = (state, reasons)
        self._due = now.monotonic + self._interval
        report = self._report(state, reasons, now=now.monotonic, clock_synced=now.clock_synced)
        self._sources.relay.set_latest(
            messages.health(report, topics=self._identity.topics, at=now, boot_id=self._clock.boot_id())
        )

    def _log_changes(self) -> None:
        """One line when the connection or the outbox changes, however often it is asked."""
        broker = self._sources.relay.status()
        connected = f"connected with MQTT {broker.protocol}" if broker.connected else None
        self._log_change("broker", broker.reason or connected, good=broker.reason is None)
        self._log_change("outbox", self._sources.delivery.error or broker.storage_error, good=False)
        given_up = "too many messages wait in memory, so the oldest detections are given up"
        self._log_change("memory", given_up if self._sources.delivery.lost else None, good=False)

    def _log_lost(self) -> None:
        """What only memory holds at the end is gone with it."""
        delivery = self._sources.delivery
        if lost := delivery.lost + delivery.waiting:
            _log.error("%d messages could not be stored and will never be sent", lost)

    def _log_change(self, what: str, words: str | None, *, good: bool) -> None:
        before = self._logged.get(what)
        if words == before:
            return
        self._logged[what] = words
        if words is not None:
            _log.log(logging.INFO if good else logging.WARNING, "%s: %s", what, words)
        elif what == "outbox":
            _log.info("outbox: well again")

    def _facts(self, now: float, *, clock_synced: bool) -> health.Facts:
        keeper, delivery, broker = self._sources.keeper, self._sources.delivery, self._sources.relay.status()
        return health.Facts(
            now=now,
            frame_seconds=self._identity.frame_seconds,
            live=keeper.live,
            camera_lost=keeper.lost is not None,
            opened=keeper.opened,
            classified=self._classified,
            dark=self._dark,
            event_seen=self._event_seen,
            broker_connected=broker.connected,
            disk_full=delivery.disk_full,
            outbox_failed=delivery.error is not None or broker.storage_error is not None,
            clock_synced=clock_synced,
        )

    def _report(self, state: State, reasons: tuple[str, ...], *, now: float, clock_synced: bool) -> HealthReport:
        try:
            outbox = self._sources.outbox.status()
        except OutboxError:
            outbox = OutboxStatus()  # the reason says that these figures are not known
        broker = self._sources.relay.status()
        seconds = self._seconds_a_frame.value
        return HealthReport(
            state=state,
            reasons=reasons,
            model_id=self._identity.model_id,
            frames=self._frames,
            frames_per_second=1 / seconds if seconds else None,
            latency_ms=self._latency_ms.value,
            inference_ms=self._inference_ms.value,
            outbox=outbox,
            broker=replace(broker, storage_error=self._sources.delivery.error or broker.storage_error),
            temperature_celsius=self._identity.temperature_celsius(),
            memory_bytes=self._identity.memory_bytes(),
            clock_synced=clock_synced,
            versions=dict(self._identity.versions),
            uptime_seconds=now - self._started,
            expires_seconds=self._interval * EXPIRES_INTERVALS,
        )

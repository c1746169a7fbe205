"""Gathers the facts, has them judged, and tells: the broker, the service manager and the log."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from insect_edge.errors import OutboxError
from insect_edge.health import judgement as health
from insect_edge.health.report import Board, HealthReport, OutboxStatus, State
from insect_edge.health.words import sentence
from insect_edge.mqtt import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from insect_edge.camera_keeper import CameraKeeper
    from insect_edge.delivery import Delivery
    from insect_edge.domain import Frame, Message, Moment
    from insect_edge.health.frames import SeenFrames
    from insect_edge.health.pace import Pace
    from insect_edge.mqtt.topics import Topics
    from insect_edge.outbox.queue import Outbox
    from insect_edge.pipeline import StepResult
    from insect_edge.protocols import Clock
    from insect_edge.relay.relay import Relay
    from insect_edge.systemd import Systemd

EXPIRES_INTERVALS = 2.5
"""A report outlives two that did not come, not three."""
BOARD_SECONDS = 10.0
"""Between two looks at the board, whose facts change slowly."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What does not change while the daemon runs.

    Attributes:
        topics: of this device.
        model_id: of the model in use.
        model_sha256: of its file in hex; None where it is not known.
        versions: name to version of what runs.
        stall_seconds: a live camera that shows nothing new for so long is stalled.
        model_rolled_back: whether the chosen model was given up for the one before it.
    """

    topics: Topics
    model_id: str
    versions: Mapping[str, str]
    model_sha256: str | None = None
    stall_seconds: float = health.STALL_SECONDS
    model_rolled_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Who knows what.

    Attributes:
        keeper: of the camera.
        delivery: of failures to write the outbox.
        events_never_dated: counts the events whose times nobody will ever know.
        outbox: of what waits.
        relay: of the broker; it also takes the reports.
        frames: of what was seen.
        pace: of how often to look; it is told what matters to it.
        board: looks at the machine.
    """

    keeper: CameraKeeper
    delivery: Delivery
    events_never_dated: Callable[[], int]
    outbox: Outbox
    relay: Relay
    frames: SeenFrames
    pace: Pace
    board: Callable[[], Board]


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
        self._stall_seconds = identity.stall_seconds
        self._started = clock.monotonic()
        self._board = Board()
        self._board_due = self._started
        self._logged: dict[str, str | None] = {}
        self._told: tuple[State, tuple[str, ...]] | None = None
        self._due = self._started

    @property
    def due(self) -> float:
        """Monotonic seconds at which the next report is due at the latest."""
        return self._due

    @property
    def expires(self) -> float:
        """Seconds after which a report is worth nothing."""
        return self._interval * EXPIRES_INTERVALS

    @property
    def stalled(self) -> bool:
        """Whether the camera was found to show nothing new the last time health was judged."""
        return self._told is not None and "stalled" in self._told[1]

    @property
    def proven(self) -> bool:
        """Whether the camera has shown the present since it was opened: nothing before that counts as an insect."""
        return health.proven(opened=self._sources.keeper.opened, classified=self._sources.frames.classified)

    def configure(self, *, interval: float, stall_seconds: float | None = None) -> None:
        """Go on with other seconds between two reports, and another patience with the camera."""
        self._interval = interval
        self._stall_seconds = self._stall_seconds if stall_seconds is None else stall_seconds
        self._due = min(self._due, self._clock.monotonic() + interval)

    def alive(self, frame: Frame) -> bool:
        """Whether a frame proves that the camera shows the present; asked once for each, before it is classified."""
        alive = self._sources.frames.alive(frame)
        if not alive and self._sources.frames.excused(self._clock.monotonic()):
            self._systemd.watchdog()
        return alive

    def frame(self, result: StepResult, *, alive: bool, events_open: bool) -> None:
        """Take a classified frame into account; only one that shows the present feeds the watchdog."""
        now = self._clock.monotonic()
        self._sources.frames.take(result, alive=alive, events_open=events_open, now=now)
        self._systemd.ready()
        if not alive:
            return
        self._sources.pace.frame(dark=self._sources.frames.dark and not events_open, now=now)
        self._sources.keeper.alive()
        self._systemd.watchdog()

    def update(self, *, ending: State | None = None) -> None:
        """Judge, and tell if it is time to; `ending` is the state to leave behind on the way out."""
        self._log_changes()
        if ending is not None:
            self._log_lost()
        now = self._clock.moment()
        self._look_at_board(now.monotonic)
        state, reasons = self._judge(now)
        state = ending or state
        self._systemd.status(self._said(state, reasons))
        changed = (state, reasons) != self._told
        if not changed and now.monotonic < self._due:
            return
        if changed:
            _log.info("health: %s", f"{state}: {', '.join(reasons)}" if reasons else str(state))
        self._told = (state, reasons)
        self._due = now.monotonic + self._interval
        self._sources.relay.set_latest(self._message(state, reasons, now=now))

    def _said(self, state: State, reasons: tuple[str, ...]) -> str:
        """The report in one line; what keeps the broker away, a wrong password say, stands in it too."""
        why = self._sources.relay.status().reason if "broker_down" in reasons else None
        return sentence(state, reasons) + (f": {why}" if why else "")

    def message(self) -> Message:
        """How it is at this moment, as the `health` topic would say it."""
        now = self._clock.moment()
        state, reasons = self._judge(now)
        return self._message(state, reasons, now=now)

    def payload(self) -> dict[str, Any]:
        """The same as a program reads it."""
        content: dict[str, Any] = json.loads(self.message().payload)
        return content

    def _judge(self, now: Moment) -> tuple[State, tuple[str, ...]]:
        return health.judge(self._facts(now.monotonic, clock_synced=now.clock_synced))

    def _message(self, state: State, reasons: tuple[str, ...], *, now: Moment) -> Message:
        report = self._report(state, reasons, now=now.monotonic, clock_synced=now.clock_synced)
        return messages.health(report, topics=self._identity.topics, at=now, boot_id=self._clock.boot_id())

    def _look_at_board(self, now: float) -> None:
        if now < self._board_due:
            return
        self._board_due = now + BOARD_SECONDS
        self._board = self._sources.board()
        pace = self._sources.pace
        before = pace.seconds
        pace.board(self._board, now=now)
        if pace.seconds != before:
            celsius = self._board.temperature_celsius
            words = ["the firmware slows it down"] if self._board.slowed_down else []
            words += [] if celsius is None else [f"it has {celsius:.0f} °C"]
            why = " and ".join(words) or "it says nothing of itself any more"
            _log.warning("pace: one frame every %.3g s, for the board: %s", pace.seconds, why)

    def _log_changes(self) -> None:
        """One line when the connection or the outbox changes, however often it is asked."""
        broker = self._sources.relay.status()
        connected = f"connected with MQTT {broker.protocol}" if broker.connected else None
        self._log_change("broker", broker.reason or connected, good=broker.reason is None)
        self._log_change("outbox", self._sources.delivery.error or broker.storage_error, good=False)
        given_up = "too many messages wait in memory, so the oldest detections are given up"
        flood = "messages come in faster than they can be read, so some are thrown away: look who sends them"
        self._log_change("received", flood if broker.discarded else None, good=False)
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
        frames, pace, board = self._sources.frames, self._sources.pace, self._board
        return health.Facts(
            now=now,
            frame_seconds=pace.seconds,
            stall_seconds=self._stall_seconds,
            live=keeper.live,
            camera_lost=keeper.lost is not None,
            opened=keeper.opened,
            classified=frames.classified,
            dark=frames.dark,
            event_seen=frames.event_seen,
            broker_connected=broker.connected,
            disk_full=delivery.disk_full,
            outbox_failed=delivery.error is not None or broker.storage_error is not None,
            clock_synced=clock_synced,
            disk_free_bytes=board.disk_free_bytes,
            memory_available_bytes=board.memory_available_bytes,
            throttled=board.slowed_down or pace.steps > 0,
            under_voltage=board.under_voltage,
            model_rolled_back=self._identity.model_rolled_back,
            told=() if self._told is None else self._told[1],
        )

    def _report(self, state: State, reasons: tuple[str, ...], *, now: float, clock_synced: bool) -> HealthReport:
        try:
            outbox = self._sources.outbox.status()
        except OutboxError:
            outbox = OutboxStatus()  # the reason says that these figures are not known
        broker = self._sources.relay.status()
        frames, acknowledged = self._sources.frames, broker.last_acknowledged
        seconds = frames.seconds_a_frame.value
        return HealthReport(
            state=state,
            reasons=reasons,
            model_id=self._identity.model_id,
            model_sha256=self._identity.model_sha256,
            frames=frames.count,
            regions_skipped=frames.skipped,
            newest_frame_seconds=None if frames.classified is None else now - frames.classified,
            interval_seconds=self._sources.pace.seconds,
            frames_per_second=1 / seconds if seconds else None,
            latency_ms=frames.latency_ms.value,
            inference_ms=frames.inference_ms.value,
            outbox=outbox,
            broker=replace(broker, storage_error=self._sources.delivery.error or broker.storage_error),
            acknowledged_seconds=None if acknowledged is None else now - acknowledged,
            board=self._board,
            clock_synced=clock_synced,
            versions=dict(self._identity.versions),
            uptime_seconds=now - self._started,
            expires_seconds=self.expires,
            events_never_dated=self._sources.events_never_dated(),
        )

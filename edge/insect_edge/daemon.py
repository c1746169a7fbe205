"""The owner thread: startup, main loop, shutdown. What happens elsewhere arrives in its inbox as a notice."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge.domain import Phase
from insect_edge.errors import CameraError, OutboxError, StateError
from insect_edge.health.report import State
from insect_edge.journal import event_fields, passed
from insect_edge.protocols import Signalled, StatusAsked
from insect_edge.signals import RELOAD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from queue import SimpleQueue

    from insect_edge.camera_keeper import CameraKeeper
    from insect_edge.control.desk import Desk
    from insect_edge.domain import Event
    from insect_edge.health.monitor import HealthMonitor
    from insect_edge.health.pace import Pace
    from insect_edge.outbox.queue import Outbox
    from insect_edge.pipeline import Pipeline, StepResult
    from insect_edge.protocols import Clock, Notice
    from insect_edge.relay.relay import Relay
    from insect_edge.snapshots.album import Album
    from insect_edge.systemd import Systemd
    from insect_edge.tally.keeper import Tally

PRUNE_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 60.0
DRAIN_SECONDS = 10.0
"""For the last messages after a file source has ended."""
STOP_DRAIN_SECONDS = 0.6
STOP_RELAY_SECONDS = 0.6
STOP_CAMERA_SECONDS = 0.5
"""Together well within the 2 seconds a clean stop may take."""
_MOST_NOTICES = 100
"""Handled in one go, so that a flood of them cannot keep the loop from looking."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the daemon is made of, each with its own duty.

    Attributes:
        clock: the time, and the waiting.
        inbox: where notices arrive.
        keeper: opens the camera, and closes it.
        pipeline: from camera to outbox.
        outbox: pruned now and then.
        relay: from outbox to broker.
        health: tells how it all is.
        tally: counts the day.
        album: keeps pictures of events on the disk.
        commands: obeys what is asked over MQTT, and reads the configuration again.
        systemd: told of the end.
        pace: how long to the next frame.
        first_frame_seconds: without a single frame for so long a fresh process has better chances than this one.
    """

    clock: Clock
    inbox: SimpleQueue[Notice]
    keeper: CameraKeeper
    pipeline: Pipeline
    outbox: Outbox
    relay: Relay
    health: HealthMonitor
    tally: Tally
    album: Album
    commands: Desk
    systemd: Systemd
    pace: Pace
    first_frame_seconds: float


class Daemon:
    """Runs until a signal, the end of a file source, or an error that only a new process can mend.

    Attributes:
        frames: classified so far.
        left_behind: whether the camera's driver still held a thread at the end.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stopping = False
        self._ended = False
        self._started = parts.clock.monotonic()
        self._next_frame = self._started
        self._next_prune = self._started + PRUNE_SECONDS
        self.frames = 0
        self.left_behind = False

    def run(self) -> None:
        """Startup, main loop, shutdown.

        Raises:
            InsectEdgeError: whatever ended the daemon against its will; the shutdown was made nevertheless.
        """
        ending = State.FAILED
        try:
            self._startup()
            self._main_loop()
            ending = State.STOPPING
        finally:
            self._shutdown(ending)

    def _startup(self) -> None:
        """Tell the world first: who waits for a camera that never comes shall know it."""
        self._parts.systemd.starting(seconds=self._parts.first_frame_seconds)
        self._resume()
        self._parts.health.update()
        self._parts.relay.pump()

    def _resume(self) -> None:
        """Go on from what the last process remembered; without it the daemon looks all the same."""
        parts = self._parts
        try:
            stored = parts.outbox.state()
            if stored is not None:
                self._tell(parts.pipeline.resume(stored, now=parts.clock.moment()))
        except (OutboxError, StateError) as error:
            _log.warning("%s", error)

    def _main_loop(self) -> None:
        while not (self._stopping or self._ended):
            self._look()
            self._tell(self._parts.pipeline.tick(self._parts.clock.moment()))
            self._check_first_frame()
            self._prune()
            self._parts.health.update()
            if self._parts.health.stalled:
                self._parts.keeper.renew()
            self._parts.relay.pump()
            # Only now: an alert does not wait for its picture to be on the disk.
            self._parts.album.work()
            self._parts.commands.work()
            self._wait(until=self._next_due())
        if self._ended:
            self._finish()

    def _finish(self) -> None:
        """After the last frame of a file source: end what is open and deliver it."""
        _log.info("the source has ended after %d frames", self.frames)
        self._tell(self._parts.pipeline.finish(self._parts.clock.moment()))
        self._drain(seconds=DRAIN_SECONDS)

    def _shutdown(self, ending: State) -> None:
        """End what is open, store it, say goodbye; messages that are not acknowledged stay in the outbox."""
        parts = self._parts
        with ExitStack() as stack:  # each goodbye is said even where the one before it failed
            stack.callback(self._close_camera)
            stack.callback(parts.album.work)
            stack.callback(parts.relay.stop, timeout=STOP_RELAY_SECONDS)
            parts.systemd.stopping()
            self._tell(parts.pipeline.shutdown(parts.clock.moment()))
            parts.health.update(ending=ending)
            if parts.relay.status().connected:
                self._drain(seconds=STOP_DRAIN_SECONDS)
        _log.info("stopped after %d frames", self.frames)

    def _close_camera(self) -> None:
        """A driver that hangs must not hold up the end of the process: it is left behind."""
        closing = threading.Thread(target=self._parts.keeper.close, name="camera-close", daemon=True)
        closing.start()
        closing.join(STOP_CAMERA_SECONDS)
        self.left_behind = closing.is_alive() or self._parts.keeper.hangs()

    def _look(self) -> None:
        """Capture and follow one frame through, if it is time to."""
        parts = self._parts
        too_soon = parts.clock.monotonic() < self._next_frame and not parts.commands.wants_frame
        if too_soon or not parts.keeper.ready():
            return
        try:
            frame = parts.keeper.capture()
        except CameraError as error:
            parts.keeper.failed(error)
            return
        if frame is None:
            self._ended = True
            return
        parts.keeper.succeeded()
        alive = parts.health.alive(frame)
        # Copies of an old picture are no evidence of anything: once they are known as such, events end by themselves.
        if alive or (parts.health.proven and not parts.health.stalled):
            self._looked(parts.pipeline.look(frame), alive=alive)
        elif not parts.health.stalled:
            self._looked(parts.pipeline.glance(frame), alive=False)
        parts.commands.looked(frame, alive=alive)
        # A frame that is late is not made up for, and one that was asked for early does not put off the next.
        now, interval = parts.clock.monotonic(), parts.pace.seconds
        self._next_frame = min(max(self._next_frame + interval, now), now + interval)

    def _looked(self, result: StepResult, *, alive: bool) -> None:
        parts = self._parts
        if self.frames == 0:
            _log.info("first frame: %dx%d, %s", result.frame.width, result.frame.height, result.view.scope)
        self.frames += 1
        self._tell(result.events, look=result)
        parts.health.frame(result, alive=alive, events_open=bool(parts.pipeline.state.open_events))

    def _check_first_frame(self) -> None:
        waited = self._parts.clock.monotonic() - self._started
        if self.frames or self._ended or waited < self._parts.first_frame_seconds:
            return
        why = self._parts.keeper.lost or "it is open but delivers nothing"
        self._parts.keeper.lost = why
        raise CameraError(f"no frame within {waited:.0f} s: {why}")

    def _prune(self) -> None:
        now = self._parts.clock.monotonic()
        if now < self._next_prune:
            return
        self._next_prune = now + PRUNE_SECONDS
        try:
            self._parts.outbox.prune()
        except OutboxError as error:
            _log.warning("%s", error)

    def _next_due(self) -> float:
        """Monotonic seconds at which something must be done even if nobody calls."""
        parts = self._parts
        next_frame = 0.0 if parts.commands.wants_frame else self._next_frame
        due = [max(next_frame, parts.keeper.due), parts.health.due, self._next_prune]
        due += [
            deadline
            for deadline in (parts.relay.next_deadline(), parts.pipeline.deadline(), parts.commands.deadline())
            if deadline is not None
        ]
        if not self.frames:
            due.append(self._started + parts.first_frame_seconds)
        return min(due)

    def _wait(self, *, until: float) -> None:
        """Wait for a notice, or until it is time for something else; then handle all that has arrived."""
        clock, inbox = self._parts.clock, self._parts.inbox
        notice = clock.wait(inbox, seconds=min(max(until - clock.monotonic(), 0.0), LONGEST_WAIT_SECONDS))
        for _ in range(_MOST_NOTICES):
            if notice is None:
                return
            self._handle(notice)
            if inbox.empty():
                return
            notice = clock.wait(inbox, seconds=0)

    def _handle(self, notice: Notice) -> None:
        if isinstance(notice, StatusAsked):
            notice.answer(self._parts.health.message().payload)
        elif not isinstance(notice, Signalled):
            self._parts.relay.handle(notice)
        elif notice.number == RELOAD:
            self._parts.commands.reload()
        else:
            _log.info("signal %d: stopping", notice.number)
            self._stopping = True

    def _drain(self, *, seconds: float) -> None:
        """Go on delivering until nothing waits, a signal comes, or the time is up."""
        parts, stopping_before = self._parts, self._stopping
        deadline = parts.clock.monotonic() + seconds
        while parts.clock.monotonic() < deadline and self._stopping == stopping_before:
            parts.relay.pump()
            if not self._waits_for_delivery():
                return
            until = parts.relay.next_deadline()
            self._wait(until=deadline if until is None else min(until, deadline))

    def _waits_for_delivery(self) -> bool:
        try:
            return self._parts.relay.status().in_flight > 0 or self._parts.outbox.status().depth > 0
        except OutboxError:
            return False

    def _tell(self, events: Sequence[Event], *, look: StepResult | None = None) -> None:
        """One line an event's start and end, and one an alert; and one where the clock is set after events."""
        state = self._parts.pipeline.state
        self._parts.tally.take(events, open_events=state.open_events, arrivals=state.arrivals)
        self._parts.album.take(events, look=look)
        if corrections := sum(event.corrects is not None for event in events):
            _log.info("the clock is set: the times of %d events are told again", corrections)
        for event in events:
            if event.phase is not Phase.UPDATE:
                what = f"{event.label} {event.score:.2f}, {event.hits} of {event.frames} frames"
                _log.info("event %s: %s (%s)", event.phase, what, event.event_id, extra=event_fields(event))
            if event.alert:
                alert = (event.label, event.score, passed(event), event.event_id)
                _log.warning("alert: %s %.2f%s (%s)", *alert, extra=event_fields(event))

"""Event changes go durably into the outbox; everything else goes newest-wins to the relay."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from insect_edge.domain import Phase
from insect_edge.errors import ImageError, OutboxError, OutboxFullError
from insect_edge.mqtt import messages
from insect_edge.outbox.entry import Draft, Kind
from insect_edge.portrait import portrait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from insect_edge.domain import Classification, Event, Frame, Message
    from insect_edge.mqtt.messages import Origin
    from insect_edge.outbox.entry import Entry, Ticket
    from insect_edge.outbox.queue import Outbox
    from insect_edge.protocols import Clock
    from insect_edge.relay.relay import Relay

MOST_WAITING = 1000
"""Drafts kept in memory while the outbox cannot be written: some 5 MiB, and days of ordinary events."""
RETRY_SECONDS = 2.0
"""Between two attempts to store them, unless something new happens."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """What is sent besides detections and alerts.

    Attributes:
        snapshot: the picture of the newest detection.
        snapshot_per_event: also one picture an event, under its own topic.
        classification_every: seconds between two published classifications; None for none at all.
    """

    snapshot: bool = True
    snapshot_per_event: bool = False
    classification_every: float | None = None


class Delivery:
    """Owned by the one thread that looks.

    What the outbox cannot take waits in memory and is tried again every few seconds. Alerts alone do not wait for a
    full disk: the outbox keeps them in memory, and the relay sends them from there.

    Args:
        outbox: durable home of detections and alerts.
        relay: sends them, and the newest of everything else.
        origin: who speaks.
        encode: pixels of a frame → JPEG bytes.
        settings: what is sent.
        clock: paces the attempts.

    Attributes:
        error: why the outbox could not be written the last time; None when it could.
        disk_full: whether that was for want of space.
        lost: messages given up because too many waited.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        relay: Relay,
        origin: Origin,
        encode: Callable[[Frame], bytes],
        settings: DeliverySettings,
        clock: Clock,
    ) -> None:
        self._outbox = outbox
        self._relay = relay
        self._origin = origin
        self._encode = encode
        self._settings = settings
        self._clock = clock
        self._retry_at = clock.monotonic()
        self._waiting: list[Draft] = []
        self._state: bytes | None = None
        self._told_classification: float | None = None
        self.lost = 0
        self.error: str | None = None
        self.disk_full = False

    @property
    def waiting(self) -> int:
        """Messages that are in memory alone, for the outbox would not take them."""
        return len(self._waiting)

    def events(self, events: Sequence[Event], *, frame: Frame | None, state: bytes | None = None) -> None:
        """Store the changes, in one transaction.

        Args:
            events: what changed; may be none where only the state did.
            frame: the one that caused them; None where time alone did.
            state: what the policy remembers now, to be stored with them; None leaves what is stored.
        """
        self._state = self._state if state is None else state
        for event in events:
            self._waiting.append(Draft(kind=Kind.DETECTION, build=partial(self._detection, event)))
            if event.alert:
                self._waiting.append(Draft(kind=Kind.ALERT, build=partial(self._alert, event)))
        self._store()
        if frame is not None:
            self._snapshots(events, frame=frame)

    def test_alert(self, event: Event) -> None:
        """Store an alert that nothing was seen for, marked so: what becomes of it becomes of a real one too."""
        self._waiting.append(Draft(kind=Kind.ALERT, build=partial(self._alert, event, test=True)))
        self.retry()

    def picture(self, frame: Frame) -> Message:
        """The snapshot message of any frame.

        Raises:
            ImageError: when it cannot be encoded.
        """
        return messages.snapshot(self._encode(frame), topics=self._origin.topics)

    def configure(self, *, origin: Origin, encode: Callable[[Frame], bytes], settings: DeliverySettings) -> None:
        """Go on with other settings; see the class."""
        self._origin, self._encode, self._settings = origin, encode, settings

    def retry(self) -> None:
        """Store what waits, if anything does and it is time to try again."""
        if self._clock.monotonic() >= self._retry_at:
            self._store()

    def _store(self) -> None:
        self._outbox.recover()
        if (self._waiting or self._state is not None) and not self._stored():
            self._retry_at = self._clock.monotonic() + RETRY_SECONDS
            return
        self.error = self._outbox.cramped
        self.disk_full = self.error is not None

    def _stored(self) -> bool:
        """Try to store everything; returns whether that succeeded."""
        try:
            self._told(self._outbox.put(self._waiting, state=self._state))
        except OutboxError as error:
            self._keep(error)
            return False
        return True

    def _told(self, entries: Sequence[Entry]) -> None:
        """Everything that waited is stored."""
        self._waiting, self._state = [], None
        newest = [entry.message for entry in entries if entry.kind is Kind.DETECTION]
        if newest:
            self._relay.set_latest(messages.last_detection(newest[-1], topics=self._origin.topics))

    def _keep(self, error: OutboxError) -> None:
        """What could not be stored waits, except for alerts that a full disk need not hold up."""
        self.error = str(error)
        self.disk_full = isinstance(error, OutboxFullError)
        if self.disk_full and any(draft.kind is Kind.ALERT for draft in self._waiting):
            with suppress(OutboxError):
                self._store_urgently()
        # Alerts are what people wait for, so detections go first.
        while len(self._waiting) > MOST_WAITING:
            given_up = next((d for d in self._waiting if d.kind is Kind.DETECTION), self._waiting[0])
            self._waiting.remove(given_up)
            self._outbox.gave_up(given_up.kind)
            self.lost += 1

    def _store_urgently(self) -> None:
        """Alerts, with the detections they belong to as long as there is room for both.

        The state takes all changes up to now for told. So it is stored with all of them, or with the number of those
        that are not stored: whatever the process is killed between, none of them is missing without being counted.
        """
        try:
            self._told(self._outbox.put_together(self._waiting, state=self._state))
        except OutboxFullError:
            alerts = [draft for draft in self._waiting if draft.kind is Kind.ALERT]
            detections = [draft for draft in self._waiting if draft.kind is not Kind.ALERT]
            self._outbox.put_urgent(alerts, state=self._state, owed=len(detections))
            self._waiting = detections

    def classification(self, result: Classification, *, frame: Frame) -> None:
        """Publish the top categories of a frame where that is switched on and not too soon."""
        every, last = self._settings.classification_every, self._told_classification
        now = frame.captured.monotonic
        if every is None or (last is not None and now - last < every):
            return
        self._told_classification = now
        self._relay.set_latest(
            messages.classification(result, captured=frame.captured, sequence=frame.sequence, origin=self._origin)
        )

    def _detection(self, event: Event, ticket: Ticket) -> Message:
        return messages.detection(event, ticket=ticket, origin=self._origin)

    def _alert(self, event: Event, ticket: Ticket, *, test: bool = False) -> Message:
        return messages.alert(event, ticket=ticket, origin=self._origin, test=test)

    def _snapshots(self, events: Sequence[Event], *, frame: Frame) -> None:
        """Pictures of the events that the frame shows; an end shows an empty garden."""
        shown = [event for event in events if event.phase is not Phase.END and event.last_seen == frame.captured]
        if not (shown and (self._settings.snapshot or self._settings.snapshot_per_event)):
            return
        try:
            # One picture of the frame serves all events that have none of their own.
            jpeg_of = cache(lambda path: self._encode(portrait(frame, path)))
            if self._settings.snapshot:
                self._relay.set_latest(messages.snapshot(jpeg_of(shown[-1].path), topics=self._origin.topics))
            for event in shown if self._settings.snapshot_per_event else ():
                jpeg = jpeg_of(event.path)
                self._relay.set_latest(messages.snapshot(jpeg, topics=self._origin.topics, event_id=event.event_id))
        except ImageError as error:
            # The alert is stored and goes out; that it has no picture is no reason to stop looking.
            _log.warning("no picture of this event: %s", error)

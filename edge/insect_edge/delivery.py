"""Event changes go durably into the outbox; everything else goes newest-wins to the relay."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from insect_edge.domain import Phase
from insect_edge.errors import OutboxError, OutboxFullError
from insect_edge.mqtt import messages
from insect_edge.outbox.entry import Draft, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from insect_edge.domain import Classification, Event, Frame, Message
    from insect_edge.mqtt.messages import Origin
    from insect_edge.outbox.entry import Ticket
    from insect_edge.outbox.queue import Outbox
    from insect_edge.relay.relay import Relay

MOST_WAITING = 1000
"""Drafts kept in memory while the outbox cannot be written: some 5 MiB, and days of ordinary events."""


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

    What the outbox cannot take (a full disk) waits in memory and is tried again with every call.

    Args:
        outbox: durable home of detections and alerts.
        relay: sends them, and the newest of everything else.
        origin: who speaks.
        encode: pixels of a frame → JPEG bytes.
        settings: what is sent.

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
    ) -> None:
        self._outbox = outbox
        self._relay = relay
        self._origin = origin
        self._encode = encode
        self._settings = settings
        self._waiting: list[Draft] = []
        self._told_classification: float | None = None
        self.lost = 0
        self.error: str | None = None
        self.disk_full = False

    @property
    def waiting(self) -> int:
        """Messages that are in memory alone, for the outbox would not take them."""
        return len(self._waiting)

    def events(self, events: Sequence[Event], *, frame: Frame | None) -> None:
        """Store the changes, in one transaction; `frame` is the one that caused them, None where time alone did."""
        for event in events:
            self._waiting.append(Draft(kind=Kind.DETECTION, build=partial(self._detection, event)))
            if event.alert:
                self._waiting.append(Draft(kind=Kind.ALERT, build=partial(self._alert, event)))
        self.retry()
        if frame is not None:
            self._snapshots(events, frame=frame)

    def retry(self) -> None:
        """Store what waits, if anything does."""
        if not self._waiting:
            return
        try:
            entries = self._outbox.put(self._waiting)
        except OutboxError as error:
            self.error = str(error)
            self.disk_full = isinstance(error, OutboxFullError)
            # Alerts are what people wait for, so detections go first.
            while len(self._waiting) > MOST_WAITING:
                self._waiting.remove(next((d for d in self._waiting if d.kind is Kind.DETECTION), self._waiting[0]))
                self.lost += 1
            return
        self.error = None
        self.disk_full = False
        self._waiting = []
        newest = [entry.message for entry in entries if entry.kind is Kind.DETECTION]
        if newest:
            self._relay.set_latest(messages.last_detection(newest[-1], topics=self._origin.topics))

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

    def _alert(self, event: Event, ticket: Ticket) -> Message:
        return messages.alert(event, ticket=ticket, origin=self._origin)

    def _snapshots(self, events: Sequence[Event], *, frame: Frame) -> None:
        """The frame as a picture of the events it shows; an end shows an empty garden."""
        shown = [event for event in events if event.phase is not Phase.END and event.last_seen == frame.captured]
        if not (shown and (self._settings.snapshot or self._settings.snapshot_per_event)):
            return
        jpeg = self._encode(frame)
        if self._settings.snapshot:
            self._relay.set_latest(messages.snapshot(jpeg, topics=self._origin.topics))
        if self._settings.snapshot_per_event:
            for event in shown:
                picture = messages.snapshot(jpeg, topics=self._origin.topics, event_id=event.event_id)
                self._relay.set_latest(picture)

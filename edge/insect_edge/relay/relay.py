"""Moves messages from the outbox to the publisher, at least once.

A row leaves the outbox on its PUBACK and never before. Few messages are under way at a time, so the client library's
own queue stays empty; whatever was under way when a connection ends is sent again on the next one, byte for byte.
Alerts overtake detections. One thread owns the relay and gives it the notices of the network thread; nothing here waits
for the network, except `stop`, which waits no longer than it is told.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from insect_edge.backoff import Backoff
from insect_edge.errors import PublishError
from insect_edge.health.report import BrokerStatus
from insect_edge.mqtt import messages, reason_codes
from insect_edge.outbox.entry import Kind
from insect_edge.protocols import Acknowledged, Connected, Disconnected
from insect_edge.relay.latest import LatestBoard
from insect_edge.relay.ledger import Ledger
from insect_edge.relay.poison import PoisonWatch
from insect_edge.relay.settings import RelaySettings
from insect_edge.relay.under_way import Sent, UnderWay

if TYPE_CHECKING:
    from random import Random

    from insect_edge.domain import Message
    from insect_edge.outbox.entry import Entry
    from insect_edge.outbox.queue import Outbox
    from insect_edge.protocols import Clock, Notice, Publisher


class _Link(enum.Enum):
    WAITING = "waiting"
    CONNECTING = "connecting"
    CONNECTED = "connected"


__all__ = ["Relay", "RelaySettings"]


class Relay:
    """Owned by one thread: `handle` each notice, `pump` whenever something changed and at `next_deadline`."""

    def __init__(
        self, *, publisher: Publisher, outbox: Outbox, clock: Clock, random: Random, settings: RelaySettings
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._settings = settings
        self._backoff = Backoff(
            first=settings.backoff_first_seconds, longest=settings.backoff_longest_seconds, random=random
        )
        self._ledger = Ledger(outbox, clock=clock)
        self._poison = PoisonWatch()
        self._latest = LatestBoard()
        self._link = _Link.WAITING
        self._generation = 0
        self._connected: Connected | None = None
        self._deadline = clock.monotonic()
        self._under_way = UnderWay()
        self._greeting: int | None = None
        self._broken = False
        self._last_acknowledged: float | None = None
        self._heard = clock.monotonic()
        self._reason: str | None = None
        self._refused = False

    def handle(self, notice: Notice) -> None:
        """Take one notice; those of an older connection, and those not about delivery, are ignored."""
        match notice:
            case Connected() if notice.generation == self._generation and self._link is _Link.CONNECTING:
                self._on_connected(notice)
            case Disconnected() if notice.generation == self._generation and self._link is not _Link.WAITING:
                self._lose(reason=notice.reason, refused=notice.refused, by_peer=True)
            case Acknowledged() if notice.generation == self._generation:
                self._on_acknowledged(notice)
            case _:
                pass

    def pump(self) -> None:
        """Do all that can be done now: forget what arrived, connect when it is time, send.

        Raises nothing for a broker or a disk that fails; `status` tells.
        """
        now = self._clock.monotonic()
        self._ledger.settle()
        if self._link is _Link.WAITING and now >= self._deadline:
            self._connect(now)
        elif self._link is _Link.CONNECTING and now >= self._deadline:
            self._give_up(f"no answer within {self._settings.connect_seconds:g} s: check host, port and the broker")
        elif self._link is _Link.CONNECTED and self._awaits() and now >= self._silence_deadline():
            self._give_up(
                f"the broker acknowledged nothing for {self._settings.acknowledge_seconds:g} s: "
                "check the network and the broker"
            )
        elif self._link is _Link.CONNECTED and self._greeting is None and not self._broken:
            self._send()

    def set_latest(self, message: Message) -> None:
        """Publish `message` on the next `pump`, in place of an older one of its topic that still waits.

        What is retained is sent again on each new connection; what is not is dropped while there is no connection.
        """
        if message.retain or self._link is _Link.CONNECTED:
            self._latest.set(message)

    def next_deadline(self) -> float | None:
        """Monotonic seconds at which `pump` has something to do without any notice; None when there is nothing."""
        deadlines = [] if self._ledger.deadline is None else [self._ledger.deadline]
        if self._link is not _Link.CONNECTED:
            deadlines.append(self._deadline)
        elif self._awaits():
            deadlines.append(self._silence_deadline())
        return min(deadlines, default=None)

    def status(self) -> BrokerStatus:
        """How the connection stands."""
        connected = self._connected if self._link is _Link.CONNECTED else None
        return BrokerStatus(
            connected=connected is not None,
            protocol=None if connected is None else connected.protocol,
            refusals_visible=connected is not None and connected.protocol == "5",
            reason=self._reason,
            refused=self._refused,
            in_flight=len(self._under_way),
            last_acknowledged=self._last_acknowledged,
            storage_error=self._ledger.error,
        )

    def stop(self, *, timeout: float) -> None:
        """Publish `offline`, send what is under way and disconnect, for good; takes at most about `timeout` seconds.

        Who wants the rest acknowledged goes on with `handle` and `pump` before; what is not stays in the outbox.
        """
        if self._link is _Link.CONNECTED:
            try:
                self._publish(messages.offline(self._settings.topics), seq=None)
            except PublishError as error:
                self._reason = str(error)
        self._publisher.disconnect(timeout=timeout)
        self._link, self._connected, self._deadline = _Link.WAITING, None, float("inf")
        self._under_way.clear()
        self._ledger.settle()

    def _connect(self, now: float) -> None:
        self._link = _Link.CONNECTING
        self._deadline = now + self._settings.connect_seconds
        self._generation = self._publisher.connect(will=messages.offline(self._settings.topics))

    def _on_connected(self, notice: Connected) -> None:
        self._link, self._connected = _Link.CONNECTED, notice
        self._ledger.restart()
        self._reason, self._refused = None, False
        self._heard = self._clock.monotonic()
        # Nothing follows before this one is acknowledged: then the broker is known to answer, and when it ends a
        # connection later, the message under way is worth a suspicion.
        try:
            self._greeting = self._publish(messages.online(self._settings.topics), seq=None)
        except PublishError as error:
            self._give_up(str(error))

    def _on_acknowledged(self, notice: Acknowledged) -> None:
        done = self._under_way.take(notice.token)
        if done is None:
            return
        self._heard = self._clock.monotonic()
        if done.qos:
            self._last_acknowledged = self._heard
        if notice.token == self._greeting:
            self._greeting = None
            self._backoff.reset()
        refusal = None
        if notice.reason_code >= reason_codes.FAILURE:
            refusal = f"{done.topic}: refused: {reason_codes.message_refused(notice.reason_code)}"
            self._reason = refusal
        if done.seq is None:
            self._latest.done(done.topic)
        elif notice.reason_code == reason_codes.QUOTA_EXCEEDED:
            # The only refusal that passes by itself: kept, and sent again on the next connection.
            self._give_up(f"{refusal}")
        else:
            self._close(done.seq, refusal=refusal)

    def _close(self, seq: int, *, refusal: str | None) -> None:
        """The fate of one row is known."""
        self._poison.clear(seq)
        if refusal is None:
            self._ledger.delivered(seq)
        else:
            self._ledger.refused(seq, reason=refusal)

    def _give_up(self, reason: str) -> None:
        """Leave a connection that is no good any more."""
        self._publisher.disconnect(timeout=0)
        self._lose(reason=reason, refused=False, by_peer=False)

    def _lose(self, *, reason: str, refused: bool, by_peer: bool) -> None:
        """There is no connection any more: whatever was under way has to be sent again on the next."""
        now = self._clock.monotonic()
        head = self._under_way.oldest_row
        if by_peer and self._greeting is None and head is not None and head.seq is not None:
            verdict = self._poison.broke(head.seq, seconds_under_way=now - head.at)
            if verdict is not None:
                self._close(head.seq, refusal=verdict)
        self._link, self._connected = _Link.WAITING, None
        self._reason, self._refused = reason, refused
        self._under_way.clear()
        self._greeting, self._broken = None, False
        self._latest.reset()
        delay = self._backoff.next_delay()
        self._deadline = now + (max(delay, self._settings.backoff_longest_seconds / 2) if refused else delay)

    def _awaits(self) -> bool:
        """Whether something has to be heard on this connection."""
        return bool(self._under_way) or self._broken

    def _silence_deadline(self) -> float:
        """When a connection on which something is awaited has been silent for too long."""
        since = max(self._under_way.oldest.at, self._heard) if self._under_way else self._heard
        return since + self._settings.acknowledge_seconds

    def _send(self) -> None:
        """Everything that fits: newest-wins first (few and overdue soonest), then alerts, then detections."""
        for message in self._latest.due():
            if not self._has_room(qos=message.qos, rows=False) or not self._publish_latest(message):
                break
        for kind in (Kind.ALERT, Kind.DETECTION):
            self._send_rows(kind)
        if not self._under_way.rows and not self._broken:
            # A suspect that expired or was dropped would otherwise slow everything after it down.
            self._poison.forget()

    def _publish_latest(self, message: Message) -> bool:
        """Send one newest-wins message; returns whether the connection is still there."""
        try:
            token = self._publish(message, seq=None)
        except PublishError as error:
            self._latest.refuse(message)
            self._reason = str(error)
            return True
        if token is not None:
            self._latest.sent(message.topic)
        return token is not None

    def _send_rows(self, kind: Kind) -> None:
        while not self._broken and self._has_room(qos=1, rows=True):
            entries = self._ledger.next_rows(kind, limit=self._settings.window)
            if not entries:
                return
            for entry in entries:
                if not self._has_room(qos=1, rows=True) or not self._send_row(entry):
                    return
                self._ledger.sent(entry)

    def _send_row(self, entry: Entry) -> bool:
        """Send one outbox row; returns whether the connection is still there."""
        try:
            return self._publish(entry.message, seq=entry.seq) is not None
        except PublishError as error:
            self._reason = str(error)
            self._close(entry.seq, refusal=str(error))
            return True

    def _publish(self, message: Message, *, seq: int | None) -> int | None:
        """Hand one message to the publisher; None when that lost the connection.

        Raises:
            PublishError: when the message can never be sent.
        """
        try:
            token = self._publisher.publish(message)
        except PublishError as error:
            if not error.retry:
                raise
            # It broke just now; `Disconnected` is on its way and knows why.
            self._broken, self._heard = True, self._clock.monotonic()
            return None
        sent = Sent(topic=message.topic, qos=message.qos, at=self._clock.monotonic(), seq=seq)
        self._under_way.add(token, sent)
        return token

    def _has_room(self, *, qos: int, rows: bool) -> bool:
        """Whether one more may be under way, by our own bound for outbox rows and the broker's for QoS 1."""
        if qos == 0:
            return True
        limit = None if self._connected is None else self._connected.receive_maximum
        if limit is not None and self._under_way.acknowledged_ones >= limit:
            return False
        # While a message is suspected of breaking connections, rows go one at a time: the next break tells.
        window = 1 if self._poison.suspects else self._settings.window
        return not rows or self._under_way.rows < window

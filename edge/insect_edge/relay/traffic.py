"""What goes over a connection that is up: in which order, how much at a time, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.backoff import Backoff
from insect_edge.errors import PublishError
from insect_edge.mqtt import reason_codes
from insect_edge.outbox.entry import Kind
from insect_edge.relay.catch_up import CatchUp
from insect_edge.relay.ledger import Ledger
from insect_edge.relay.newest import Newest
from insect_edge.relay.poison import PROMPT_SECONDS, PoisonWatch
from insect_edge.relay.under_way import Sent, UnderWay

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from insect_edge.domain import Message
    from insect_edge.outbox.entry import Entry
    from insect_edge.outbox.queue import Outbox
    from insect_edge.protocols import Acknowledged, Clock, Connected, Publisher
    from insect_edge.relay.settings import RelaySettings

_STANDS_SECONDS = 60.0
"""A connection that lasts so long has stood whatever is still suspected, or had nothing of it to send."""


def _nobody(_: str) -> None:
    """Nobody wants to know."""


class Traffic:
    """Owned by the relay, which makes and leaves connections.

    Attributes:
        ledger: the book of the outbox.
        latest: newest-wins messages.
        under_way: what is not acknowledged yet.
        greeted: whether the broker acknowledged the first message on this connection.
        broken: the connection ended under a publish; the notice that says why is on its way.
        last_acknowledged: monotonic seconds of the newest acknowledgement; None before the first.
        reason: one line on what was refused or could not be sent last; None when nothing was.
        on_latest: called with the topic of each newest-wins message that the broker took.
    """

    def __init__(  # keywords, one for each thing it needs
        self,
        *,
        publisher: Publisher,
        outbox: Outbox,
        clock: Clock,
        random: Random,
        settings: RelaySettings,
        subscribe: Callable[[], None],
    ) -> None:
        self._publisher = publisher
        self._outbox = outbox
        self._clock = clock
        self._settings = settings
        self._poison = PoisonWatch()
        self._catch_up = CatchUp(rate=settings.catch_up_rate, batch=settings.window)
        self._quota = Backoff(
            first=settings.backoff_first_seconds, longest=settings.backoff_longest_seconds, random=random
        )
        subscribing = subscribe if settings.subscriptions else None
        self._newest = Newest(poison=self._poison, subscribe=subscribing, monotonic=clock.monotonic)
        self._rows_from = self._stands_from = self._greeted_at = clock.monotonic()
        self._receive_maximum: int | None = None
        self._greeting: int | None = None
        self._heard = clock.monotonic()
        self.ledger = Ledger(outbox, clock=clock)
        self.latest = self._newest.latest
        self.under_way = UnderWay()
        self.greeted = False
        self.broken = False
        self.last_acknowledged: float | None = None
        self.reason: str | None = None
        self.on_latest: Callable[[str], object] = _nobody

    def begin(self, connected: Connected, *, greeting: Message) -> None:
        """A new connection: nothing follows the greeting before that is acknowledged.

        Raises:
            PublishError: when the broker does not even take that.
        """
        self._receive_maximum = connected.receive_maximum
        self._heard = self._clock.monotonic()
        self.reason = None
        self._newest.begin()
        self.ledger.restart()
        self._catch_up.begin(newest=self._outbox.highest_number)
        self._greeting = self.publish(greeting)

    def end(self, *, by_peer: bool) -> None:
        """The connection is gone: whatever was under way has to be sent again on the next."""
        if by_peer and self.greeted:
            self._blame()
        self.under_way.clear()
        self.greeted = self.broken = False
        self._greeting = None
        self.latest.reset()

    def _blame(self) -> None:
        """The peer hung up: whoever was on the way is a suspect, a row before anything else."""
        now, head = self._clock.monotonic(), self.under_way.oldest_row
        if head is not None and head.seq is not None:
            verdict = self._poison.broke(head.seq, seconds_under_way=now - head.at)
            if verdict is not None:
                self._close(head.seq, refusal=verdict)
        elif not self._newest.blamed(now) and now < self._stands_from:
            # It broke before the suspect was sent again: a network that fails so often may well have done so before.
            self._poison.forget()

    def acknowledged(self, notice: Acknowledged) -> None:
        """Something arrived, or was refused; what this connection does not know is ignored."""
        done = self.under_way.take(notice.token)
        if done is None:
            return
        self._heard = self._clock.monotonic()
        if done.qos:
            self.last_acknowledged = self._heard
        if notice.token == self._greeting:
            self.greeted = True
            self._greeted_at = self._heard
            self._stands_from = self._heard + (PROMPT_SECONDS if self._poison.condemned else 0.0)
        refusal = None
        if notice.reason_code >= reason_codes.FAILURE:
            refusal = f"{done.topic}: refused: {reason_codes.message_refused(notice.reason_code)}"
            self.reason = refusal
        if done.seq is None:
            self.latest.done(done.topic)
            if done.qos:
                self._newest.stood(done.topic)
            if refusal is None:
                self.on_latest(done.topic)
        elif notice.reason_code == reason_codes.QUOTA_EXCEEDED:
            # The only refusal that passes by itself: kept, and sent again, each time later.
            self.ledger.postponed(done.seq)
            self._rows_from = max(self._rows_from, self._heard + self._quota.next_delay())
        else:
            if refusal is None:
                self._quota.reset()
            self._close(done.seq, refusal=refusal)

    def settle(self) -> None:
        """Write down what became of the rows."""
        self.ledger.settle(idle=not self.under_way.rows)

    def deadlines(self) -> list[float]:
        """Monotonic seconds at which something is to be done on this connection without any notice."""
        due = [self._catch_up.deadline(self._clock.monotonic())] if self.greeted else []
        if self.greeted:
            rests_until = self._newest.rests_until() if self._poison.suspects else None
            starts = (self._rows_from, self._stands_from, rests_until)
            due += [at for at in starts if at is not None and at > self._clock.monotonic()]
        if self._awaits():
            due.append(self._silence_deadline())
        return [deadline for deadline in due if deadline is not None]

    def is_silent(self) -> bool:
        """Whether something is awaited and nothing has come for too long."""
        return self._awaits() and self._clock.monotonic() >= self._silence_deadline()

    def send(self) -> None:
        """Everything that fits: newest-wins first (few and overdue soonest), then alerts, then detections.

        While any message is suspected of breaking connections each goes alone, so that the next break tells, and rows
        go first: none of them shall be blamed for a picture, or wait for it.
        """
        now = self._clock.monotonic()
        if now < self._stands_from:
            return
        if now >= self._greeted_at + _STANDS_SECONDS:
            self._poison.forget()
        careful = self._poison.suspects
        if not careful:
            self._send_latest(now, careful=False)
        if now >= self._rows_from:
            for kind in (Kind.ALERT, Kind.DETECTION):
                self._send_rows(kind)
            if not self.under_way.rows and not self.broken:
                # A suspect that expired or was dropped would otherwise slow everything after it down.
                self._poison.forget_rows()
        if careful and not self._awaits():
            self._send_latest(now, careful=True)

    def publish(self, message: Message, *, seq: int | None = None) -> int | None:
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
            self.broken, self._heard = True, self._clock.monotonic()
            return None
        self.under_way.add(token, Sent(topic=message.topic, qos=message.qos, at=self._clock.monotonic(), seq=seq))
        return token

    def _awaits(self) -> bool:
        """Whether something has to be heard on this connection."""
        return bool(self.under_way) or self.broken

    def _silence_deadline(self) -> float:
        """When a connection on which something is awaited has been silent for too long."""
        since = max(self.under_way.oldest.at, self._heard) if self.under_way else self._heard
        return since + self._settings.acknowledge_seconds

    def _send_latest(self, now: float, *, careful: bool) -> None:
        for message in self._newest.due(now, careful=careful):
            if not self._room(qos=message.qos) or not self._publish_latest(message):
                return

    def subscribed(self) -> None:
        """The broker has answered a subscription."""
        self._newest.subscribed()

    def _publish_latest(self, message: Message) -> bool:
        """Send one newest-wins message; returns whether the connection is still there."""
        try:
            token = self.publish(message)
        except PublishError as error:
            self.latest.refuse(message)
            self.reason = str(error)
            return True
        if token is not None:
            self._newest.sent(message.topic, now=self._clock.monotonic())
        return token is not None

    def _send_rows(self, kind: Kind) -> None:
        now = self._clock.monotonic()
        while not self.broken and (room := self._room(rows=True)) > 0:
            if kind is Kind.DETECTION and self._catch_up.holds(now):
                return
            entries = self.ledger.next_rows(kind, limit=room)
            if not entries:
                return
            for entry in entries:
                if kind is Kind.DETECTION and not self._catch_up.admits(entry.seq, now=now):
                    return
                if not self._send_row(entry):
                    return
                self.ledger.sent(entry)

    def _send_row(self, entry: Entry) -> bool:
        """Send one outbox row; returns whether the connection is still there."""
        try:
            return self.publish(entry.message, seq=entry.seq) is not None
        except PublishError as error:
            self.reason = str(error)
            self._close(entry.seq, refusal=str(error))
            return True

    def _close(self, seq: int, *, refusal: str | None) -> None:
        """The fate of one row is known."""
        self._poison.clear(seq)
        if refusal is None:
            self.ledger.delivered(seq)
        else:
            self.ledger.refused(seq, reason=refusal)

    def _room(self, *, qos: int = 1, rows: bool = False) -> int:
        """How many more may be under way, by our own bound for outbox rows and the broker's for QoS 1."""
        rooms = [self._settings.window]
        if qos and self._receive_maximum is not None:
            rooms.append(self._receive_maximum - self.under_way.acknowledged_ones)
        if rows:
            window = 1 if self._poison.suspects else self._settings.window
            rooms.append(window - self.under_way.rows)
        return min(rooms)

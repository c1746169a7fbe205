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
from insect_edge.mqtt import messages
from insect_edge.protocols import Acknowledged, Connected, Disconnected, Received, Subscribed
from insect_edge.relay.listener import Listener
from insect_edge.relay.settings import RelaySettings
from insect_edge.relay.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from insect_edge.domain import Message
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
        self.listener = Listener(publisher, settings.subscriptions)
        self._publisher = publisher
        self._clock = clock
        self._settings = settings
        self._backoff = Backoff(
            first=settings.backoff_first_seconds, longest=settings.backoff_longest_seconds, random=random
        )
        self._traffic = Traffic(
            publisher=publisher,
            outbox=outbox,
            clock=clock,
            random=random,
            settings=settings,
            subscribe=self.listener.subscribe,
        )
        self._link = _Link.WAITING
        self._generation = 0
        self._connected: Connected | None = None
        self._deadline = clock.monotonic()
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
            case Subscribed() | Received() if notice.generation == self._generation:
                if isinstance(notice, Subscribed):
                    self._traffic.subscribed()
                self._traffic.reason = self.listener.hear(notice) or self._traffic.reason
            case _:
                pass

    def pump(self) -> None:
        """Do all that can be done now: forget what arrived, connect when it is time, send.

        Raises nothing for a broker or a disk that fails; `status` tells.
        """
        now = self._clock.monotonic()
        self._traffic.settle()
        if self._link is _Link.WAITING and now >= self._deadline:
            self._connect(now)
        elif self._link is _Link.CONNECTING and now >= self._deadline:
            self._give_up(f"no answer within {self._settings.connect_seconds:g} s: check host, port and the broker")
        elif self._link is _Link.CONNECTED and self._traffic.is_silent():
            self._give_up(
                f"the broker acknowledged nothing for {self._settings.acknowledge_seconds:g} s: "
                "check the network and the broker"
            )
        elif self._link is _Link.CONNECTED and self._traffic.greeted and not self._traffic.broken:
            self._traffic.send()

    def when_taken(self, listener: Callable[[str], object]) -> None:
        """Have `listener` called with the topic of each newest-wins message that the broker took."""
        self._traffic.on_latest = listener

    def set_latest(self, message: Message) -> None:
        """Publish `message` on the next `pump`, in place of an older one of its topic that still waits.

        What is retained is sent again on each new connection; what is not is dropped while there is no connection.
        """
        if message.retain or self._link is _Link.CONNECTED:
            self._traffic.latest.set(message)

    def next_deadline(self) -> float | None:
        """Monotonic seconds at which `pump` has something to do without any notice; None when there is nothing."""
        written = self._traffic.ledger.deadline
        deadlines = [] if written is None else [written]
        deadlines += self._traffic.deadlines() if self._link is _Link.CONNECTED else [self._deadline]
        return min(deadlines, default=None)

    def status(self) -> BrokerStatus:
        """How the connection stands."""
        connected = self._connected if self._link is _Link.CONNECTED else None
        return BrokerStatus(
            connected=connected is not None,
            protocol=None if connected is None else connected.protocol,
            refusals_visible=connected is not None and connected.protocol == "5",
            reason=self._reason if connected is None else self._traffic.reason,
            refused=self._refused,
            in_flight=len(self._traffic.under_way),
            last_acknowledged=self._traffic.last_acknowledged,
            storage_error=self._traffic.ledger.error,
            discarded=self._publisher.discarded,
        )

    def stop(self, *, timeout: float) -> None:
        """Publish `offline`, send what is under way and disconnect, for good; takes at most about `timeout` seconds.

        Who wants the rest acknowledged goes on with `handle` and `pump` before; what is not stays in the outbox.
        """
        if self._link is _Link.CONNECTED:
            try:
                self._traffic.publish(messages.offline(self._settings.topics))
            except PublishError as error:
                self._reason = str(error)
        self._publisher.disconnect(timeout=timeout)
        self._link, self._connected, self._deadline = _Link.WAITING, None, float("inf")
        self._traffic.end(by_peer=False)
        self._traffic.settle()

    def _connect(self, now: float) -> None:
        self._link = _Link.CONNECTING
        self._deadline = now + self._settings.connect_seconds
        self._generation = self._publisher.connect(will=messages.offline(self._settings.topics))

    def _on_connected(self, notice: Connected) -> None:
        self._link, self._connected = _Link.CONNECTED, notice
        self._reason, self._refused = None, False
        # Nothing follows before this one is acknowledged: then the broker is known to answer, and when it ends a
        # connection later, the message under way is worth a suspicion.
        try:
            self._traffic.begin(notice, greeting=messages.online(self._settings.topics))
        except PublishError as error:
            self._give_up(str(error))

    def _on_acknowledged(self, notice: Acknowledged) -> None:
        before = self._traffic.greeted
        self._traffic.acknowledged(notice)
        if self._traffic.greeted and not before:
            self._backoff.reset()

    def _give_up(self, reason: str) -> None:
        """Leave a connection that is no good any more."""
        self._publisher.disconnect(timeout=0)
        self._lose(reason=reason, refused=False, by_peer=False)

    def _lose(self, *, reason: str, refused: bool, by_peer: bool) -> None:
        """There is no connection any more."""
        self._traffic.end(by_peer=by_peer)
        self._link, self._connected = _Link.WAITING, None
        self._reason, self._refused = reason, refused
        delay = self._backoff.next_delay()
        if refused:
            delay = max(delay, self._settings.backoff_longest_seconds / 2)
        self._deadline = self._clock.monotonic() + delay

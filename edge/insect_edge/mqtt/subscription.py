"""Stays subscribed to a broker and hands on what arrives; comes back by itself after an outage."""

from __future__ import annotations

from queue import Empty
from typing import TYPE_CHECKING

from insect_edge.errors import PublishError
from insect_edge.mqtt import reason_codes
from insect_edge.protocols import Connected, Disconnected, Received, Signalled, Subscribed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from queue import SimpleQueue

    from insect_edge.backoff import Backoff
    from insect_edge.protocols import Clock, Notice, Publisher


class Subscription:
    """A subscriber with the daemon's own patience."""

    def __init__(
        self,
        publisher: Publisher,
        inbox: SimpleQueue[Notice],
        *,
        clock: Clock,
        topics: Sequence[str],
        backoff: Backoff,
    ) -> None:
        """Hold what is needed; nothing is connected yet.

        Args:
            publisher: not yet connected; its notices go to `inbox`.
            inbox: where signals arrive too.
            clock: for waiting.
            topics: filters to subscribe to.
            backoff: delays between attempts.
        """
        self._publisher = publisher
        self._inbox = inbox
        self._clock = clock
        self._topics = topics
        self._backoff = backoff
        self._generation = 0
        self._retry_at: float | None = None

    def follow(
        self, on_message: Callable[[Received], object], *, on_state: Callable[[str], object], until: float
    ) -> bool:
        """Receive until `until` (monotonic seconds) or a signal.

        Args:
            on_message: called with each message.
            on_state: called with one line whenever the connection changes.
            until: monotonic seconds.

        Returns:
            False once a signal came, True when the time is up.

        Raises:
            PublishError: when the broker refuses for a reason that time does not heal.
        """
        if self._generation == 0:
            self._generation = self._publisher.connect(will=None)
        while (now := self._clock.monotonic()) < until:
            if self._retry_at is not None and now >= self._retry_at:
                self._retry_at = None
                self._generation = self._publisher.connect(will=None)
            wake = until if self._retry_at is None else min(until, self._retry_at)
            notice = self._clock.wait(self._inbox, seconds=min(max(wake - now, 0.0), 60.0))
            if isinstance(notice, Signalled):
                return False
            if isinstance(notice, Received):
                on_message(notice)
            elif notice is not None:
                self._on_connection(notice, on_state)
        return True

    def close(self) -> None:
        """Say goodbye to the broker."""
        self._publisher.disconnect(timeout=1.0)
        while True:
            try:
                self._inbox.get_nowait()
            except Empty:
                return

    def _on_connection(self, notice: Notice, on_state: Callable[[str], object]) -> None:
        if isinstance(notice, Connected) and notice.generation == self._generation:
            self._backoff.reset()
            if self._subscribe():
                on_state(f"connected (MQTT {notice.protocol})")
        elif isinstance(notice, Subscribed) and notice.generation == self._generation:
            if notice.reason_code >= reason_codes.FAILURE:
                raise PublishError(reason_codes.subscription_refused(notice.topic, notice.reason_code), retry=False)
        elif isinstance(notice, Disconnected) and notice.generation == self._generation:
            if notice.refused:
                raise PublishError(notice.reason, retry=False)
            delay = self._backoff.next_delay()
            on_state(f"{notice.reason}; trying again in {delay:.0f} s")
            self._retry_at = self._clock.monotonic() + delay

    def _subscribe(self) -> bool:
        """Ask for all topics; False where the connection broke meanwhile: `Disconnected` is on its way."""
        try:
            for topic in self._topics:
                self._publisher.subscribe(topic)
        except PublishError as error:
            if not error.retry:
                raise
            return False
        return True

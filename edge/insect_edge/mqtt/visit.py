"""A short visit to a broker: log in, send oneself one message, see whether it comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.doctor.broker import RoundTrip
from insect_edge.errors import PublishError
from insect_edge.protocols import Acknowledged, Connected, Disconnected, Received, Signalled, Subscribed

if TYPE_CHECKING:
    from collections.abc import Callable
    from queue import SimpleQueue

    from insect_edge.domain import Message
    from insect_edge.protocols import Clock, Notice, Publisher


class Visit:
    """One connection.

    Args:
        publisher: not yet connected; its notices go to `inbox`.
        inbox: where signals arrive too.
        clock: for waiting.
        seconds: longest that any one answer is waited for.
    """

    def __init__(self, publisher: Publisher, inbox: SimpleQueue[Notice], *, clock: Clock, seconds: float) -> None:
        self._publisher = publisher
        self._inbox = inbox
        self._clock = clock
        self._seconds = seconds
        self._protocol = ""
        self._connected: Connected | None = None
        self._subscribed: int | None = None
        self._acknowledged: dict[int, int] = {}
        self._received: dict[bytes, float] = {}

    @property
    def logged_in(self) -> bool:
        """Whether the broker has let us in."""
        return self._connected is not None

    def log_in(self, *, will: Message | None, seconds: float) -> Connected:
        """Connect as somebody with this last will, within so many seconds.

        Raises:
            PublishError: when the broker cannot be reached or refuses.
        """
        self._publisher.connect(will=will)
        self._wait(lambda: self._connected is not None, seconds=seconds)
        if self._connected is None:
            raise PublishError(f"no answer within {seconds:g} s: see the broker's log", retry=True)
        return self._connected

    def send(self, message: Message) -> float | None:
        """Publish one message of QoS 1; the seconds until it was acknowledged, None where it was not in time.

        Raises:
            PublishError: when the connection broke, or the broker refused.
        """
        started = self._clock.monotonic()
        token = self._publisher.publish(message)
        self._wait(lambda: token in self._acknowledged)
        return self._clock.monotonic() - started if token in self._acknowledged else None

    def round_trip(self, message: Message) -> RoundTrip:
        """Subscribe to the message's topic, publish it, and wait for it.

        Raises:
            PublishError: when the connection broke.
        """
        self._publisher.subscribe(message.topic)
        self._wait(lambda: self._subscribed is not None)
        started = self._clock.monotonic()
        token = self._publisher.publish(message)
        self._wait(lambda: token in self._acknowledged)
        refused = self._acknowledged.get(token, 0) != 0 or self._subscribed not in {None, 0, 1}
        if not refused:
            self._wait(lambda: message.payload in self._received)
        back = self._received.get(message.payload)
        return RoundTrip(
            topic=message.topic,
            protocol=self._connected.protocol if self._connected else "",
            subscribe_code=self._subscribed,
            publish_code=self._acknowledged.get(token),
            seconds=None if back is None else back - started,
            patience=self._seconds,
        )

    def close(self) -> None:
        """Say goodbye to the broker."""
        self._publisher.disconnect(timeout=1.0)

    def _wait(self, done: Callable[[], bool], *, seconds: float | None = None) -> None:
        deadline = self._clock.monotonic() + (self._seconds if seconds is None else seconds)
        while not done() and (left := deadline - self._clock.monotonic()) > 0:
            self._take(self._clock.wait(self._inbox, seconds=left))

    def _take(self, notice: Notice | None) -> None:
        match notice:
            case Connected():
                self._connected = notice
            case Disconnected():
                raise PublishError(notice.reason, retry=not notice.refused)
            case Subscribed():
                self._subscribed = notice.reason_code
            case Acknowledged():
                self._acknowledged[notice.token] = notice.reason_code
            case Received():
                self._received[notice.payload] = self._clock.monotonic()
            case Signalled():
                raise PublishError("interrupted", retry=True)
            case _:
                pass

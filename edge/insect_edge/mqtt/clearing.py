"""Takes away what a device has left on a broker, so that one that is gone leaves no ghost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.domain import Message
from insect_edge.errors import PublishError
from insect_edge.mqtt import reason_codes
from insect_edge.mqtt.messages import ONLINE
from insect_edge.protocols import Acknowledged, Connected, Disconnected, Received, Signalled, Subscribed

if TYPE_CHECKING:
    from collections.abc import Callable
    from queue import SimpleQueue

    from insect_edge.protocols import Clock, Notice, Publisher

QUIET_SECONDS = 2.0
"""Retained messages follow a subscription at once; after so long without another there are no more."""
PATIENCE_SECONDS = 30.0
"""Longest a connection, and longest an acknowledgement, is waited for."""


class Clearing:
    """One visit to a broker.

    Args:
        publisher: not yet connected; its notices go to `inbox`.
        inbox: where signals arrive too.
        clock: for waiting.
        topics: filters that cover all that the device may have left.
        availability: where the device says that it is there.
    """

    def __init__(
        self,
        publisher: Publisher,
        inbox: SimpleQueue[Notice],
        *,
        clock: Clock,
        topics: tuple[str, ...],
        availability: str,
    ) -> None:
        self._publisher = publisher
        self._inbox = inbox
        self._clock = clock
        self._topics = topics
        self._availability = availability
        self._found: dict[str, bytes] = {}
        self._unanswered: set[str] = set()
        self._under_way: dict[int, str] = {}
        self._refused: dict[str, int] = {}
        self._connected = False

    def find(self) -> tuple[str, ...]:
        """The topics of the device that something is retained on, sorted.

        Raises:
            PublishError: when the broker cannot be reached, or refuses.
        """
        if not self._connected:
            self._publisher.connect(will=None)
            self._wait(lambda: self._connected, what="connected")
        self._found.clear()
        self._unanswered = set(self._topics)
        for topic in self._topics:
            self._publisher.subscribe(topic)
        self._wait(lambda: not self._unanswered, what="answered the subscription")
        self._listen()
        return tuple(sorted(self._found))

    def online(self) -> bool:
        """Whether the device says that it is there."""
        return self._found.get(self._availability) == ONLINE

    def clear(self) -> tuple[str, ...]:
        """Empty every topic that was found, see that they are empty, and return them.

        Raises:
            PublishError: when some could not be emptied; their names are in it.
        """
        found = tuple(sorted(self._found))
        for topic in found:
            token = self._publisher.publish(Message(topic=topic, payload=b"", qos=1, retain=True))
            self._under_way[token] = topic
        self._wait(lambda: not self._under_way, what="acknowledged it all")
        # Under 3.1.1, and with some brokers, a refusal looks like success: only looking again tells.
        left = [topic for topic in self.find() if topic in found]
        if left:
            code = next((self._refused[topic] for topic in left if topic in self._refused), 0x87)
            more = f" and {len(left) - 1} more" if len(left) > 1 else ""
            raise PublishError(
                f"{left[0]}{more}: could not be cleared: {reason_codes.message_refused(code)}", retry=False
            )
        return found

    def close(self) -> None:
        """Say goodbye to the broker."""
        self._publisher.disconnect(timeout=1.0)

    def _wait(self, done: Callable[[], bool], *, what: str) -> None:
        deadline = self._clock.monotonic() + PATIENCE_SECONDS
        while not done():
            left = deadline - self._clock.monotonic()
            if left <= 0:
                raise PublishError(f"the broker has not {what} within {PATIENCE_SECONDS:g} s: try again", retry=True)
            self._take(self._clock.wait(self._inbox, seconds=left))

    def _listen(self) -> None:
        """Take what comes until nothing new does; a device that is online goes on talking for ever."""
        known, until = len(self._found), self._clock.monotonic() + QUIET_SECONDS
        while (left := until - self._clock.monotonic()) > 0:
            self._take(self._clock.wait(self._inbox, seconds=left))
            if len(self._found) > known:
                known, until = len(self._found), self._clock.monotonic() + QUIET_SECONDS

    def _take(self, notice: Notice | None) -> None:
        match notice:
            case Connected():
                self._connected = True
            case Disconnected():
                raise PublishError(notice.reason, retry=not notice.refused)
            case Subscribed():
                if notice.reason_code >= reason_codes.FAILURE:
                    raise PublishError(reason_codes.subscription_refused(notice.topic, notice.reason_code), retry=False)
                self._unanswered.discard(notice.topic)
            case Acknowledged():
                topic = self._under_way.pop(notice.token, None)
                if topic is not None and notice.reason_code >= reason_codes.FAILURE:
                    self._refused[topic] = notice.reason_code
            case Received():
                self._note(notice)
            case Signalled():
                raise PublishError("interrupted: what was not cleared yet is still there", retry=True)
            case _:
                pass

    def _note(self, message: Received) -> None:
        """An empty payload is the echo of a topic that has just been cleared."""
        if not message.payload:
            self._found.pop(message.topic, None)
        elif message.retain:
            self._found[message.topic] = message.payload

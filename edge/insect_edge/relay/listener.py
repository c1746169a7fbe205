"""What the device hears from the broker: its subscriptions, and whom their messages go to."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from insect_edge.errors import PublishError
from insect_edge.mqtt import reason_codes
from insect_edge.protocols import Received

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.protocols import Publisher, Subscribed


class Listener:
    """Owned by the relay.

    Args:
        publisher: the connection.
        topics: filters to subscribe to on each connection.

    Attributes:
        on_message: called with each message of the present connection; None while nobody listens.
    """

    def __init__(self, publisher: Publisher, topics: tuple[str, ...]) -> None:
        self._publisher = publisher
        self._topics = topics
        self.on_message: Callable[[Received], object] | None = None

    def subscribe(self) -> None:
        """Ask for all filters; a connection that broke meanwhile says so by itself."""
        with suppress(PublishError):
            for topic in self._topics:
                self._publisher.subscribe(topic)

    def hear(self, notice: Subscribed | Received) -> str | None:
        """Take one notice of the present connection; returns one line where it says that a subscription was refused."""
        if isinstance(notice, Received):
            if self.on_message is not None:
                self.on_message(notice)
            return None
        refused = notice.reason_code >= reason_codes.FAILURE
        return reason_codes.subscription_refused(notice.topic, notice.reason_code) if refused else None

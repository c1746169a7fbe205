"""What goes over a connection besides outbox rows, and what of that makes the broker hang up."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from insect_edge.relay.latest import LatestBoard
from insect_edge.relay.poison import PROMPT_SECONDS, VERDICT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.domain import Message
    from insect_edge.relay.poison import PoisonWatch

_SUBSCRIPTIONS = "subscriptions"
"""No topic, for it has no `/`."""

_log = logging.getLogger(__name__)


class Newest:
    """Newest-wins messages and the subscriptions; some brokers hang up on either where it is too large or not allowed.

    Args:
        poison: knows the suspects.
        subscribe: asks for all subscriptions; None where there are none.
        monotonic: tells how long what was given up has been so.

    Attributes:
        latest: the messages.
    """

    def __init__(
        self, *, poison: PoisonWatch, subscribe: Callable[[], None] | None, monotonic: Callable[[], float]
    ) -> None:
        self._poison = poison
        self._subscribe = subscribe
        self._sent: tuple[str, float] | None = None
        self._listening = False
        self._deaf_until = -math.inf
        self.latest = LatestBoard(monotonic=monotonic)

    def begin(self) -> None:
        """A new connection."""
        self._sent = None
        self._listening = False

    def rests_until(self) -> float | None:
        """Monotonic seconds at which the broker will have stood what was sent last; None where nothing is open."""
        return None if self._sent is None else self._sent[1] + PROMPT_SECONDS

    def due(self, now: float, *, careful: bool) -> list[Message]:
        """What may be sent at monotonic `now`.

        Args:
            now: the time.
            careful: one message, once the one before it was acknowledged or the connection outlived it for long enough;
                and the subscriptions last.
        """
        if careful and self._sent is not None:
            topic, at = self._sent
            if now < at + PROMPT_SECONDS:
                return []
            self.stood(topic)
        due = sorted(self.latest.due(), key=lambda message: -message.qos)[:1] if careful else self.latest.due()
        if not (careful and due):
            self._listen(now)
        return due

    def sent(self, topic: str, *, now: float) -> None:
        """A message of this topic was handed over."""
        self.latest.sent(topic)
        self._sent = (topic, now)

    def stood(self, topic: str) -> None:
        """The broker acknowledged it."""
        self._poison.clear(topic)
        if self._sent is not None and self._sent[0] == topic:
            self._sent = None

    def subscribed(self) -> None:
        """The broker answered a subscription, one way or the other."""
        self.stood(_SUBSCRIPTIONS)

    def blamed(self, now: float) -> bool:
        """The peer hung up while no row was under way; whether something here may be why."""
        if self._sent is None:
            return False
        topic, at = self._sent
        verdict = self._poison.broke(topic, seconds_under_way=now - at)
        if verdict is not None and topic == _SUBSCRIPTIONS:
            _log.warning("%s: given up for an hour, so no command is heard: %s", topic, verdict)
            self._deaf_until = now + VERDICT_SECONDS
        elif verdict is not None:
            _log.warning("%s: given up for an hour, or until it is smaller: %s", topic, verdict)
            self.latest.condemn(topic)
        return True

    def _listen(self, now: float) -> None:
        if not self._listening and self._subscribe is not None and now >= self._deaf_until:
            self._listening, self._sent = True, (_SUBSCRIPTIONS, now)
            self._subscribe()

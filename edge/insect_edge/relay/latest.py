"""Newest-wins messages: of each topic only the newest matters, and memory holds it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge.relay.poison import VERDICT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.domain import Message

MOST_TOPICS = 64
"""Topics remembered; pictures of events, each with its own topic, would otherwise pile up."""


@dataclass(slots=True)
class _Slot:
    message: Message
    due: bool = True
    under_way: bool = False


@dataclass(slots=True)
class _Verdict:
    """Over a topic: what is as large as `size` is not sent before `until`, but `message` then, if there is one."""

    message: Message | None
    size: int
    until: float


class LatestBoard:
    """What is to be sent of each topic; at most one message a topic is under way, so a slow broker costs no memory.

    Args:
        monotonic: tells how long a topic has been given up for.
    """

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self._deadly: dict[str, _Verdict] = {}

    def set(self, message: Message) -> None:
        """Put `message` in place of an older one of its topic."""
        verdict = self._deadly.get(message.topic)
        if verdict is not None:
            deadly = len(message.payload) >= verdict.size
            # Newest-wins also while it waits for the verdict to lapse.
            verdict.message = message if deadly and message.retain else None
            if deadly:
                return
        slot = self._slots.get(message.topic)
        if slot is None:
            self._slots[message.topic] = _Slot(message)
        else:
            slot.message, slot.due = message, True
        self._slots.move_to_end(message.topic)
        self._shed()

    def due(self) -> list[Message]:
        """What can be sent now, longest untouched first."""
        self._pardon()
        return [slot.message for slot in self._slots.values() if slot.due and not slot.under_way]

    def sent(self, topic: str) -> None:
        """The newest message of `topic` is under way."""
        slot = self._slots[topic]
        slot.due, slot.under_way = False, True

    def done(self, topic: str) -> None:
        """What was under way arrived, or will never be taken."""
        slot = self._slots.get(topic)
        if slot is None:
            return
        slot.under_way = False
        if not slot.due and not slot.message.retain:
            del self._slots[topic]

    def refuse(self, message: Message) -> None:
        """Forget a message that can never be sent."""
        self._slots.pop(message.topic, None)

    def condemn(self, topic: str) -> None:
        """What is there of `topic` breaks connections: neither it nor anything as large is sent for an hour."""
        slot = self._slots.pop(topic, None)
        if slot is not None and len(self._deadly) < MOST_TOPICS:
            message, until = slot.message, self._monotonic() + VERDICT_SECONDS
            self._deadly[topic] = _Verdict(message if message.retain else None, size=len(message.payload), until=until)

    def reset(self) -> None:
        """The connection is gone: what is retained is due again, for a broker may have forgotten; the rest is over."""
        for topic, slot in list(self._slots.items()):
            slot.due, slot.under_way = True, False
            if not slot.message.retain:
                del self._slots[topic]

    def _pardon(self) -> None:
        """Let verdicts lapse: much of what is retained, such as a description, would never be set anew."""
        now = self._monotonic()
        for topic, verdict in list(self._deadly.items()):
            if now >= verdict.until:
                del self._deadly[topic]
                if verdict.message is not None:
                    self.set(verdict.message)

    def _shed(self) -> None:
        """Forget the longest untouched topic beyond `MOST_TOPICS`, of QoS 0 where there is one."""
        if len(self._slots) <= MOST_TOPICS:
            return
        topics = list(self._slots)[:-1]
        victim = next((topic for topic in topics if self._slots[topic].message.qos == 0), topics[0])
        del self._slots[victim]

"""Newest-wins messages: of each topic only the newest matters, and memory holds it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_edge.domain import Message

MOST_TOPICS = 64
"""Topics remembered; pictures of events, each with its own topic, would otherwise pile up."""
_ANY = 2**63


@dataclass(slots=True)
class _Slot:
    message: Message
    due: bool = True
    under_way: bool = False


class LatestBoard:
    """What is to be sent of each topic; at most one message a topic is under way, so a slow broker costs no memory."""

    def __init__(self) -> None:
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self._deadly: dict[str, int] = {}

    def set(self, message: Message) -> None:
        """Put `message` in place of an older one of its topic."""
        if len(message.payload) >= self._deadly.get(message.topic, _ANY):
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
        """What is there of `topic` breaks connections: neither it nor anything as large is sent again."""
        slot = self._slots.pop(topic, None)
        if slot is not None and len(self._deadly) < MOST_TOPICS:
            self._deadly[topic] = len(slot.message.payload)

    def reset(self) -> None:
        """The connection is gone: what is retained is due again, for a broker may have forgotten; the rest is over."""
        for topic, slot in list(self._slots.items()):
            slot.due, slot.under_way = True, False
            if not slot.message.retain:
                del self._slots[topic]

    def _shed(self) -> None:
        """Forget the longest untouched topic beyond `MOST_TOPICS`, of QoS 0 where there is one."""
        if len(self._slots) <= MOST_TOPICS:
            return
        topics = list(self._slots)[:-1]
        victim = next((topic for topic in topics if self._slots[topic].message.qos == 0), topics[0])
        del self._slots[victim]

"""A publisher over paho, its inbox, and the end of all its threads."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.adapters.paho import PahoPublisher
from insect_edge.domain import Message
from insect_edge.mqtt.broker_settings import BrokerSettings
from insect_edge.protocols import Disconnected, Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_SECONDS = 30.0
WILL = Message(topic="t/availability", payload=b"offline", qos=1, retain=True)


class Trap:
    """A publisher and its inbox."""

    def __init__(self, port: int, **changes: Any) -> None:
        facts: dict[str, Any] = {"host": "127.0.0.1", "port": port, "client_id": "trap-1"}
        self.settings = BrokerSettings(**{**facts, **changes})
        self.inbox: SimpleQueue[Notice] = SimpleQueue()
        self.publisher = PahoPublisher(self.inbox, self.settings)

    def attempt(self) -> Notice:
        """Connect and return what came of it."""
        self.publisher.connect(will=WILL)
        return self.next()

    def next(self) -> Notice:
        """The next notice."""
        try:
            return self.inbox.get(timeout=PATIENCE_SECONDS)
        except Empty:
            pytest.fail("no notice came")

    def failure(self) -> Disconnected:
        """Connect, which has to fail, in one line."""
        notice = self.attempt()
        assert isinstance(notice, Disconnected)
        assert "\n" not in notice.reason
        return notice


@contextmanager
def traps() -> Iterator[Callable[..., Trap]]:
    """Makes publishers that are disconnected in the end, and sees their threads end."""
    with ExitStack() as stack:

        def make(port: int, **changes: Any) -> Trap:
            made = Trap(port, **changes)
            stack.callback(made.publisher.disconnect, timeout=0)
            return made

        yield make
    for thread in threading.enumerate():
        if thread.name.startswith("mqtt-"):
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()

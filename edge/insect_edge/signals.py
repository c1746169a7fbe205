"""Signals become notices in the owner thread's inbox; nothing else happens inside a signal handler."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from insect_edge.protocols import Signalled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from queue import SimpleQueue
    from types import FrameType

    from insect_edge.protocols import Notice

STOP = (signal.SIGTERM, signal.SIGINT)
RELOAD = signal.SIGHUP


@contextmanager
def captured_signals(inbox: SimpleQueue[Notice]) -> Iterator[None]:
    """SIGTERM, SIGINT and SIGHUP arrive in `inbox` while the context lasts; the handlers before are restored after it.

    A second SIGTERM or SIGINT ends the process at once, by the kernel's own hand: it works even when the owner thread
    hangs in a driver.
    """

    def handle(number: int, _: FrameType | None) -> None:
        if number in STOP:
            for stop in STOP:
                signal.signal(stop, signal.SIG_DFL)
        # SimpleQueue.put is reentrant, which the documentation promises for exactly this use.
        inbox.put(Signalled(number=number))

    before = {number: signal.signal(number, handle) for number in (*STOP, RELOAD)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

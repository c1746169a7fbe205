"""Calls into a camera's driver on threads of their own, so that one that hangs holds up nobody else."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class Call(Generic[Result]):
    """One call that is under way, or over.

    Args:
        function: what is called.
        now: monotonic seconds.

    Attributes:
        ended: monotonic seconds at which it was over; None before.
    """

    def __init__(self, function: Callable[[], Result], *, now: Callable[[], float]) -> None:
        self._function = function
        self._now = now
        self._done = threading.Event()
        self._results: list[Result] = []
        self.error: Exception | None = None
        self.ended: float | None = None

    def run(self) -> None:
        """Call it; on the thread that is given to it."""
        try:
            self._results.append(self._function())
        except Exception as error:  # noqa: BLE001 # raised again by the owner thread
            self.error = error
        finally:
            self.ended = self._now()
            self._done.set()

    def finished(self, seconds: float) -> bool:
        """Whether it is over, waiting for that at most so long."""
        return self._done.wait(seconds)

    def result(self) -> Result:
        """What it returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self._results[0]


def started(function: Callable[[], Result], *, name: str, now: Callable[[], float]) -> Call[Result]:
    """A call on a new thread; a daemon, so that it cannot hold up the end of the process."""
    call = Call(function, now=now)
    threading.Thread(target=call.run, name=name, daemon=True).start()
    return call


class Caller:
    """One thread that makes one call after the other, for calls that come with every frame.

    Args:
        name: of the thread.
        now: monotonic seconds.
    """

    def __init__(self, *, name: str, now: Callable[[], float]) -> None:
        self._now = now
        self._calls: SimpleQueue[Call[object] | None] = SimpleQueue()
        threading.Thread(target=self._serve, name=name, daemon=True).start()

    def begin(self, function: Callable[[], Result]) -> Call[Result]:
        """Have it called once the thread is free."""
        call = Call(function, now=self._now)
        self._calls.put(call)  # type: ignore[arg-type] # what it returns is the caller's business
        return call

    def stop(self) -> None:
        """End the thread once it is free; does not wait for it."""
        self._calls.put(None)

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            call.run()
            del call  # a frame must not be kept until the next one comes

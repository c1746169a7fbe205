"""A thread of its own for calls into drivers that may never return."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class HungError(TimeoutError):
    """A call did not return in time; its thread is still in it, so nothing else can be run there."""


class Worker:
    """Runs one call at a time on a daemon thread, with a deadline for the caller.

    The thread is a daemon so that a call that never returns cannot hold up the end of the process.

    Args:
        name: of the thread.
    """

    def __init__(self, *, name: str) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._hung = False
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    @property
    def hung(self) -> bool:
        """Whether a call missed its deadline; the worker takes no more."""
        return self._hung

    def run(self, function: Callable[[], Result], *, timeout: float) -> Result:
        """Call `function` on the thread and return what it returns, or raise what it raises.

        Raises:
            HungError: when it did not return within `timeout` seconds, now or in an earlier call.
        """
        if self._hung:
            raise HungError(f"{self._thread.name}: an earlier call has not returned")
        box: list[Result] = []
        call = _Call(lambda: box.append(function()))
        self._calls.put(call)
        if not call.done.wait(timeout):
            self._hung = True
            raise HungError(f"{self._thread.name}: no answer within {timeout:g} s")
        if call.error is not None:
            raise call.error
        return box[0]

    def stop(self) -> None:
        """End the thread once it is idle; does not wait for it."""
        self._calls.put(None)

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            call.run()


class _Call:
    """One call and its outcome."""

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        self.done = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._function()
        except BaseException as error:  # noqa: BLE001 # carried to the caller's thread, which raises it
            self.error = error
        finally:
            self.done.set()

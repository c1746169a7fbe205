"""What systemd is told, in the protocol of sd_notify(3); without systemd nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BUSY_SECONDS = 120.0
"""A step that takes longer, on however slow a card, hangs."""
_ENDING_SECONDS = 10.0
"""For the daemon to give up by itself, and say why, before the service manager ends it."""


def _nowhere(_: str) -> None:
    """No service manager listens."""


class Systemd:
    """The service manager's view of the daemon.

    Args:
        send: hands one datagram of `NAME=value` lines to the service manager.
        watchdog_seconds: after so long without a sign of life it ends the process; None where it does not.
        on_ready: called once when the daemon is ready.
    """

    def __init__(
        self,
        send: Callable[[str], None] = _nowhere,
        *,
        watchdog_seconds: float | None = None,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        self._send = send
        self._on_ready = on_ready
        self.watchdog_seconds = watchdog_seconds
        self._status: str | None = None
        self._ready = False

    def starting(self, *, seconds: float) -> None:
        """The first frame may take so long, whatever TimeoutStartSec= says, and then some for the end without it."""
        self._send(f"EXTEND_TIMEOUT_USEC={round((seconds + _ENDING_SECONDS) * 1e6)}")

    def busy(self) -> None:
        """Something long is under way that would begin anew if the process were ended: a start that may take longer."""
        if self._ready:
            self._send("WATCHDOG=1")
        else:
            self.starting(seconds=_BUSY_SECONDS)

    def ready(self) -> None:
        """The daemon does its work now; told once."""
        if not self._ready:
            self._ready = True
            self._send("READY=1")
            if self._on_ready is not None:
                self._on_ready()

    def status(self, text: str) -> None:
        """One line for `systemctl status`; told when it changes."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def remark(self, text: str | None) -> None:
        """A word beside the status, until that changes; None takes it back."""
        self._send("STATUS=" + "; ".join(part for part in (self._status, text) if part))

    def watchdog(self) -> None:
        """A frame that shows the present was classified: the daemon is alive in the one way that counts."""
        self._send("WATCHDOG=1")

    def reloading(self, monotonic: float) -> None:
        """The configuration is being read again, since so many seconds of the monotonic clock."""
        if self._ready:
            self._send(f"RELOADING=1\nMONOTONIC_USEC={round(monotonic * 1e6)}")

    def reloaded(self) -> None:
        """That is over, one way or the other."""
        if self._ready:
            self._send("READY=1")

    def stopping(self) -> None:
        """The daemon is on its way out."""
        self._send("STOPPING=1")

"""The datagram socket of sd_notify(3), which is too little to need a library."""

from __future__ import annotations

import logging
import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


def notify_socket() -> Callable[[str], None] | None:
    """What sends to the service manager, as $NOTIFY_SOCKET names it; None where nothing listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return None
    # systemd writes the null byte of an abstract socket's name as @.
    target = f"\0{address[1:]}" if address.startswith("@") else address

    def send(text: str) -> None:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
                # A service manager that does not read must not hold up the owner thread.
                connection.settimeout(0)
                connection.sendto(text.encode(), target)
        except OSError as error:
            _log.debug("the service manager at %s cannot be told %s: %s", address, text, error)

    return send


def watchdog_seconds() -> float | None:
    """After how long without a sign of life the service manager ends this process; None where it does not.

    As sd_watchdog_enabled(3) finds out: $WATCHDOG_USEC, unless $WATCHDOG_PID names another process.
    """
    process, microseconds = os.environ.get("WATCHDOG_PID", ""), os.environ.get("WATCHDOG_USEC", "")
    if process and process != str(os.getpid()):
        return None
    return int(microseconds) / 1e6 if microseconds.isdecimal() and int(microseconds) > 0 else None

"""The daemon's answer to `insect-edge status`, over a Unix socket that leaves nothing on any disk.

The socket has a name in Linux' abstract namespace: there is no file that could be left behind, lie on an SD card or
belong to somebody else, and it is gone with the process, however that ends. Whoever connects gets one JSON report,
made at that moment by the thread that does the work. So an answer proves that this thread is alive.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import socket
import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from insect_edge.errors import StatusError
from insect_edge.protocols import StatusAsked

if TYPE_CHECKING:
    from types import TracebackType

    from insect_edge.protocols import Notice

ACCEPT_AGAIN_SECONDS = 1.0
ANSWER_SECONDS = 5.0
"""The owner thread waits for the camera or a slow disk now and then; longer than that it hangs."""
_MOST_BYTES = 1024 * 1024
_CHUNK = 65_536

_log = logging.getLogger(__name__)


def address(device_id: str) -> str:
    """The name of a device's socket; the null byte in front makes it an abstract one."""
    return f"\0insect-edge/{device_id}/status"


class StatusSocket:
    """Answers from a thread of its own while the context lasts.

    Where the name is taken, by another daemon of the same device, that is one warning, and the daemon runs without.

    Args:
        inbox: of the owner thread, which is asked by a notice.
        device_id: who this is.
    """

    def __init__(self, inbox: SimpleQueue[Notice], *, device_id: str) -> None:
        self._inbox = inbox
        self._address = address(device_id)
        self._closing = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)

    def __enter__(self) -> Self:
        try:
            self._socket.bind(self._address)
            self._socket.listen(4)
        except OSError as error:
            _log.warning(
                "insect-edge status cannot ask this daemon (%s): is another one of the same device id running?",
                error.strerror,
            )
            return self
        # A daemon thread: somebody who asks and does not listen must not hold up the end of the process.
        threading.Thread(target=self._serve, name="status", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread out of its accept
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                if self._closing:
                    return
                # Out of file descriptors, say: that passes, and a daemon that is well should not seem to hang.
                time.sleep(ACCEPT_AGAIN_SECONDS)
                continue
            with connection, contextlib.suppress(OSError):
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        """One report; none at all when the owner thread does not make one in time."""
        connection.settimeout(ANSWER_SECONDS)
        answers: SimpleQueue[bytes] = SimpleQueue()
        self._inbox.put(StatusAsked(answer=answers.put))
        with contextlib.suppress(queue.Empty):
            connection.sendall(answers.get(timeout=ANSWER_SECONDS))


def ask(device_id: str) -> bytes:
    """The report of the daemon that runs on this machine.

    Raises:
        StatusError: when there is none, or it does not answer.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as connection:
        connection.settimeout(2 * ANSWER_SECONDS)
        try:
            connection.connect(address(device_id))
            content = _read(connection)
        except TimeoutError:
            content = b""
        except OSError as error:
            raise StatusError(
                f"{device_id}: no daemon of this device runs on this machine ({error.strerror}): "
                "start it, or name its configuration with --config"
            ) from error
    if not content:
        raise StatusError(f"{device_id}: the daemon runs but does not answer, so it hangs: restart it")
    return content


def running_report(device_id: str) -> tuple[dict[str, Any] | None, str | None]:
    """The health report of the daemon that runs on this machine.

    Returns:
        The report, None where there is none; and why one that runs does not answer, else None.
    """
    try:
        report = json.loads(ask(device_id))
    except StatusError as error:
        return None, None if isinstance(error.__cause__, OSError) else str(error)
    except ValueError:
        return None, "what answers is no insect-edge daemon"
    whole = isinstance(report, dict) and {"state", "reasons", "frames", "newest_frame_seconds"} <= report.keys()
    return (report, None) if whole else (None, "the daemon is of another version: restart it")


def _read(connection: socket.socket) -> bytes:
    content = b""
    while len(content) <= _MOST_BYTES and (chunk := connection.recv(_CHUNK)):
        content += chunk
    return content

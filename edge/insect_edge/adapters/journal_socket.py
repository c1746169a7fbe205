"""Log lines with fields, sent to systemd's journal over its own socket; too little to need a library."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import TextIO

from insect_edge.journal import datagram, entry

SOCKET = Path("/run/systemd/journal/socket")
SEND_SECONDS = 1.0
"""A journal that does not read must not hold up the owner thread for long."""


def is_the_journal(stream: TextIO) -> bool:
    """Whether what is written to `stream` ends up in the journal.

    $JOURNAL_STREAM names the device and inode that systemd connected, see systemd.exec(5); a stream that was sent
    elsewhere since has others.
    """
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM", "") == f"{status.st_dev}:{status.st_ino}"


class JournalHandler(logging.Handler):
    """Sends each line once: to the journal's socket, and only where that fails to the stream.

    Args:
        stream: takes the lines that the socket does not, be it for their size; systemd reads `<3>` at their beginning.
        path: of the socket.
    """

    def __init__(self, stream: TextIO, *, path: Path = SOCKET) -> None:
        super().__init__()
        self._stream = stream
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(SEND_SECONDS)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one line over; as every handler, it raises nothing."""
        try:
            fields = entry(record, text=self.format(record))
            try:
                self._socket.sendto(datagram(fields), str(self._path))
            except OSError:
                self._write(fields)
        except Exception:  # noqa: BLE001 # what logging asks of a handler: a bad line must not end the program
            self.handleError(record)

    def close(self) -> None:
        """Let the socket go."""
        self._socket.close()
        super().close()

    def _write(self, fields: dict[str, str]) -> None:
        """One prefixed line for each line of the text, since the journal takes a stream apart at them."""
        for line in fields["MESSAGE"].splitlines():
            self._stream.write(f"<{fields['PRIORITY']}>{line}\n")
        self._stream.flush()

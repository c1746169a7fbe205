"""The network between a device and its broker: open or shut, at one address."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from support.mosquitto import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Callable


class Gate:
    """Forwards a loopback port to another one while open; shut, connections are refused, and those there were end.

    So a test decides when a device gets through to a broker that was started long before.

    Attributes:
        port: where devices connect.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        # Bound all the time, so that nobody else gets the port; refused as long as nothing listens. Linux keeps a port
        # through `shutdown` only where it was asked for by number.
        self.port = free_port()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((HOST, self.port))
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._acceptor: threading.Thread | None = None
        self._is_open = False
        self._is_mute = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self._listener.close()

    def open(self) -> None:
        """Let through."""
        self._is_open, self._is_mute = True, False
        self._listener.listen()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def mute(self) -> None:
        """Go on letting through what devices say, and swallow every answer."""
        self._is_mute = True

    def shut(self) -> None:
        """Cut every connection and refuse new ones; harmless when shut."""
        if self._acceptor is None:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._acceptor = None
        with self._lock:
            self._is_open = False
            for end in self._ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                device, _ = self._listener.accept()
                thread = threading.Thread(target=self._forward, args=(device,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _forward(self, device: socket.socket) -> None:
        with device, suppress(OSError), socket.create_connection((HOST, self._target)) as broker:
            with self._lock:
                if not self._is_open:
                    return
                self._ends |= {device, broker}
            back = threading.Thread(target=self._back, args=(broker, device), daemon=True)
            back.start()
            _pipe(device, broker)
            back.join()
            with self._lock:
                self._ends -= {device, broker}

    def _back(self, broker: socket.socket, device: socket.socket) -> None:
        _pipe(broker, device, swallow=lambda: self._is_mute)


def _pipe(source: socket.socket, sink: socket.socket, *, swallow: Callable[[], bool] = lambda: False) -> None:
    with suppress(OSError):
        while chunk := source.recv(65_536):
            if not swallow():
                sink.sendall(chunk)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)

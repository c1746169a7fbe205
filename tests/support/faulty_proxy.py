"""The network between a device and its broker, at one address, with everything that can be wrong with it."""

from __future__ import annotations

import enum
import socket
import struct
import threading
from contextlib import suppress
from random import Random
from typing import Self

from support.tcp import HOST, free_port, pump

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time: closing such a socket sends a reset instead of an orderly end."""


class Traffic(enum.StrEnum):
    """What becomes of connections and of what is said on them."""

    PASS = "pass"  # noqa: S105 # no password
    """Everything gets through."""
    REFUSE = "refuse"
    """Nobody listens; connections that were there are cut."""
    STALL = "stall"
    """Connections are accepted, and nothing gets through until it is over; then all of it does."""
    MUTE = "mute"
    """What devices say gets through, every answer is swallowed."""
    DEAF = "deaf"
    """What devices say is swallowed; what the broker says gets through."""
    DELAY = "delay"
    """Every piece takes `delay_seconds` to get through."""
    CORRUPT = "corrupt"
    """One bit of each piece is turned over."""


class _Way(enum.Enum):
    UP = "from the device"
    DOWN = "from the broker"


class _Link:
    """One connection: both its ends, and the ways on which something was swallowed, which never heal."""

    def __init__(self, device: socket.socket, broker: socket.socket) -> None:
        self.ends = {_Way.UP: device, _Way.DOWN: broker}
        self.swallowed: set[_Way] = set()
        self.is_stranded = False
        self.is_cut = False
        self.is_reset = False
        self.over = threading.Event()

    def cut(self, *, reset: bool) -> None:
        """Wake both pipes; with `reset` neither end hears an orderly end."""
        self.is_cut, self.is_reset = True, reset
        self.over.set()
        for end in self.ends.values():
            with suppress(OSError):
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)


class FaultyProxy:
    """Forwards a loopback port to another one; shut in the beginning.

    What was swallowed is missing for ever, so a half-open connection stays so until one of its ends gives it up; new
    connections are as good as the traffic says then.

    Args:
        target: port of the broker.
        random: chooses the bits that are turned over.

    Attributes:
        port: where devices connect.
        delay_seconds: how long each piece takes under `Traffic.DELAY`.
        admits: whether new connections are let in; where not, they are ended at once, as by a broker that starts.
        connections: so many were forwarded so far.
    """

    def __init__(self, target: int, *, random: Random | None = None) -> None:
        self._target = target
        self._random = random or Random(0)  # noqa: S311 # faults, not secrets
        # Bound all the time, so that nobody else gets the port; refused as long as nothing listens. Linux keeps a port
        # through `shutdown` only where it was asked for by number.
        self.port = free_port()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((HOST, self.port))
        self._changed = threading.Condition()
        self._traffic = Traffic.REFUSE
        self._links: set[_Link] = set()
        self._threads: set[threading.Thread] = set()
        self._acceptor: threading.Thread | None = None
        self.delay_seconds = 0.3
        self.admits = True
        self.connections = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self._listener.close()

    @property
    def traffic(self) -> Traffic:
        """What becomes of what is said now."""
        return self._traffic

    def open(self) -> None:
        """Let everything through."""
        self.become(Traffic.PASS)

    def mute(self) -> None:
        """Go on letting through what devices say, and swallow every answer."""
        self.become(Traffic.MUTE)

    def shut(self) -> None:
        """Cut every connection and refuse new ones; harmless when shut."""
        self.become(Traffic.REFUSE)

    def become(self, traffic: Traffic) -> None:
        """Treat everything in another way from now on."""
        with self._changed:
            self._traffic = traffic
            self._changed.notify_all()
        if traffic is not Traffic.REFUSE:
            self._listen()
            return
        self._stop_listening()
        self.cut()
        for thread in list(self._threads):
            thread.join()

    def cut(self, *, reset: bool = False) -> None:
        """End every connection there is, in order or with a reset; new ones are let in."""
        with self._changed:
            for link in self._links:
                link.cut(reset=reset)
            self._changed.notify_all()

    def strand(self) -> None:
        """Forget every connection there is without a word, not even of its end; new ones are let in."""
        with self._changed:
            for link in self._links:
                link.swallowed, link.is_stranded = set(_Way), True

    def _listen(self) -> None:
        if self._acceptor is None:
            self._listener.listen()
            self._acceptor = threading.Thread(target=self._accept, daemon=True)
            self._acceptor.start()

    def _stop_listening(self) -> None:
        if self._acceptor is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._acceptor.join()
            self._acceptor = None

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                device, _ = self._listener.accept()
                thread = threading.Thread(target=self._forward, args=(device,), daemon=True)
                self._threads.add(thread)
                thread.start()

    def _forward(self, device: socket.socket) -> None:
        try:
            with device, suppress(OSError), socket.create_connection((HOST, self._target)) as broker:
                link = _Link(device, broker)
                with self._changed:
                    if self._traffic is Traffic.REFUSE or not self.admits:
                        return
                    self._links.add(link)
                    self.connections += 1
                back = threading.Thread(target=self._pipe, args=(link, _Way.DOWN), daemon=True)
                back.start()
                self._pipe(link, _Way.UP)
                back.join()
                with self._changed:
                    self._links.discard(link)
        finally:
            self._threads.discard(threading.current_thread())

    def _pipe(self, link: _Link, way: _Way) -> None:
        source, sink = link.ends[way], link.ends[_Way.DOWN if way is _Way.UP else _Way.UP]
        pump(source, sink, treat=lambda chunk: self._treated(chunk, link=link, way=way))
        if link.is_stranded:
            link.over.wait()
        link.over.set()
        with self._changed:
            self._changed.notify_all()
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RD if link.is_reset else socket.SHUT_RDWR)

    def _treated(self, chunk: bytes, *, link: _Link, way: _Way) -> bytes:
        """What of a piece gets through, once it does."""
        with self._changed:
            self._changed.wait_for(lambda: self._traffic is not Traffic.STALL or link.over.is_set())
            traffic = self._traffic
            if traffic is (Traffic.DEAF if way is _Way.UP else Traffic.MUTE):
                link.swallowed.add(way)
            swallowed = link.is_cut or way in link.swallowed
        if swallowed:
            return b""
        if traffic is Traffic.DELAY:
            link.over.wait(self.delay_seconds)
        return self._corrupted(chunk) if traffic is Traffic.CORRUPT else chunk

    def _corrupted(self, chunk: bytes) -> bytes:
        place = self._random.randrange(len(chunk))
        return chunk[:place] + bytes([chunk[place] ^ 1 << self._random.randrange(8)]) + chunk[place + 1 :]

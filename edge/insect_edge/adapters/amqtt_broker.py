"""A small MQTT broker inside this process, for the demo. It speaks MQTT 3.1.1."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from typing import Any, Self

from insect_edge.errors import InsectEdgeError

_START_SECONDS = 10.0


class EmbeddedBroker:
    """Listens on a free loopback port while its context lasts.

    Attributes:
        port: where it listens.
    """

    def __init__(self) -> None:
        self.port = _free_port()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="embedded-broker", daemon=True)

    def __enter__(self) -> Self:
        """Start it.

        Raises:
            InsectEdgeError: when it is not installed or does not come up.
        """
        self._thread.start()
        if not self._ready.wait(_START_SECONDS) or self._error is not None:
            raise InsectEdgeError(
                f"the embedded broker did not start ({self._error}): pip install 'insect-edge[demo]'"
            ) from self._error
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_START_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except Exception as error:  # noqa: BLE001 - told to the owner, whatever it is
            self._error = error
            self._ready.set()
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        broker = self._make()
        await broker.start()
        self._ready.set()
        await self._stop.wait()
        await broker.shutdown()

    def _make(self) -> Any:
        from amqtt.broker import Broker  # noqa: PLC0415 - present only where the demo's extra is

        # It tells of every client that leaves; nobody watching a demo wants to know.
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        plugin = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
        listeners = {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}}
        return Broker({"listeners": listeners, "plugins": plugin})


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port

"""An independent MQTT client: what others receive."""

from __future__ import annotations

import itertools
import subprocess
import threading
from typing import TYPE_CHECKING, Self

import pytest

from support.tools import DEADLINE_SECONDS, executable

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.mosquitto import Mosquitto

_numbers = itertools.count(1)


class Subscriber:
    """An independent client (mosquitto_sub): what it received, in order.

    Args:
        broker: to connect to; where it stops and starts again, the client comes back by itself.
        topics: filters.
        persistent: have the broker (one with `persistence`) keep what comes meanwhile.
    """

    def __init__(self, broker: Mosquitto, *topics: str, persistent: bool = False) -> None:
        name = f"subscriber-{next(_numbers)}"
        filters = [argument for topic in topics for argument in ("-t", topic)]
        # 0x1F is part of no topic; payloads come in hexadecimal, since pictures hold line ends.
        layout = ["-q", "1", "-i", name, "-F", "\x1f%t\x1f%r\x1f%x", *(["-c"] if persistent else [])]
        self._process = subprocess.Popen(
            [
                executable("mosquitto_sub"),
                *broker.client_arguments(),
                *filters,
                *layout,
                *(["-c"] if persistent else []),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._changed = threading.Condition()
        self._received: list[tuple[str, bytes, bool]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        # mosquitto_sub does not flush what it says of itself, so the broker is asked.
        broker.wait_for_log(f"Sending SUBACK to {name}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def received(self) -> list[tuple[str, bytes, bool]]:
        """Topic, payload and whether it was a retained one, so far."""
        with self._changed:
            return list(self._received)

    def wait_for(self, count: int, *, topic: str | None = None) -> list[tuple[str, bytes, bool]]:
        """The messages (of one topic, where given), once there are `count`; fails when they do not come."""

        def chosen() -> list[tuple[str, bytes, bool]]:
            return [message for message in self._received if topic in {None, message[0]}]

        with self._changed:
            if not self._changed.wait_for(lambda: len(chosen()) >= count, DEADLINE_SECONDS):
                pytest.fail(f"{len(chosen())} messages instead of {count}: {self._received[-5:]}")
            return chosen()

    def wait_until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true of what was received; fails when it never is."""
        with self._changed:
            if not self._changed.wait_for(true, DEADLINE_SECONDS):
                pytest.fail(f"it never came to pass with {len(self._received)} messages: {self._received[-5:]}")

    def close(self) -> None:
        """End the client."""
        self._process.kill()
        self._process.wait(DEADLINE_SECONDS)
        self._reader.join(DEADLINE_SECONDS)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout:
            for line in self._process.stdout:
                if line.startswith(b"\x1f"):
                    topic, retained, payload = line[1:].decode().rstrip("\n").split("\x1f")
                    with self._changed:
                        self._received.append((topic, bytes.fromhex(payload), retained == "1"))
                        self._changed.notify_all()

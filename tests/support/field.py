"""Several devices that raise the same alerts through the same faults, each with its own way of publishing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from support.alert_source import ROOT
from support.faulty_proxy import FaultyProxy
from support.mosquitto import BrokerOptions, Mosquitto, Subscriber
from support.tools import DEADLINE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

QUIET_SECONDS = 10.0
"""Twice what the slowest way waits between two attempts: who has sent nothing for so long sends nothing more."""
_TESTS = Path(__file__).parents[1]
# Mosquitto would drop what comes faster than the subscriber reads, which is no publisher's doing.
_EVERYTHING = BrokerOptions(extra=("max_queued_messages 0",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the alerts of one device."""

    raised: int
    arrived: int
    lost: int
    repeated: int


class Device:
    """One program that raises alerts, started again whenever it was killed.

    Args:
        way: of publishing, one of `alert_source.WAYS`.
        port: of its broker.
        folder: its own.
        start: monotonic seconds the alerts are counted from.
    """

    def __init__(self, way: str, *, port: int, folder: Path, start: float) -> None:
        self.way = way
        self._command = (
            *(sys.executable, "-m", "support.alert_source"),
            *(way, str(port), str(folder), str(start)),
        )
        self._raised: set[int] = set()
        self.start()

    def start(self) -> None:
        """Begin to raise alerts."""
        self._process = subprocess.Popen(self._command, cwd=_TESTS, stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def kill(self) -> None:
        """End it as a power cut does; harmless when it is not running."""
        self._process.kill()
        self._process.wait(DEADLINE_SECONDS)
        self._reader.join(DEADLINE_SECONDS)

    def fall_silent(self) -> None:
        """Have it raise no more, and deliver."""
        assert self._process.poll() is None, f"{self.way} ended with {self._process.returncode}"
        self._process.send_signal(signal.SIGTERM)

    @property
    def raised(self) -> set[int]:
        """Numbers of the alerts its way of publishing has taken over."""
        return set(self._raised)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout:
            self._raised.update(int(line) for line in process.stdout if line.endswith(b"\n"))


class Field:
    """The devices, the network, the broker behind it, and who listens there.

    Args:
        folder: for everything.
        ways: of publishing, one device each.
    """

    def __init__(self, folder: Path, ways: Iterable[str]) -> None:
        self._broker = Mosquitto(folder / "broker", _EVERYTHING)
        self._gate = FaultyProxy(self._broker.port)
        self._ways = tuple(ways)
        self._folder = folder
        self._subscribers: list[Subscriber] = []
        self._devices: list[Device] = []
        self._marks = 0
        self._last = ExitStack()

    def __enter__(self) -> Self:
        self._last.callback(self._broker.kill)
        self._last.push(self._gate)
        self._open()
        start = time.monotonic()
        for way in self._ways:
            device = Device(way, port=self._gate.port, folder=self._folder / way, start=start)
            self._last.callback(device.kill)
            self._devices.append(device)
        return self

    def __exit__(self, *_: object) -> None:
        self._last.close()

    def calm(self, seconds: float) -> None:
        """Nothing goes wrong."""
        time.sleep(seconds)

    def broker_away(self, seconds: float) -> None:
        """The broker dies and is started again only so much later."""
        self._shut()
        time.sleep(seconds)
        self._open()

    def half_open(self, seconds: float) -> None:
        """The network forgets every connection without a word; new ones would get through."""
        self._gate.strand()
        time.sleep(seconds)

    def devices_killed(self, seconds: float) -> None:
        """SIGKILL for every device while all is well; they come back so much later."""
        for device in self._devices:
            device.kill()
        time.sleep(seconds)
        for device in self._devices:
            device.start()

    def power_cut(self, seconds: float) -> None:
        """The broker is away, and half that time later the devices lose their power for a moment too."""
        self._shut()
        time.sleep(seconds / 2)
        self.devices_killed(0.5)
        time.sleep(seconds / 2)
        self._open()

    def settle(self, *, seconds: float) -> None:
        """No more alerts, and all the time that whoever still delivers needs, `seconds` at most."""
        for device in self._devices:
            device.fall_silent()
        deadline = time.monotonic() + seconds
        count, since = -1, time.monotonic()
        while time.monotonic() < min(deadline, since + QUIET_SECONDS):
            if (now := sum(sum(self._arrivals(way).values()) for way in self._ways)) != count:
                count, since = now, time.monotonic()
            time.sleep(0.1)
        for device in self._devices:
            device.kill()

    def outcome(self, way: str) -> Outcome:
        """What became of the alerts of one device, repeats not counted as arrivals."""
        raised = next(device.raised for device in self._devices if device.way == way)
        arrived = self._arrivals(way)
        # A device may be killed between taking an alert over and saying so.
        raised |= arrived.keys()
        return Outcome(
            raised=len(raised),
            arrived=len(arrived),
            lost=len(raised - arrived.keys()),
            repeated=sum(arrived.values()) - len(arrived),
        )

    def _arrivals(self, way: str) -> Counter[int]:
        messages = [message for subscriber in self._subscribers for message in subscriber.received]
        return Counter(json.loads(payload)["number"] for topic, payload, _ in messages if topic == f"{ROOT}/{way}")

    def _open(self) -> None:
        """A fresh broker, somebody who listens there, and only then the devices."""
        self._broker.start()
        self._subscribers.append(Subscriber(self._broker, f"{ROOT}/#"))
        self._last.callback(self._subscribers[-1].close)
        self._gate.open()

    def _shut(self) -> None:
        """Cut the network, and kill the broker once it has passed on all that it acknowledged."""
        self._gate.shut()
        self._marks += 1
        mark = f"{ROOT}/mark", b"%d" % self._marks
        self._broker.publish(mark[0], mark[1].decode())
        listener = self._subscribers[-1]
        listener.wait_until(lambda: any(message[:2] == mark for message in listener.received))
        self._broker.kill()
        listener.close()

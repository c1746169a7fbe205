"""One trap with its own broker, network, disk, clock and subscriber."""

from __future__ import annotations

import itertools
import pickle
import signal
import time
import uuid
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Self

import pytest

from support.certificates import make_certificates
from support.faulty_proxy import FaultyProxy
from support.mosquitto import BrokerOptions, Mosquitto, free_port
from support.small_disk import small_disk
from support.soak.evidence import EVIDENCE, Evidence, Inflicted
from support.soak.faults import PROCESS, Fault, Profile, camera_faults
from support.soak.process import Daemon
from support.soak.recorder import Recorder
from support.soak.stored import stored
from support.tcp import HOST
from support.trap import toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.certificates import Certificates

FAKE_TIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
"""Where Debian's package libfaketime puts it; None where that is not installed."""
STALL_SECONDS = 3.0
DISK_BYTES = 24 * 1024 * 1024
LIFE_SECONDS = 2 * 3600.0
"""Of the camera, for which its faults are drawn ahead; no daemon lives longer."""
_SHORT_LIFE_SECONDS = 120.0
SETTLE_SECONDS = 60.0
READY_SECONDS = 20.0
"""For a daemon to be well again, and for everything to be delivered, once nothing is wrong any more."""
# What the broker has acknowledged it has written to its subscriber by then, so that a kill takes nothing along.
_BROKER_LIMITS = ("max_inflight_messages 0", "max_queued_messages 0")


class Lane:
    """Started and ended with its context.

    Args:
        profile: what it goes through.
        folder: its own; made.
        seed: of everything random.

    Attributes:
        profile: see above.
        random: draws what happens.
        device_id: of the trap.
        evidence: what was seen so far.
        broker: its broker.
        proxy: the network between the two.
        recorder: the subscriber, past the network.
        daemon: the present process.
        disk: where its outbox lies.
    """

    def __init__(self, profile: Profile, folder: Path, *, seed: int) -> None:
        self.profile = profile
        self.random = Random(f"{seed}-{profile.name}")  # noqa: S311 # faults, not secrets
        self.evidence = Evidence(lane=profile.name, stall_seconds=STALL_SECONDS)
        self._folder = folder
        # Another soak on this machine must not answer for it.
        self.device_id = f"soak-{profile.name}-{uuid.uuid4().hex[:6]}"
        self._seeds = itertools.count(self.random.randrange(1_000_000))
        self._stack = ExitStack()
        self._damaged = False
        self._dumped = 0
        self._has_small_disk = False
        folder.mkdir(parents=True)
        self.disk = folder / "disk"
        self.stamp = folder / "wall-clock"
        self._certificates: Certificates | None = make_certificates(folder / "tls") if profile.tls else None
        self._plain_port = free_port()
        extra = (*_BROKER_LIMITS, f"listener {self._plain_port} {HOST}")
        options = BrokerOptions(certificates=self._certificates, persistence=True, extra=extra, log=("error",))
        self.broker = Mosquitto(folder / "broker", options)
        self.proxy = FaultyProxy(self.broker.port, random=self.random)
        # In the order in which they have to be let go.
        self.recorder = Recorder(
            self._plain_port,
            name=f"recorder-{profile.name}",
            topics=tuple(f"insect-edge/{self.device_id}/{name}" for name in ("detection", "alert/+", "health")),
            take=self.evidence.arrivals.append,
        )

    @property
    def outbox(self) -> Path:
        """The folder of its outbox."""
        return self.disk / "outbox"

    def __enter__(self) -> Self:
        self._make_disk()
        self.tell_time("+0")
        self._stack.callback(self.broker.kill)
        self.broker.start()
        self._stack.enter_context(self.proxy)
        self._stack.enter_context(self.recorder)
        self.proxy.open()
        self.start()
        self._stack.callback(self.end, signal.SIGKILL)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def is_possible(self, fault: Fault) -> bool:
        """Whether this machine has what a fault takes."""
        return {Fault.CLOCK: FAKE_TIME is not None, Fault.DISK_FULL: self._has_small_disk}.get(fault, True)

    def _make_disk(self) -> None:
        if self.profile.small_disk:
            with suppress(pytest.skip.Exception):  # nobody but root may mount anything
                self._stack.enter_context(small_disk(self.disk, size_bytes=DISK_BYTES, on_blocks=True))
                self._has_small_disk = True
        self.disk.mkdir(exist_ok=True)

    def tell_time(self, words: str) -> None:
        """Set the trap's wall clock, in libfaketime's words; harmless where it has the machine's."""
        following = self.stamp.with_suffix(".new")
        following.write_text(words + "\n", encoding="ascii")
        following.replace(self.stamp)

    def start(self, *, scene: str = "rush", faults: bool = True) -> None:
        """A new process, which looks at another garden."""
        configuration = self._folder / "trap.toml"
        configuration.write_text(toml(self._tables(scene=scene, faults=faults)), encoding="utf-8")
        self.daemon = Daemon(configuration, environment=self._environment(), damaged=self._damaged)
        self.evidence.lives.append(self.daemon.life)
        self._damaged = False

    def end(self, number: signal.Signals) -> None:
        """End the process, if it has not ended by itself, and read what it left behind."""
        if self.daemon.life.ended == float("inf"):
            self.daemon.end(number)
            self.daemon.life.stored = stored(self.outbox)

    def revive(self) -> None:
        """What a service manager does: start it again if it has ended by itself."""
        if not self.daemon.runs:
            self.end(signal.SIGKILL)
            self.start()

    def was_damaged(self) -> None:
        """The next process finds files of its outbox damaged."""
        self._damaged = True

    @contextmanager
    def suffering(self, fault: Fault) -> Iterator[None]:
        """Note a fault, from when to when."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.evidence.inflicted.append(Inflicted(fault=fault, at=began, until=time.monotonic()))

    def dump(self) -> None:
        """Append what is new of the logs and the arrivals to files, for people; and all of it for `again`."""
        with (self._folder / EVIDENCE).open("wb") as file:
            pickle.dump(self.evidence, file)
        arrivals = self.evidence.arrivals[self._dumped :]
        self._dumped += len(arrivals)
        with (self._folder / "arrivals.txt").open("a", encoding="utf-8") as file:
            file.writelines(f"{each.at:.3f} {each.topic} {each.payload.decode()}\n" for each in arrivals)
        with (self._folder / "log.txt").open("w", encoding="utf-8") as file:
            for number, life in enumerate(self.evidence.lives, 1):
                file.write(f"--- process {number} from {life.started:.3f} to {life.ended:.3f}: {life.ending}\n")
                file.writelines(f"{line.at:.3f} {line.text}\n" for line in list(life.lines))
                if (left := life.stored) is not None:
                    facts = f"last {left.last_seq}, reserved {left.reserved}, waiting {sorted(left.waiting)}"
                    file.write(f"--- left behind: {facts}, counted {left.counters}\n")
            file.write("--- faults\n")
            file.writelines(f"{each.at:.3f}-{each.until:.3f} {each.fault}\n" for each in self.evidence.inflicted)

    def settle(self) -> None:
        """Have everything delivered that is to be delivered at all; the process has ended then."""
        self.tell_time("+0")
        self.proxy.open()
        deadline = time.monotonic() + SETTLE_SECONDS
        number: signal.Signals = signal.SIGTERM
        while True:
            self.end(number)
            found = self.daemon.life.stored
            if (found is not None and not found.waiting) or time.monotonic() > deadline:
                return
            self.start(scene="empty", faults=False)
            self.daemon.wait_for("health: ready", seconds=READY_SECONDS)
            while self.daemon.runs and time.monotonic() < deadline and self._waiting():
                time.sleep(0.2)

    def _waiting(self) -> bool:
        found = stored(self.outbox)
        return found is None or bool(found.waiting)

    def _environment(self) -> dict[str, str]:
        if not self.profile.clock or FAKE_TIME is None:
            return {}
        return {
            "LD_PRELOAD": str(FAKE_TIME),
            "FAKETIME_TIMESTAMP_FILE": str(self.stamp),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Else it corrects waits that need no correction, and threads hand over to each other in tenths of a second.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }

    def _tables(self, *, scene: str, faults: bool) -> dict[str, dict[str, Any]]:
        ahead = _SHORT_LIFE_SECONDS if self.profile.weights.keys() & PROCESS else LIFE_SECONDS
        pause = self.profile.camera_pause
        planned = camera_faults(self.random, until=ahead, pause=pause, stall_seconds=STALL_SECONDS) if faults else []
        tls = {} if self._certificates is None else {"tls.enabled": True, "tls.ca": str(self._certificates.ca)}
        return {
            "device": {"id": self.device_id},
            "camera": {
                "source": "simulated",
                "rate": 10,
                "dark_rate": 2,
                "capture_timeout": 1,
                "simulated.scene": scene,
                "simulated.seed": next(self._seeds),
                "simulated.width": 240,
                "simulated.height": 136,
                "simulated.sensor_clock": self.profile.sensor_clock,
                "simulated.faults": planned,
            },
            "policy": {"window": 2, "required": 2, "end_after": 0.3, "cooldown": 0, "update_every": 1},
            "mqtt": {"host": HOST, "port": self.proxy.port, "keepalive": 5, "connect_timeout": 2, **tls},
            "outbox": {"directory": str(self.outbox), "catch_up_rate": 10},
            "health": {"interval": 5, "stall_after": STALL_SECONDS},
        }

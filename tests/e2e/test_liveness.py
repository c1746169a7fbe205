"""A camera that freezes or hangs under a real daemon: health says so, `insect-edge status` does, no watchdog is fed."""

from __future__ import annotations

import json
import socket
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from support.mosquitto import Mosquitto, Subscriber, running
from support.payloads import validator
from support.programs import running as started
from support.trap import Trap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

FREEZES, THAWS = 14.0, 32.0
"""Seconds of the garden."""
STALL_SECONDS = 4.0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """Anybody may do anything."""
    with running(tmp_path / "broker") as made:
        yield made


def simulated(tmp_path: Path, broker: Mosquitto, *faults: str, **keys: Any) -> tuple[Trap, str]:
    """A device of its own name that looks at a drawn garden as a USB camera does, and its name."""
    device = f"trap-{uuid.uuid4().hex[:8]}"
    picture = {"simulated.scene": "empty", "simulated.width": 320, "simulated.height": 180}
    camera = {
        "source": "simulated",
        "rate": 4,
        "simulated.sensor_clock": False,
        "simulated.faults": list(faults),
        **picture,
        **keys,
    }
    files = {"files.path": None, "files.loop": None}
    trap = Trap(
        tmp_path / "trap",
        port=broker.port,
        device={"id": device},
        camera={**camera, **files},
        policy={"end_after": 10},
        health={"interval": 1, "stall_after": STALL_SECONDS},
    )
    return trap, device


def reports(subscriber: Subscriber) -> list[dict[str, Any]]:
    """Every health report so far."""
    found = [json.loads(payload) for topic, payload, _ in subscriber.received if topic.endswith("/health")]
    for report in found:
        validator("health").validate(report)
    return found


def status(trap: Trap, *arguments: str) -> tuple[int, list[str], list[str]]:
    """What the command says: exit code, output, errors."""
    with started("status", "--config", str(trap.configuration), *arguments, folder=trap.folder) as program:
        return program.wait(), program.output, program.errors


def signs_of_life(manager: socket.socket) -> int:
    """How many have arrived since the last call."""
    count = 0
    while True:
        try:
            count += manager.recv(4096) == b"WATCHDOG=1"
        except BlockingIOError:
            return count


def test_a_frozen_picture_is_found_out(broker: Mosquitto, tmp_path: Path) -> None:
    """It is `stalled` in time, for everybody who asks, the watchdog starves, and all is well again after the thaw."""
    trap, device = simulated(tmp_path, broker, f"frozen {FREEZES:g}-{THAWS:g}")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        Subscriber(broker, f"insect-edge/{device}/#") as subscriber,
    ):
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(0)
        command = ("run", "--config", str(trap.configuration))
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "10000000"}
        with started(*command, folder=trap.folder, environment=told) as daemon:
            daemon.wait_for_line("health: ready")
            code, words, _ = status(trap)
            assert (code, words[0]) == (0, f"{device}: ready")
            daemon.wait_for_line("health: failed: stalled")
            assert signs_of_life(manager) > 0
            code, words, _ = status(trap)
            assert code == 1
            assert words[0].startswith(f"{device}: not working: the camera shows the same picture again and again")
            assert signs_of_life(manager) == 0
            code, words, _ = status(trap, "--json")
            report = json.loads("\n".join(words))
            validator("health").validate(report)
            assert report["newest_frame_seconds"] >= STALL_SECONDS
            daemon.wait_for_line("shows the present again")
            daemon.wait_for_line("health: ready", count=2)
            assert daemon.stop() == 0
        found = reports(subscriber)
    (began,) = {round(report["monotonic"] - report["uptime_seconds"]) for report in found[:1]}
    failed = [report["monotonic"] for report in found if report["reasons"] == ["stalled"]]
    # The garden begins when the camera is first opened, which a busy machine may delay a little.
    assert STALL_SECONDS + FREEZES - 1 <= failed[0] - began <= FREEZES + 2 * STALL_SECONDS + 3
    assert any("WatchdogSec=10 is less than 3 times" in line for line in daemon.errors)


@pytest.mark.parametrize("fault", ["stuck", "hang"])
def test_a_camera_that_hangs_holds_up_nothing(broker: Mosquitto, tmp_path: Path, fault: str) -> None:
    """A capture that does not return is given up, the daemon answers meanwhile and stops at once."""
    trap, device = simulated(tmp_path, broker, f"{fault} 3-", capture_timeout=1)
    with Subscriber(broker, f"insect-edge/{device}/#") as subscriber, trap.running() as daemon:
        daemon.wait_for_line("health: ready")
        daemon.wait_for_line("health: failed: camera_lost")
        code, words, _ = status(trap)
        assert code == 1
        assert "(camera_lost)" in words[0]
        before = time.monotonic()
        assert daemon.stop() == 0
        print(f"stopped after {time.monotonic() - before:.2f} s")  # noqa: T201 # for whoever runs -s
        subscriber.wait_until(lambda: (f"insect-edge/{device}/availability", b"offline", False) in subscriber.received)
    assert reports(subscriber)[-1]["state"] == "stopping"


def test_nobody_there_is_one_line(broker: Mosquitto, tmp_path: Path) -> None:
    """Without a daemon the command says so, with exit code 1 and nothing else."""
    trap, device = simulated(tmp_path, broker)
    code, output, errors = status(trap)
    assert (code, output) == (1, [])
    (line,) = errors
    assert line.startswith(f"insect-edge: {device}: no daemon of this device runs on this machine")

"""What can go wrong, how often, and when: drawn from a seed."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random


class Fault(enum.StrEnum):
    """One kind of fault."""

    KILL = "SIGKILL at a random moment"
    KILL_COMMIT = "SIGKILL as the database is written"
    KILL_CATCH_UP = "SIGKILL during catch-up"
    TERM = "SIGTERM"
    BROKER_KILL_KEEPS = "broker killed, its sessions kept"
    BROKER_KILL_FORGETS = "broker killed, everything forgotten"
    BROKER_STOP_KEEPS = "broker restarted, its sessions kept"
    BROKER_STOP_FORGETS = "broker restarted, everything forgotten"
    REFUSED = "connections refused"
    DROPPED = "connection closed by the network"
    RESET = "connection reset"
    STALLED = "network stalls"
    MUTE = "half-open: answers swallowed"
    DEAF = "half-open: messages swallowed"
    STRANDED = "half-open: both ways, no word of an end"
    DELAYED = "network delays"
    CORRUPTED = "bits turned over under TLS"
    DISK_FULL = "disk full"
    DAMAGED = "files of the outbox damaged"
    CLOCK = "wall clock jumps"
    HANG = "camera hangs"
    STUCK = "camera driver does not return"
    FROZEN = "camera frozen"
    BLACK = "black frames"
    DISCONNECTED = "camera disconnected"


CAMERA = {
    Fault.HANG: "hang",
    Fault.STUCK: "stuck",
    Fault.FROZEN: "frozen",
    Fault.BLACK: "black",
    Fault.DISCONNECTED: "disconnected",
}
"""Faults of the simulated camera, as its configuration names them."""
BLIND = frozenset({Fault.HANG, Fault.STUCK, Fault.FROZEN, Fault.DISCONNECTED})
"""Those during which nobody sees anything, so that a daemon must not say it is well."""
PROCESS = frozenset({Fault.KILL, Fault.KILL_COMMIT, Fault.TERM})
"""Those that may strike in the middle of another one."""

_NETWORK = {
    Fault.REFUSED: 2,
    Fault.DROPPED: 2,
    Fault.RESET: 3,
    Fault.STALLED: 2,
    Fault.MUTE: 2,
    Fault.DEAF: 2,
    Fault.STRANDED: 2,
    Fault.DELAYED: 2,
}
_BROKER = {
    Fault.BROKER_KILL_KEEPS: 2,
    Fault.BROKER_KILL_FORGETS: 2,
    Fault.BROKER_STOP_KEEPS: 1,
    Fault.BROKER_STOP_FORGETS: 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one trap goes through.

    Attributes:
        name: of its lane.
        weights: how often each fault is drawn.
        tls: whether it speaks TLS with its broker.
        clock: whether its wall clock can be made to jump.
        small_disk: whether its outbox is on a small disk of its own.
        sensor_clock: whether its camera tells the sensor's time.
        camera_pause: shortest and longest seconds between two faults of its camera.
    """

    name: str
    weights: Mapping[Fault, int]
    tls: bool = False
    clock: bool = False
    small_disk: bool = False
    sensor_clock: bool = True
    camera_pause: tuple[float, float] = (8.0, 40.0)


PROFILES = (
    Profile(name="steady", weights={**_NETWORK, **_BROKER}),
    Profile(name="usb", weights=_NETWORK, sensor_clock=False),
    Profile(
        name="killed",
        weights={Fault.KILL: 8, Fault.KILL_COMMIT: 8, Fault.KILL_CATCH_UP: 5, Fault.TERM: 3, **_BROKER, Fault.RESET: 2},
        sensor_clock=False,
    ),
    Profile(
        name="encrypted", weights={Fault.CORRUPTED: 12, **_NETWORK, **_BROKER, Fault.KILL: 4, Fault.TERM: 2}, tls=True
    ),
    Profile(
        name="card",
        weights={
            Fault.DISK_FULL: 5,
            Fault.DAMAGED: 5,
            Fault.KILL: 3,
            Fault.KILL_COMMIT: 2,
            Fault.TERM: 1,
            Fault.REFUSED: 2,
        },
        small_disk=True,
    ),
    Profile(
        name="timeless",
        weights={Fault.CLOCK: 10, Fault.KILL: 4, Fault.KILL_COMMIT: 2, Fault.TERM: 2, Fault.REFUSED: 2, **_BROKER},
        clock=True,
        sensor_clock=False,
    ),
)
"""Six traps side by side; the first two are never ended, so that their memory and open files can be watched."""


def drawn(random: Random, weights: Mapping[Fault, int]) -> Fault:
    """One fault, as often as the weights say."""
    return random.choices(list(weights), weights=list(weights.values()))[0]


def camera_faults(random: Random, *, until: float, pause: tuple[float, float], stall_seconds: float) -> list[str]:
    """Faults of a simulated camera as its configuration says them, the first after a pause.

    Args:
        random: draws them.
        until: seconds of the camera by which all have begun.
        pause: shortest and longest seconds between two.
        stall_seconds: after which a blind daemon has to say so; each fault lasts more than twice as long, so that one
            that says nothing is found out.
    """
    found: list[str] = []
    at = random.uniform(*pause)
    while at < until:
        end = at + 2 * stall_seconds + random.uniform(1, 4)
        found.append(f"{random.choice(list(CAMERA.values()))} {at:.2f}-{end:.2f}")
        at = end + random.uniform(*pause)
    return found

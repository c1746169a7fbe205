"""What was seen of one trap from outside, for the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.soak.faults import Fault


EVIDENCE = "evidence.pickle"
"""A file with the `Evidence` of one trap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message at the subscriber; `at` in monotonic seconds, as everywhere here."""

    at: float
    topic: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a daemon's log, when it was read."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A daemon as the kernel accounts for it: resident memory, open files, bytes written to block devices."""

    at: float
    resident_mebibytes: float
    descriptors: int
    written_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A trap's outbox as it lay on the disk after a process had ended, read by somebody else.

    Attributes:
        last_seq: the highest number in it.
        reserved: the highest number that may have been given out.
        waiting: payloads of what waits, by number.
        dead: payloads of dead letters, by number.
        counters: what it counts, by name.
    """

    last_seq: int = 0
    reserved: int = 0
    waiting: dict[int, bytes] = field(default_factory=dict)
    dead: dict[int, bytes] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Life:
    """One daemon process from start to end.

    Attributes:
        started: when.
        ended: when; infinite while it runs.
        ending: the signal that ended it, or what it did by itself.
        damaged: whether files of the outbox were damaged before its start.
        lines: of its log.
        samples: of the process.
        stored: the outbox after its end.
    """

    started: float
    ended: float = float("inf")
    ending: str = "runs"
    damaged: bool = False
    lines: list[Line] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    stored: Stored | None = None

    @property
    def known_until(self) -> float:
        """Its end, or while it runs the newest that was seen of it."""
        seen = [each.at for each in (*self.lines[-1:], *self.samples[-1:])]
        return self.ended if self.ended < float("inf") else max(seen, default=self.started)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inflicted:
    """A fault from without, from when to when."""

    fault: Fault
    at: float
    until: float


@dataclass(slots=True, kw_only=True)
class Evidence:
    """Everything about one trap.

    Attributes:
        lane: its name.
        stall_seconds: after so long a blind daemon has to say so.
        lives: its processes, in order.
        arrivals: what the subscriber got, in order.
        inflicted: faults but those of the camera, which are in the log.
    """

    lane: str
    stall_seconds: float
    lives: list[Life] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    inflicted: list[Inflicted] = field(default_factory=list)

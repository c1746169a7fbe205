"""Reads logs and payloads: which facts of events they tell, when the camera was blind, and what was said of health."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from support.soak.faults import CAMERA, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.soak.evidence import Life

FRAMES_PER_SECOND = 30.0
"""Of the simulated camera."""
HEALTHY = frozenset({"ready", "degraded"})
"""States that claim to see."""
Fact = tuple[str, str]
"""`start`, `end` or `alert`, and the id of the event."""

_PROGRAM_MADE = "2026"
"""No trap can have seen anything before: whoever says so believes a clock that is not set."""
_EVENT = re.compile(r"(?:event (start|end)|(alert)): .* \(([0-9a-f]+)\)$")
_CAMERA = re.compile(r"simulated:\S+: (\w+) on purpose, from frame (\d+) to frame (\d+)$")
_HEALTH = re.compile(r" health: (\w+)")
_KINDS = {name: fault for fault, name in CAMERA.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """A fault of the camera, from when to when it was felt."""

    fault: Fault
    begin: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What matters of a detection or an alert; `impossible` is a time it gives that cannot be."""

    message_id: str
    seq: int
    kind: str
    fact: Fact
    impossible: str | None = None


def facts(life: Life) -> Iterator[tuple[float, Fact]]:
    """What a daemon said of events in its log, and when."""
    for line in life.lines:
        if match := _EVENT.search(line.text):
            yield line.at, (match[1] or match[2], match[3])


def breakdowns(life: Life) -> Iterator[Breakdown]:
    """What its camera went through while it ran."""
    told = [line for line in life.lines if line.text.endswith("in order again") or _CAMERA.search(line.text)]
    for line, following in zip_longest(told, told[1:]):
        if match := _CAMERA.search(line.text):
            # It may have begun a little before it was felt, and is over when the camera says so.
            planned = line.at + (int(match[3]) + 1 - int(match[2])) / FRAMES_PER_SECOND
            over = planned if following is None else following.at
            yield Breakdown(fault=_KINDS[match[1]], begin=line.at, end=min(planned, over, life.known_until))


def healthy_seconds(life: Life, *, begin: float, end: float) -> float:
    """For how much of that time its log says that it sees."""
    total, since, healthy = 0.0, life.started, False
    for line in life.lines:
        if match := _HEALTH.search(line.text):
            total += _overlap(since, line.at, begin, end) if healthy else 0.0
            since, healthy = line.at, match[1] in HEALTHY
    return total + (_overlap(since, life.known_until, begin, end) if healthy else 0.0)


def _overlap(start: float, stop: float, begin: float, end: float) -> float:
    return max(min(stop, end) - max(start, begin), 0.0)


@cache  # the same payloads are judged again and again while a soak runs
def claims(payload: bytes) -> float | None:
    """When a health report claimed to see, in monotonic seconds; None where it does not, or is none."""
    try:
        content: dict[str, Any] = json.loads(payload)
        return float(content["monotonic"]) if content.get("state") in HEALTHY else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


@cache
def message(payload: bytes) -> Message | None:
    """A detection or an alert; None for every other payload."""
    try:
        content: dict[str, Any] = json.loads(payload)
        seq, message_id = int(content["seq"]), str(content["message_id"])
    except (ValueError, KeyError, TypeError):
        return None
    kind = "alert" if "alert_seq" in content else "detection"
    fact = ("alert" if kind == "alert" else str(content["phase"]), str(content["event_id"]))
    times = [content[name] for name in ("started", "last_seen", "at") if content.get(name) is not None]
    impossible = next((time for time in times if time < _PROGRAM_MADE), None)
    return Message(message_id=message_id, seq=seq, kind=kind, fact=fact, impossible=impossible)

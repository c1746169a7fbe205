"""Does to a trap what each fault says."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from support.faulty_proxy import Traffic
from support.small_disk import fill
from support.soak.damage import damage
from support.soak.faults import PROCESS, Fault, drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from support.soak.lane import Lane

_POLL_SECONDS = 0.0005
_COMMIT_SECONDS = 4.0
"""How long a write of the database is waited for."""
_MESSAGES_WAIT = 0.6
"""How often an outbox is damaged while messages wait in it."""
_CLOCKS = ("@1970-01-01 00:01:00", "+3y", "-20y", "+1d", "-1h", "@2025-06-01 12:00:00", "+30d", "+0")
"""In libfaketime's words: no clock at all, years ahead and back, the day the board was last on, and right."""


def inflict(lane: Lane, fault: Fault) -> None:
    """One fault from beginning to end; while one lasts another may strike the process."""
    if fault in _MOMENTARY:
        with lane.suffering(fault):
            _MOMENTARY[fault](lane)
        return
    possible = {other: weight for other, weight in lane.profile.weights.items() if other in PROCESS}
    with lane.suffering(fault), _LASTING[fault](lane):
        time.sleep(lane.random.uniform(0.3, 4))
        if possible and lane.random.random() < 0.4:
            other = drawn(lane.random, possible)
            with lane.suffering(other):
                _MOMENTARY[other](lane)
            time.sleep(lane.random.uniform(0.3, 3))


def _kill(lane: Lane) -> None:
    time.sleep(lane.random.uniform(0, 1.5))
    _restart(lane, signal.SIGKILL)


def _kill_commit(lane: Lane) -> None:
    """Within a millisecond of a write to the database's log, whose fsync and what follows are under way."""
    log = lane.outbox / "outbox.db-wal"
    deadline = time.monotonic() + _COMMIT_SECONDS
    before = _written(log)
    while _written(log) == before and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    _restart(lane, signal.SIGKILL)


def _written(log: Path) -> int:
    try:
        return log.stat().st_mtime_ns
    except OSError:
        return 0


def _kill_catch_up(lane: Lane) -> None:
    """After an outage, once the first of what waited has arrived."""
    lane.proxy.become(Traffic.REFUSE)
    time.sleep(lane.random.uniform(3, 7))
    lane.proxy.become(Traffic.PASS)
    before, deadline = len(lane.evidence.arrivals), time.monotonic() + 10
    while len(lane.evidence.arrivals) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(lane.random.uniform(0, 1))
    _restart(lane, signal.SIGKILL)


def _stop(lane: Lane) -> None:
    time.sleep(lane.random.uniform(0, 1.5))
    _restart(lane, signal.SIGTERM)


def _restart(lane: Lane, number: signal.Signals) -> None:
    lane.end(number)
    lane.start()


def _damaged(lane: Lane) -> None:
    """While it is stopped, however it was stopped; what was kept of earlier ones a person has taken away."""
    if lane.random.random() < _MESSAGES_WAIT:
        lane.proxy.become(Traffic.REFUSE)
        time.sleep(lane.random.uniform(2, 6))
    lane.end(lane.random.choice((signal.SIGKILL, signal.SIGTERM)))
    for kept in lane.outbox.glob("outbox.damaged-*"):
        kept.unlink()
    if damage(lane.outbox, random=lane.random) is not None:
        lane.was_damaged()
    lane.start()
    lane.proxy.become(Traffic.PASS)


def _clock(lane: Lane) -> None:
    lane.tell_time(lane.random.choice(_CLOCKS))
    time.sleep(lane.random.uniform(1, 3))


def _cut(lane: Lane, *, reset: bool) -> None:
    lane.proxy.cut(reset=reset)
    time.sleep(lane.random.uniform(0.1, 1))


@contextmanager
def _traffic(lane: Lane, *, traffic: Traffic) -> Iterator[None]:
    lane.proxy.delay_seconds = lane.random.uniform(0.05, 1.5)
    lane.proxy.become(traffic)
    try:
        yield
    finally:
        lane.proxy.open()


@contextmanager
def _stranded(lane: Lane) -> Iterator[None]:
    lane.proxy.strand()
    yield


@contextmanager
def _broker_away(lane: Lane, *, kill: bool, forgets: bool) -> Iterator[None]:
    """The subscriber is back before the trap is let in, so that nothing is acknowledged that nobody hears."""
    sessions = lane.recorder.sessions
    lane.proxy.admits = False
    if kill:
        lane.broker.kill()
    else:
        lane.broker.stop()
    try:
        yield
    finally:
        if forgets:
            (lane.broker.folder / "mosquitto.db").unlink(missing_ok=True)
        lane.broker.start()
        lane.recorder.wait_for_session(sessions + 1)
        lane.proxy.admits = True


@contextmanager
def _disk_full(lane: Lane) -> Iterator[None]:
    filler = fill(lane.disk)
    try:
        yield
    finally:
        filler.unlink()


_MOMENTARY: dict[Fault, Callable[[Lane], None]] = {
    Fault.KILL: _kill,
    Fault.KILL_COMMIT: _kill_commit,
    Fault.KILL_CATCH_UP: _kill_catch_up,
    Fault.TERM: _stop,
    Fault.DAMAGED: _damaged,
    Fault.CLOCK: _clock,
    Fault.DROPPED: partial(_cut, reset=False),
    Fault.RESET: partial(_cut, reset=True),
}
_LASTING: dict[Fault, Callable[[Lane], AbstractContextManager[None]]] = {
    Fault.REFUSED: partial(_traffic, traffic=Traffic.REFUSE),
    Fault.STALLED: partial(_traffic, traffic=Traffic.STALL),
    Fault.MUTE: partial(_traffic, traffic=Traffic.MUTE),
    Fault.DEAF: partial(_traffic, traffic=Traffic.DEAF),
    Fault.DELAYED: partial(_traffic, traffic=Traffic.DELAY),
    Fault.CORRUPTED: partial(_traffic, traffic=Traffic.CORRUPT),
    Fault.STRANDED: _stranded,
    Fault.BROKER_KILL_KEEPS: partial(_broker_away, kill=True, forgets=False),
    Fault.BROKER_KILL_FORGETS: partial(_broker_away, kill=True, forgets=True),
    Fault.BROKER_STOP_KEEPS: partial(_broker_away, kill=False, forgets=False),
    Fault.BROKER_STOP_FORGETS: partial(_broker_away, kill=False, forgets=True),
    Fault.DISK_FULL: _disk_full,
}
KNOWN = (*_MOMENTARY, *_LASTING)
"""What can be inflicted."""

"""Keeps the day's counts, over restarts too, and has them published whenever they change."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.domain import Phase
from insect_edge.mqtt.counts import counts_message
from insect_edge.mqtt.fields import time_of
from insect_edge.policy.arrivals import Arrivals
from insect_edge.policy.daylight import Daylight
from insect_edge.tally.day import Day
from insect_edge.tally.recent import Recent, visible
from insect_edge.timekeeping import dated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from insect_edge.domain import Event, Moment
    from insect_edge.mqtt.messages import Origin
    from insect_edge.policy.state import OpenEvent
    from insect_edge.protocols import Clock
    from insect_edge.relay.relay import Relay

FILE = "counts.json"
SOONEST_SECONDS = 2.0
"""Between two messages, however many animals come and go."""
LATEST_SECONDS = 60.0
"""Between two looks at what time alone changes: the last hour passes, and a trap-day gets longer."""

_log = logging.getLogger(__name__)


class Tally:
    """Owned by the one thread that looks; the file is written when an event starts or ends, never for a frame.

    Args:
        path: of the file; what it holds is taken up where it can be read, else counting begins anew.
        clock: the time.
        relay: takes the newest counts.
        origin: who speaks.
        day_of: the calendar day of an aware UTC time where the trap stands.
        daylight: tells night from day there.
    """

    def __init__(  # what it is made of, each with its own duty
        self,
        path: Path,
        *,
        clock: Clock,
        relay: Relay,
        origin: Origin,
        day_of: Callable[[datetime], date],
        daylight: Daylight | None = None,
    ) -> None:
        self._path = path
        self._clock = clock
        self._relay = relay
        self._origin = origin
        self._day_of = day_of
        self._daylight = daylight or Daylight()
        self._day = _read(path)
        self._told: Recent | None = None
        self._pending = False
        self._published = clock.monotonic()
        self._failed = False

    @property
    def day(self) -> Day:
        """The counts as they are."""
        return self._day

    def take(
        self, events: Sequence[Event], *, open_events: Sequence[OpenEvent], arrivals: Arrivals | None = None
    ) -> None:
        """Count the changes; publish and store where anything is new, be it the day alone.

        Args:
            events: what has just happened.
            open_events: who is there now.
            arrivals: what the policy remembers; None where it remembers nothing.
        """
        now = self._clock.moment()
        before = self._day
        for event in events:
            started = time_of(dated(event.started, by=event.at))
            self._day = self._day.plus(event, today=self._today(event.at), started=started)
        self._day = self._day.at(self._today(now))
        changed = self._told is None or self._day is not before or visible(open_events) != self._told.visible
        self._pending = self._pending or changed
        if self._is_time(now, empty=not open_events):
            self._publish(arrivals or Arrivals(), open_events=open_events, now=now)
        if _worth_storing(self._day) != _worth_storing(before) or any(event.phase is Phase.END for event in events):
            self._store()

    def speak_for(self, origin: Origin, *, daylight: Daylight) -> None:
        """Tell from now on as `origin`, with nights and days as `daylight` has them."""
        self._origin = origin
        self._daylight = daylight
        self._pending = True

    def _is_time(self, now: Moment, *, empty: bool) -> bool:
        """Whether to look what is news: changes soon, and what time alone changes now and then."""
        since = now.monotonic - self._published
        # That nobody is there any more may be the last that this process says.
        soon = self._told is None or empty or since >= SOONEST_SECONDS
        return (self._pending and soon) or since >= LATEST_SECONDS

    def _today(self, at: Moment) -> date | None:
        return self._day_of(at.utc) if at.clock_synced else None

    def _publish(self, arrivals: Arrivals, *, open_events: Sequence[OpenEvent], now: Moment) -> None:
        recent = Recent.of(arrivals, open_events=open_events, now=now, daylight=self._daylight)
        self._published = now.monotonic
        if not self._pending and recent == self._told:
            return
        self._pending, self._told = False, recent
        self._relay.set_latest(counts_message(self._day, recent=recent, at=now, origin=self._origin))

    def _store(self) -> None:
        """Replace the file in one step; a full disk costs the counts of a restart and nothing else."""
        temporary = self._path.with_suffix(".new")
        try:
            with temporary.open("wb") as file:
                file.write(json.dumps(self._day.to_json()).encode())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError as error:
            if not self._failed:
                _log.warning(
                    "%s: cannot be written (%s): today's counts would not survive a restart", self._path, error
                )
            self._failed = True
        else:
            self._failed = False


def _read(path: Path) -> Day:
    try:
        return Day.from_json(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return Day()
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("%s: not understood (%s): counting begins anew", path, error)
        return Day()


def _worth_storing(day: Day) -> Day:
    """Without what changes with every update of an event."""
    return replace(day, last_pest=None)

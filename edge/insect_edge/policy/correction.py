"""What was told before the clock was set is told again once it is: an update of the same event, with its times.

A change told without times stays as it was told, on the disk too; the correction is one message more. Open events and
those that have ended in this boot get one; it raises no alert.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.domain import Phase
from insect_edge.timekeeping import dated, monotonic_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from insect_edge.domain import Event, Moment
    from insect_edge.policy.state import OpenEvent, PolicyState

MOST_UNDATED = 100
"""Ended events remembered until the clock is set: some 40 KiB in memory and in each stored state."""


def noted(state: PolicyState, ends: tuple[Event, ...]) -> PolicyState:
    """The state that remembers which of these ends were told without times; the oldest of too many are given up."""
    undated = (*state.undated, *(end for end in ends if not end.at.clock_synced))
    surplus = max(len(undated) - MOST_UNDATED, 0)
    return replace(state, undated=undated[surplus:], never_dated=state.never_dated + surplus)


def corrected(state: PolicyState, *, now: Moment) -> tuple[PolicyState, tuple[Event, ...]]:
    """The corrections due once the clock is set, those of ended events first; none while it is not.

    Cooldowns that began in an earlier boot get their true length, too.
    """
    state = replace(state, arrivals=state.arrivals.placed(now=now)) if state.arrivals.misplaced else state
    if not now.clock_synced or (
        state.earlier is None and not state.undated and all(e.dated for e in state.open_events)
    ):
        return state, ()
    events = [_of_ended(event, now=now) for event in state.undated]
    events += [_of_open(event, now=now) for event in state.open_events if not event.dated]
    open_events = tuple(event if event.dated else _dated(event, now=now) for event in state.open_events)
    return replace(_with_true_cooldowns(state, now=now), open_events=open_events, undated=()), tuple(events)


def _of_ended(end: Event, *, now: Moment) -> Event:
    """An ended event once more, with the times of its end."""
    started, last_seen, at = (dated(moment, by=now) for moment in (end.started, end.last_seen, end.at))
    return replace(end, phase=Phase.UPDATE, corrects=Phase.END, started=started, last_seen=last_seen, at=at)


def _of_open(event: OpenEvent, *, now: Moment) -> Event:
    """An event that still lasts, as it is now."""
    return replace(_dated(event, now=now).change(Phase.UPDATE, at=now), corrects=Phase.START)


def _dated(event: OpenEvent, *, now: Moment) -> OpenEvent:
    """The event with its times; when it is due to be told again stays as it was, so that the clock changes no rule."""
    return replace(event, started=dated(event.started, by=now), last_seen=dated(event.last_seen, by=now), dated=True)


def _with_true_cooldowns(state: PolicyState, *, now: Moment) -> PolicyState:
    earlier = state.earlier
    if earlier is None:
        return state
    restored = earlier.restored

    def true(taken: Mapping[str, float], known: Mapping[str, datetime]) -> dict[str, float]:
        # What began in this boot is known already; no cooldown is made longer than it was taken to be.
        began = {label: min(monotonic_at(utc, by=now), taken.get(label, restored)) for label, utc in known.items()}
        return {**taken, **{label: at for label, at in began.items() if taken.get(label, restored) <= restored}}

    return replace(
        state, ended=true(state.ended, earlier.ended), alerted=true(state.alerted, earlier.alerted), earlier=None
    )

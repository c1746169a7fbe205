"""Going on after a restart: what an earlier process remembered, in terms of now.

Three cases, by what is known of the time between:

* the same boot: monotonic seconds go on;
* another boot, and the wall clock was set then and is now: it carries everything over;
* another boot, and it was not or is not: nobody knows how long the device was off. Open events end as of the last that
  is known of them, and a cooldown that had not passed by then begins again, so that an alert comes late rather than
  twice; where the clock was set then, setting it now gives the cooldown its true length (`correction.corrected`).

Where the time between is known and short, open events go on: the insect has `end_after` seconds from the first look
on to be seen again. Nothing is stored with each frame, so the newest stored change may be `update_every` older than the
process's end, and `last_seen` with it; short is up to that much and `LONGEST_AWAY_SECONDS` more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.domain import Phase
from insect_edge.policy import correction
from insect_edge.policy.arrivals import DAY
from insect_edge.policy.state import Earlier, PolicyState
from insect_edge.timekeeping import carried_over, utc_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from insect_edge.domain import Event, Moment
    from insect_edge.policy.memory import Memory
    from insect_edge.policy.rules import PolicySettings
    from insect_edge.policy.state import OpenEvent

LONGEST_AWAY_SECONDS = 120.0
"""A Pi is back from a crash within seconds, from a reboot within one or two minutes."""
FIRST_LOOK_SECONDS = 60.0
"""How long the first look is waited for, while the camera opens."""


def resumed(
    memory: Memory, *, now: Moment, boot_id: str, settings: PolicySettings
) -> tuple[PolicyState, tuple[Event, ...]]:
    """The state to go on with in a boot of that id, and what is to be told of the events it no longer holds."""
    # Within a boot monotonic time never goes back; where it seems to have, it is another machine's or a copy.
    if boot_id and boot_id == memory.boot_id and memory.saved.monotonic <= now.monotonic:
        return _gone_on(memory, now=now, settings=settings)
    state, events = correction.corrected(memory.state, now=memory.saved)
    memory = replace(memory, state=state)
    if memory.saved.clock_synced and now.clock_synced and memory.saved.utc <= now.utc:
        state, ends = _gone_on(_carried(memory, now=now), now=now, settings=settings)
    else:
        state, ends = _cut_off(memory, now=now, settings=settings)
        ends = tuple(replace(end, boot_id=memory.boot_id) for end in ends)
    return state, (*(replace(event, boot_id=memory.boot_id) for event in events), *ends)


def _gone_on(memory: Memory, *, now: Moment, settings: PolicySettings) -> tuple[PolicyState, tuple[Event, ...]]:
    """The state where it is known how long nobody looked: open events go on, or end now."""
    longest = settings.update_every + LONGEST_AWAY_SECONDS
    away = tuple(event for event in memory.state.open_events if now.monotonic - event.told > longest)
    still_open = tuple(
        replace(event, unseen_from=now.monotonic + FIRST_LOOK_SECONDS)
        for event in memory.state.open_events
        if event not in away
    )
    over = {event.label: min(_latest_end(event, settings), now.monotonic) for event in away}
    state = replace(memory.state, open_events=still_open, ended={**memory.state.ended, **over})
    ends = tuple(event.change(Phase.END, at=now) for event in away)
    return correction.noted(state, ends), ends


def _latest_end(event: OpenEvent, settings: PolicySettings) -> float:
    """Monotonic seconds by which it would have ended, or had another change stored, had the process lived."""
    return event.told + settings.update_every + settings.end_after


def _carried(memory: Memory, *, now: Moment) -> Memory:
    """The memory of another boot in monotonic seconds of this one, by a wall clock that was right in both."""
    saved = carried_over(memory.saved, by=now)
    offset = saved.monotonic - memory.saved.monotonic

    def carried(moment: Moment) -> Moment:
        return replace(moment, monotonic=moment.monotonic + offset)

    def event(event: OpenEvent) -> OpenEvent:
        started, last_seen = carried(event.started), carried(event.last_seen)
        return replace(event, started=started, last_seen=last_seen, told=event.told + offset)

    state = memory.state
    state = replace(
        state,
        open_events=tuple(event(open_event) for open_event in state.open_events),
        ended={label: at + offset for label, at in state.ended.items()},
        alerted={label: at + offset for label, at in state.alerted.items()},
        arrivals=state.arrivals.moved(offset),
    )
    return replace(memory, state=state, saved=saved)


def _cut_off(memory: Memory, *, now: Moment, settings: PolicySettings) -> tuple[PolicyState, tuple[Event, ...]]:
    """The state where nobody knows for how long: open events ended with their boot, cooldowns begin again."""
    state, saved = memory.state, memory.saved
    ends = tuple(event.change(Phase.END, at=saved) for event in state.open_events)
    ended = {**state.ended, **{event.label: _latest_end(event, settings) for event in state.open_events}}
    ended = _unfinished(ended, saved=saved, cooldown=settings.cooldown)
    cooldown = settings.alerts.cooldown
    # An animal that rests is not told of anew within a day (`alerting.looked`), however short the cooldown.
    alerted = _unfinished(state.alerted, saved=saved, cooldown=max(cooldown, DAY))
    cooling = _unfinished(alerted, saved=saved, cooldown=cooldown)
    offset = now.monotonic - saved.monotonic
    earlier = Earlier(restored=now.monotonic, ended=_times(ended, memory), alerted=_times(alerted, memory, alerts=True))
    return PolicyState(
        ended=dict.fromkeys(ended, now.monotonic),
        alerted={label: now.monotonic if label in cooling else at + offset for label, at in alerted.items()},
        never_dated=state.never_dated + len(state.undated) + (0 if saved.clock_synced else len(ends)),
        earlier=earlier if earlier.ended or earlier.alerted else None,
        arrivals=state.arrivals.cut_off(saved=saved, now=now),
    ), ends


def _unfinished(began: Mapping[str, float], *, saved: Moment, cooldown: float) -> dict[str, float]:
    """What was not longer ago than its cooldown when the state was stored."""
    return {label: at for label, at in began.items() if saved.monotonic - at < cooldown}


def _times(began: Mapping[str, float], memory: Memory, *, alerts: bool = False) -> dict[str, datetime]:
    """When these cooldowns began, as far as a clock knows it."""
    saved, earlier = memory.saved, memory.state.earlier
    if saved.clock_synced:
        return {label: utc_at(at, by=saved) for label, at in began.items()}
    if earlier is None:
        return {}
    known = earlier.alerted if alerts else earlier.ended
    return {label: known[label] for label, at in began.items() if label in known and at <= earlier.restored}

"""The life of an event, however it is found: told at its start, when it is news, and at its end.

Update: the best score rose by `update_rise` since the last change told, or `update_every` seconds went by.
End: `end_after` seconds unseen, or when nobody will be looking any more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.domain import Phase
from insect_edge.policy import alerting, correction

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.alert_rule import FiredRule
    from insect_edge.domain import Event, Moment
    from insect_edge.policy.rules import PolicySettings
    from insect_edge.policy.state import OpenEvent, PolicyState

ROUNDING = 1e-9
"""A rise from 0.80 to 0.85 is 0.05 although binary fractions say a little less."""


class EventLife:
    """What all policies do with events that are open; holds no state of its own.

    Args:
        settings: the numbers.
        new_event_id: makes an identifier that was never used before.

    Attributes:
        settings: the numbers in force; others may be put in their place between two frames.
    """

    def __init__(self, settings: PolicySettings, *, new_event_id: Callable[[], str]) -> None:
        self.settings = settings
        self._new_event_id = new_event_id

    def tick(self, state: PolicyState, *, now: Moment) -> tuple[PolicyState, tuple[Event, ...]]:
        """End what is due at `now`, also where no frame comes any more."""
        longest = self.settings.end_after
        due = tuple(event for event in state.open_events if now.monotonic >= event.unseen_from + longest)
        return self._end(state, due, now=now)

    def deadline(self, state: PolicyState) -> float | None:
        """Monotonic seconds at which `tick` will next end something; None while nothing is open."""
        return min((event.unseen_from + self.settings.end_after for event in state.open_events), default=None)

    def shutdown(self, state: PolicyState, *, now: Moment) -> tuple[PolicyState, tuple[Event, ...]]:
        """End every open event: nobody will be looking."""
        return self._end(state, state.open_events, now=now)

    def _end(
        self, state: PolicyState, over: tuple[OpenEvent, ...], *, now: Moment
    ) -> tuple[PolicyState, tuple[Event, ...]]:
        """End these events."""
        if not over:
            return state, ()
        ended = {**state.ended, **{event.label: now.monotonic for event in over}}
        still_open = tuple(event for event in state.open_events if event not in over)
        ends = tuple(event.change(Phase.END, at=now) for event in over)
        return correction.noted(replace(state, open_events=still_open, ended=ended), ends), ends

    def _begin(self, state: PolicyState, event: OpenEvent, *, at: Moment) -> tuple[PolicyState, Event]:
        """Open an event, and tell its start."""
        state, rule = alerting.started(state, event, at=at, alerts=self.settings.alerts)
        open_events = (*state.open_events, _told(event, at=at, rule=rule))
        start = replace(event.change(Phase.START, at=at, rule=rule), arrival=alerting.has_come(state, event))
        return replace(state, open_events=open_events), start

    def _stands(self, event: OpenEvent, state: PolicyState) -> bool:  # noqa: ARG002 # for those who know more
        """Whether an event may still raise its alert."""
        return True

    def _updates(self, state: PolicyState, *, at: Moment) -> tuple[PolicyState, tuple[Event, ...]]:
        """Tell what rose, what was silent for long, and what has come to deserve its alert with this very frame."""
        settings, events, open_events = self.settings, [], []
        for event in state.open_events:
            rule = None
            if event.last_seen == at and self._stands(event, state):
                # The next event of the same label is judged by it.
                state, rule = alerting.seen(state, event, at=at, alerts=settings.alerts)
            rose = event.score - event.told_score >= settings.update_rise - ROUNDING
            if not (rule or rose or at.monotonic - event.told >= settings.update_every):
                open_events.append(event)
                continue
            events.append(event.change(Phase.UPDATE, at=at, rule=rule))
            open_events.append(_told(event, at=at, rule=rule))
        return (replace(state, open_events=tuple(open_events)), tuple(events)) if events else (state, ())


def _told(event: OpenEvent, *, at: Moment, rule: FiredRule | None) -> OpenEvent:
    """The event once the change at `at` is told."""
    alerted = event.alerted or rule is not None
    return replace(event, told=at.monotonic, told_score=event.score, alerted=alerted, dated=at.clock_synced)

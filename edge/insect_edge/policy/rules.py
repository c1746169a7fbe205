"""When is an insect there? Verdicts of single frames become events: start, updates, end, and at most one alert.

A frame *agrees* with a label in one of two ways, and the distance between the two is the hysteresis:

* no event of the label is open: the frame's verdict is the label (its score passed the threshold and won the frame);
* one is open: the label's score among the frame's top categories is at least `keep` times the threshold, whether it
  won or not. An insect that half turns away does not end its event; one that never passed the threshold starts none.

Start: `required` of the last `window` frames agree, the newest among them, and the label's cooldown is over. A gap of
`end_after` seconds between two frames empties the window; frames up to the end of an event do not count for the next.
Update: the best score rose by `update_rise` since the last change told, or `update_every` seconds went by.
End: `end_after` seconds without an agreeing frame; only then does the label's cooldown begin. An insect that stays is
one event however long it stays; one that returns during the cooldown starts an event when that is over, if still there.

Several labels may be open at once. Only `Moment.monotonic` is computed with, so the wall clock may jump by years.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from insect_edge.domain import Phase, Role
from insect_edge.policy import correction
from insect_edge.policy.state import Look, OpenEvent, PolicyState

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.domain import Classification, Event, Moment, Verdict

ROUNDING = 1e-9
"""A rise from 0.80 to 0.85 is 0.05 although binary fractions say a little less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """When an event is worth waking somebody.

    Attributes:
        minimum_frames: agreeing frames an event needs, from 1.
        minimum_score: best score an event needs, in [0, 1].
        cooldown: seconds after an alert in which its label raises no other.
        only: labels that may alert; None for every pest.
        never: labels that may not, pests or not.
    """

    minimum_frames: int = 1
    minimum_score: float = 0.0
    cooldown: float = 0.0
    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()

    def holds(self, event: OpenEvent, *, now: float, last_alert: float | None) -> bool:
        """Whether the event deserves an alert at `now` (monotonic seconds), `last_alert` being its label's newest."""
        named = event.label not in self.never and (self.only is None or event.label in self.only)
        rested = last_alert is None or now - last_alert >= self.cooldown
        enough = event.hits >= self.minimum_frames and event.score >= self.minimum_score
        return event.role is Role.PEST and named and rested and enough


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """The numbers of the rules above.

    Attributes:
        window: frames looked back on, from 1.
        required: how many of them must agree, from 1 to `window`.
        end_after: seconds without an agreeing frame after which an event ends; longer than two frames apart.
        cooldown: seconds after an end in which the same label starts no event.
        keep: fraction of the threshold that keeps an open event alive, in (0, 1].
        update_every: seconds between updates of an event at the latest.
        update_rise: rise of the best score that is told at once.
        alerts: the alert rule.
    """

    window: int = 5
    required: int = 3
    end_after: float = 10.0
    cooldown: float = 300.0
    keep: float = 0.8
    update_every: float = 60.0
    update_rise: float = 0.05
    alerts: AlertRule = field(default_factory=AlertRule)


class Policy:
    """The rules of this module with their settings; holds no state of its own.

    Args:
        settings: the numbers.
        new_event_id: makes an identifier that was never used before.

    Attributes:
        settings: the numbers in force; others may be put in their place between two frames.
    """

    def __init__(self, settings: PolicySettings, *, new_event_id: Callable[[], str]) -> None:
        self.settings = settings
        self._new_event_id = new_event_id

    def step(
        self, state: PolicyState, classification: Classification, *, at: Moment
    ) -> tuple[PolicyState, tuple[Event, ...]]:
        """Take one frame, captured at `at`, into account; the events are ends, then updates, then a start."""
        state, ends = self.tick(state, now=at)
        look = Look.of(classification, at=at)
        seen = tuple(event.seen_in(look, keep=self.settings.keep) for event in state.open_events)
        state = replace(state, looks=self._window(state.looks, look), open_events=seen)
        state, updates = self._updates(state, at=at)
        state, starts = self._starts(state)
        return state, (*ends, *updates, *starts)

    def tick(self, state: PolicyState, *, now: Moment) -> tuple[PolicyState, tuple[Event, ...]]:
        """End what is due at `now`, also where no frame comes any more."""
        return self._end(state, now=now, unseen_for=self.settings.end_after)

    def deadline(self, state: PolicyState) -> float | None:
        """Monotonic seconds at which `tick` will next end something; None while nothing is open."""
        return min((event.unseen_from + self.settings.end_after for event in state.open_events), default=None)

    def shutdown(self, state: PolicyState, *, now: Moment) -> tuple[PolicyState, tuple[Event, ...]]:
        """End every open event: nobody will be looking."""
        return self._end(state, now=now, unseen_for=None)

    def _end(
        self, state: PolicyState, *, now: Moment, unseen_for: float | None
    ) -> tuple[PolicyState, tuple[Event, ...]]:
        """End the events unseen for at least `unseen_for` seconds; None ends all."""
        over = tuple(
            event
            for event in state.open_events
            if unseen_for is None or now.monotonic >= event.unseen_from + unseen_for
        )
        if not over:
            return state, ()
        ended = {**state.ended, **{event.label: now.monotonic for event in over}}
        still_open = tuple(event for event in state.open_events if event not in over)
        ends = tuple(event.change(Phase.END, at=now) for event in over)
        return correction.noted(replace(state, open_events=still_open, ended=ended), ends), ends

    def _window(self, looks: tuple[Look, ...], look: Look) -> tuple[Look, ...]:
        """The newest `window` frames, `look` the last; what lies before a gap is forgotten."""
        if looks and look.at.monotonic - looks[-1].at.monotonic >= self.settings.end_after:
            return (look,)
        return (*looks, look)[-self.settings.window :]

    def _updates(self, state: PolicyState, *, at: Moment) -> tuple[PolicyState, tuple[Event, ...]]:
        """Tell what rose, what was silent for long, and what has come to deserve its alert with this very frame."""
        settings, events, open_events, alerted = self.settings, [], [], dict(state.alerted)
        for event in state.open_events:
            alert = event.last_seen == at and self._alerts(event, state, at=at)
            rose = event.score - event.told_score >= settings.update_rise - ROUNDING
            if not (alert or rose or at.monotonic - event.told >= settings.update_every):
                open_events.append(event)
                continue
            events.append(event.change(Phase.UPDATE, at=at, alert=alert))
            open_events.append(_told(event, at=at, alert=alert))
            alerted |= {event.label: at.monotonic} if alert else {}
        if not events:
            return state, ()
        return replace(state, open_events=tuple(open_events), alerted=alerted), tuple(events)

    def _starts(self, state: PolicyState) -> tuple[PolicyState, tuple[Event, ...]]:
        """Start the event that the newest frame completes, if any."""
        newest = state.looks[-1]
        verdict = newest.verdict
        if verdict is None or any(event.label == verdict.label for event in state.open_events):
            return state, ()
        hits = list(state.hits(verdict.label))
        if len(hits) < self.settings.required or self._cools(state, label=verdict.label, at=newest.at):
            return state, ()
        event = self._opened(state, verdict=verdict, hits=hits)
        alert = self._alerts(event, state, at=newest.at)
        alerted = {**state.alerted, verdict.label: newest.at.monotonic} if alert else state.alerted
        open_events = (*state.open_events, _told(event, at=newest.at, alert=alert))
        return (
            replace(state, open_events=open_events, alerted=alerted),
            (event.change(Phase.START, at=newest.at, alert=alert),),
        )

    def _opened(self, state: PolicyState, *, verdict: Verdict, hits: list[Look]) -> OpenEvent:
        """The event those agreeing frames amount to; it starts with the first of them."""
        best = max(hits, key=lambda look: look.score(verdict.label))
        first, newest = hits[0], hits[-1]
        return OpenEvent(
            event_id=self._new_event_id(),
            label=verdict.label,
            role=verdict.role,
            score=best.score(verdict.label),
            threshold=verdict.threshold,
            categories=best.categories,
            region=best.region,
            started=first.at,
            last_seen=newest.at,
            frames=len(state.looks) - state.looks.index(first),
            hits=len(hits),
            alerted=False,
            told=newest.at.monotonic,
            told_score=0.0,
            dated=newest.at.clock_synced,
            unseen_from=newest.at.monotonic,
        )

    def _cools(self, state: PolicyState, *, label: str, at: Moment) -> bool:
        """Whether the label's last event ended too recently for another."""
        ended = state.ended.get(label)
        return ended is not None and at.monotonic - ended < self.settings.cooldown

    def _alerts(self, event: OpenEvent, state: PolicyState, *, at: Moment) -> bool:
        """Whether this is the change at which the event's one alert is raised."""
        last_alert = state.alerted.get(event.label)
        rule = self.settings.alerts
        return not event.alerted and rule.holds(event, now=at.monotonic, last_alert=last_alert)


def _told(event: OpenEvent, *, at: Moment, alert: bool) -> OpenEvent:
    """The event once the change at `at` is told."""
    alerted = event.alerted or alert
    return replace(event, told=at.monotonic, told_score=event.score, alerted=alerted, dated=at.clock_synced)

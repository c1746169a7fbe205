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

from insect_edge.policy import alerting
from insect_edge.policy.alerting import AlertRule
from insect_edge.policy.life import EventLife
from insect_edge.policy.state import Look, OpenEvent, PolicyState

if TYPE_CHECKING:
    from insect_edge.domain import Classification, Event, Moment, Verdict


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
        alerts: the alert rules.
    """

    window: int = 5
    required: int = 3
    end_after: float = 10.0
    cooldown: float = 300.0
    keep: float = 0.8
    update_every: float = 60.0
    update_rise: float = 0.05
    alerts: AlertRule = field(default_factory=AlertRule)


class Policy(EventLife):
    """The rules of this module with their settings; holds no state of its own."""

    def step(
        self, state: PolicyState, classification: Classification, *, at: Moment
    ) -> tuple[PolicyState, tuple[Event, ...]]:
        """Take one frame, captured at `at`, into account; the events are ends, then updates, then a start."""
        state, ends = self.tick(alerting.looked(state, at=at), now=at)
        look = Look.of(classification, at=at)
        seen = tuple(event.seen_in(look, keep=self.settings.keep) for event in state.open_events)
        state = replace(state, looks=self._window(state.looks, look), open_events=seen)
        state, updates = self._updates(state, at=at)
        state, starts = self._starts(state)
        return state, (*ends, *updates, *starts)

    def _window(self, looks: tuple[Look, ...], look: Look) -> tuple[Look, ...]:
        """The newest `window` frames, `look` the last; what lies before a gap is forgotten."""
        if looks and look.at.monotonic - looks[-1].at.monotonic >= self.settings.end_after:
            return (look,)
        return (*looks, look)[-self.settings.window :]

    def _starts(self, state: PolicyState) -> tuple[PolicyState, tuple[Event, ...]]:
        """Start the event that the newest frame completes, if any."""
        newest = state.looks[-1]
        verdict = newest.verdict
        if verdict is None or any(event.label == verdict.label for event in state.open_events):
            return state, ()
        hits = list(state.hits(verdict.label))
        if len(hits) < self.settings.required or self._cools(state, label=verdict.label, at=newest.at):
            return state, ()
        state, start = self._begin(state, self._opened(state, verdict=verdict, hits=hits), at=newest.at)
        return state, (start,)

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

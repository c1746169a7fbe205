"""Which alert rule fires for an event, if any: the rule of single sightings, or a threshold of counts over time.

A label that has a threshold is told of when its arrivals pass that, and no more at each sighting, unless the threshold
says that it also is. An arrival is the start of an event. The alert belongs to the event whose arrival passes the
threshold, and an event has one alert, whatever else holds. A followed animal that is there when the trap begins to look
has come at a time when nobody looked: it is no arrival, so that a full sheet is not counted anew with every restart.
Nor does it alert where an animal of its label did on the day before: it is likely to be that very one.

Hysteresis: a threshold that has fired does so again only after its count was low enough in between, and after its
cooldown. How low it was is looked at when the next animal comes, before that one is counted: until then a count can
only fall.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from insect_edge.alert_rule import FiredRule, RuleKind
from insect_edge.domain import Moment, Role
from insect_edge.policy.arrivals import DAY, Spent
from insect_edge.policy.daylight import Daylight
from insect_edge.policy.state import Began
from insect_edge.policy.thresholds import RateThreshold
from insect_edge.timekeeping import utc_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.policy.arrivals import Arrivals
    from insect_edge.policy.state import OpenEvent, PolicyState
    from insect_edge.policy.thresholds import Measure, Threshold


FIRST_SECONDS = 10.0
"""From the first look on, in which animals are found that were there before: two frames at the rate in the dark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """When an event is worth waking somebody.

    The first five are of single sightings.

    Attributes:
        minimum_frames: agreeing frames an event needs, from 1.
        minimum_score: best score an event needs, in [0, 1].
        cooldown: seconds after an alert in which its label raises no other.
        only: labels that may alert; None for every pest.
        never: labels that may not, pests or not.
        thresholds: of counts over time.
        daylight: tells night from day.
    """

    minimum_frames: int = 1
    minimum_score: float = 0.0
    cooldown: float = 0.0
    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()
    thresholds: tuple[Threshold, ...] = ()
    daylight: Daylight = field(default_factory=Daylight)

    def holds(self, event: OpenEvent, *, now: float, last_alert: float | None) -> bool:
        """Whether a single sighting deserves an alert at `now` (monotonic seconds).

        Args:
            event: as seen by then.
            now: see there.
            last_alert: the newest of its label; None where there was none.
        """
        rested = last_alert is None or now - last_alert >= self.cooldown
        enough = event.hits >= self.minimum_frames and event.score >= self.minimum_score
        return self._may(event) and self.tells_sightings(event.label) and rested and enough

    def tells_sightings(self, label: str) -> bool:
        """Whether single animals of a label alert."""
        of_label = self.of(label)
        return not of_label or any(threshold.also_sightings for threshold in of_label)

    def of(self, label: str) -> tuple[Threshold, ...]:
        """The thresholds of a label."""
        return tuple(threshold for threshold in self.thresholds if threshold.label == label)

    def due(self, event: OpenEvent) -> tuple[Threshold, ...]:
        """The thresholds that an event's arrival may pass."""
        return self.of(event.label) if self._may(event) else ()

    def words(self, pests: Sequence[str]) -> tuple[str, ...]:
        """What all of it says of a model with these pests, a sentence each: thresholds, then single sightings."""
        sighted = [label for label in pests if self._named(label) and self.tells_sightings(label)]
        said = tuple(threshold.words for threshold in self.thresholds)
        return (*said, f"every sighting of {', '.join(sighted)}") if sighted else said

    def _named(self, label: str) -> bool:
        return label not in self.never and (self.only is None or label in self.only)

    def _may(self, event: OpenEvent) -> bool:
        return event.role is Role.PEST and self._named(event.label)


def looked(state: PolicyState, *, at: Moment, patience: float = math.inf) -> PolicyState:
    """The state after a frame: the trap looked.

    Args:
        state: before it.
        at: when it was captured.
        patience: seconds without a look after which every animal is a new one.
    """
    now, spans, began = at.monotonic, state.arrivals.spans, state.began
    if began is None or not spans or now - spans[-1].end >= patience:
        told = frozenset(label for label, told in state.alerted.items() if now - told < DAY)
        began = Began(at=now, told=told, again=bool(spans) and now - spans[-1].end < DAY)
    return replace(state, arrivals=state.arrivals.looked(at=now), began=began)


def started(
    state: PolicyState, event: OpenEvent, *, at: Moment, alerts: AlertRule
) -> tuple[PolicyState, FiredRule | None]:
    """Count an event that has just started, and tell which rule fires for it."""
    if not has_come(state, event):
        return seen(state, event, at=at, alerts=alerts)
    before = state.arrivals
    after = before.plus(event.label, at=at.monotonic)
    words = {threshold.words for threshold in alerts.thresholds}
    spent = {rule: one for rule, one in before.spent.items() if rule in words}
    fired = None
    for threshold in alerts.due(event):
        armed = _armed(spent.get(threshold.words), threshold, before, at=at, daylight=alerts.daylight)
        if armed is not None:
            spent[threshold.words] = armed
        measure = threshold.measure(after, now=at, daylight=alerts.daylight)
        if measure is not None and measure.passed and _ready(armed, threshold, at=at):
            spent[threshold.words] = Spent(at=at.monotonic, armed=False)
            fired = fired or _fired(threshold, measure, at=at)
    state = replace(state, arrivals=replace(after, spent=spent))
    if fired is None:
        return seen(state, event, at=at, alerts=alerts)
    return _noted(state, event.label, at=at), fired


def has_come(state: PolicyState, event: OpenEvent) -> bool:
    """Whether an event that starts is an arrival."""
    return not _was_there_before(event, began=state.began)


def seen(
    state: PolicyState, event: OpenEvent, *, at: Moment, alerts: AlertRule
) -> tuple[PolicyState, FiredRule | None]:
    """Tell whether the rule of single sightings fires for an event seen in a frame at `at`."""
    last_alert = state.alerted.get(event.label)
    if event.alerted or _was_told_before(event, began=state.began):
        return state, None
    if not alerts.holds(event, now=at.monotonic, last_alert=last_alert):
        return state, None
    fired = FiredRule(kind=RuleKind.SIGHTING, label=event.label, words=f"{event.label}: every sighting")
    return _noted(state, event.label, at=at), fired


def _was_there_before(event: OpenEvent, *, began: Began | None) -> bool:
    if event.path is None or began is None or not began.again:
        return False
    return event.last_seen.monotonic - event.path.seconds <= began.at + FIRST_SECONDS


def _was_told_before(event: OpenEvent, *, began: Began | None) -> bool:
    return began is not None and event.label in began.told and _was_there_before(event, began=began)


def _noted(state: PolicyState, label: str, *, at: Moment) -> PolicyState:
    return replace(state, alerted={**state.alerted, label: at.monotonic})


def _armed(
    spent: Spent | None, threshold: Threshold, before: Arrivals, *, at: Moment, daylight: Daylight
) -> Spent | None:
    """What is known of a threshold that has fired, once the count is looked at as it was before this arrival."""
    if spent is None or spent.armed:
        return spent
    measure = threshold.measure(before, now=at, daylight=daylight)
    return spent if measure is None else replace(spent, armed=measure.low)


def _ready(spent: Spent | None, threshold: Threshold, *, at: Moment) -> bool:
    return spent is None or (spent.armed and at.monotonic - spent.at >= threshold.cooldown)


def _fired(threshold: Threshold, measure: Measure, *, at: Moment) -> FiredRule:
    factor = threshold.factor if isinstance(threshold, RateThreshold) else None
    since = Moment(monotonic=measure.since, utc=utc_at(measure.since, by=at), clock_synced=at.clock_synced)
    return FiredRule(
        kind=RuleKind.COUNT if factor is None else RuleKind.RATE,
        label=threshold.label,
        words=threshold.said(measure),
        count=measure.count,
        value=measure.value,
        limit=measure.limit,
        per=threshold.per,
        factor=factor,
        mean=measure.mean,
        since=since,
    )

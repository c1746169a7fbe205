"""A policy stepped through time by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from insect_edge.domain import Category, Classification, Event, Label, Moment, Phase, Region, Role, Verdict
from insect_edge.policy.rules import Policy, PolicySettings
from insect_edge.policy.state import PolicyState

NAMES = ("slug", "bees", "wasp", "background")
ROLES = {"slug": Role.PEST, "bees": Role.BENEFICIAL, "wasp": Role.NEUTRAL, "background": Role.BACKGROUND}
THRESHOLD = 0.6
LABELS = {
    name: Label(index=index, name=name, role=ROLES[name], taxon=None, threshold=THRESHOLD)
    for index, name in enumerate(NAMES)
}
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def moment(seconds: float, *, utc: datetime | None = None) -> Moment:
    """The instant `seconds` after the boot."""
    return Moment(monotonic=seconds, utc=utc or NOON + timedelta(seconds=seconds), clock_synced=True)


def seen(scores: dict[str, float], *, verdict: str | None = None) -> Classification:
    """A classification with these scores; the best label is the verdict where it passes its threshold."""
    ranked = sorted(scores.items(), key=lambda item: -item[1]) or [("background", 1.0)]
    categories = tuple(Category(label=LABELS[name], score=score) for name, score in ranked)
    best = categories[0]
    judged = None
    if verdict == "unknown":
        judged = Verdict(label="unknown", role=Role.UNKNOWN, score=best.score, threshold=THRESHOLD)
    elif best.score >= THRESHOLD and best.label.role is not Role.BACKGROUND:
        judged = Verdict(label=best.label.name, role=best.label.role, score=best.score, threshold=THRESHOLD)
    return Classification(categories=categories, verdict=judged, region=Region.whole(), inference_ms=2.0)


SLUG = seen({"slug": 0.9})
BEES = seen({"bees": 0.9})
NOTHING = seen({"background": 0.9})


class Watch:
    """Steps a policy through time and keeps what it says."""

    def __init__(self, **settings: object) -> None:
        numbers = count(1)
        self.policy = Policy(PolicySettings(**settings), new_event_id=lambda: f"event-{next(numbers)}")
        self.state = PolicyState()
        self.now = 100.0
        self.events: list[Event] = []

    def see(self, *classifications: Classification, every: float = 1.0) -> list[Event]:
        """One frame for each, `every` seconds apart; what they caused."""
        before = len(self.events)
        for classification in classifications:
            self.state, events = self.policy.step(self.state, classification, at=moment(self.now))
            self.events += events
            self.now += every
        return self.events[before:]

    def tick(self, seconds: float) -> list[Event]:
        """Let time pass without a frame."""
        self.now += seconds
        self.state, events = self.policy.tick(self.state, now=moment(self.now))
        self.events += events
        return list(events)


def phases(events: list[Event]) -> list[Phase]:
    """Their phases, in order."""
    return [event.phase for event in events]

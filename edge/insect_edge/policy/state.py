"""What the policy remembers between frames: immutable, so that a caller can keep, compare or store it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from insect_edge.domain import BACKGROUND, UNKNOWN, Event, Role
from insect_edge.policy.arrivals import Arrivals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from insect_edge.alert_rule import FiredRule
    from insect_edge.domain import Category, Classification, Moment, Phase, Region, Verdict
    from insect_edge.policy.animal import Animal
    from insect_edge.sightings import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one frame showed: its capture time, top categories, region and verdict."""

    at: Moment
    categories: tuple[Category, ...]
    region: Region
    verdict: Verdict | None

    @classmethod
    def of(cls, classification: Classification, *, at: Moment) -> Look:
        """The look of a classification whose frame was captured at `at`."""
        verdict = classification.verdict
        if verdict is not None and (verdict.label in {UNKNOWN, BACKGROUND} or verdict.role is Role.BACKGROUND):
            verdict = None
        return cls(at=at, categories=classification.categories, region=classification.region, verdict=verdict)

    def score(self, label: str) -> float:
        """The label's score, 0 where it is not among the top categories."""
        return next((category.score for category in self.categories if category.label.name == label), 0.0)

    @property
    def empty(self) -> bool:
        """Whether the background won."""
        best = self.categories[0].label
        return best.role is Role.BACKGROUND or best.name == BACKGROUND

    def names(self, label: str) -> bool:
        """Whether the verdict is this label."""
        return self.verdict is not None and self.verdict.label == label


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEvent:
    """An event that has not ended; see `Event` for the fields of the same name.

    Attributes:
        alerted: whether its one alert was raised.
        told: monotonic seconds of the last change told.
        told_score: the best score then.
        dated: whether the clock was known to be set then.
        unseen_from: monotonic seconds from which on it counts as unseen: those of `last_seen`; after a restart those
            of the first look, and while there was none, those at which it is no longer waited for.
        path: where the animal has been; None where single animals are not followed.
    """

    event_id: str
    label: str
    role: Role | None
    score: float
    threshold: float
    categories: tuple[Category, ...]
    region: Region
    started: Moment
    last_seen: Moment
    frames: int
    hits: int
    alerted: bool
    told: float
    told_score: float
    dated: bool
    unseen_from: float
    path: Path | None = None

    def seen_in(self, look: Look, *, keep: float) -> OpenEvent:
        """The event after one more frame, which agrees from `keep` times the threshold on."""
        score = look.score(self.label)
        if score <= 0 or score < keep * self.threshold:
            return replace(self, frames=self.frames + 1, unseen_from=min(self.unseen_from, look.at.monotonic))
        seen = look.at.monotonic
        event = replace(self, frames=self.frames + 1, hits=self.hits + 1, last_seen=look.at, unseen_from=seen)
        if score <= self.score:
            return event
        return replace(event, score=score, categories=look.categories, region=look.region)

    def change(self, phase: Phase, *, at: Moment, rule: FiredRule | None = None) -> Event:
        """This event as something to tell; `rule` is the alert rule that fires with it."""
        return Event(
            event_id=self.event_id,
            phase=phase,
            label=self.label,
            role=self.role,
            score=self.score,
            threshold=self.threshold,
            categories=self.categories,
            region=self.region,
            started=self.started,
            last_seen=self.last_seen,
            at=at,
            frames=self.frames,
            hits=self.hits,
            alert=rule is not None,
            path=self.path,
            rule=rule,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Cooldowns that began before this boot, which nobody can date before the clock is set.

    Attributes:
        restored: monotonic seconds at which those that had not passed are taken to have begun until then.
        ended: label → UTC of its newest end.
        alerted: label → UTC of its newest alert, of those of a day before too whose cooldown had passed.
    """

    restored: float
    ended: Mapping[str, datetime]
    alerted: Mapping[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """When the trap began to look, after nobody did.

    Attributes:
        at: monotonic seconds of the first look.
        told: labels that alerted on the day before.
        again: whether the trap had looked on the day before; else all that is there is news.
    """

    at: float
    told: frozenset[str]
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyState:
    """All that the policy remembers.

    Attributes:
        looks: the newest frames, oldest first, at most `window`.
        open_events: events under way, in the order they started.
        ended: label → monotonic seconds of its newest end.
        alerted: label → monotonic seconds of its newest alert.
        undated: ends told in this boot while the clock was not set, oldest first; to be told again once it is.
        never_dated: events that have ended and whose times nobody will ever know.
        earlier: what is known of cooldowns that began in an earlier boot; None where that does not matter.
        arrivals: how many came, and how long anybody looked.
        began: the first look of this process, or after a time without any; None before it. Not stored.
        animals: what is known of each animal in sight, by its track; not stored, like `looks`.
    """

    looks: tuple[Look, ...] = ()
    open_events: tuple[OpenEvent, ...] = ()
    ended: Mapping[str, float] = field(default_factory=dict)
    alerted: Mapping[str, float] = field(default_factory=dict)
    undated: tuple[Event, ...] = ()
    never_dated: int = 0
    earlier: Earlier | None = None
    arrivals: Arrivals = field(default_factory=Arrivals)
    began: Began | None = None
    animals: Mapping[str, Animal] = field(default_factory=dict)

    @property
    def told(self) -> frozenset[str]:
        """Identifiers of the tracks of open events: these animals have been told."""
        return frozenset(event.path.track_id for event in self.open_events if event.path is not None)

    def hits(self, label: str) -> Iterator[Look]:
        """The frames of the window whose verdict is the label, since its last event ended; oldest first."""
        since = self.ended.get(label)
        return (look for look in self.looks if look.names(label) and (since is None or look.at.monotonic > since))

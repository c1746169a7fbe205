"""The sections of the configuration file that say which events deserve an alert."""

# Annotations stay real objects here: pydantic reads them when the classes are made.

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, Strict

from insect_edge.config.types import Conflict, Labels, Must, Seconds, Section, Text, Unit
from insect_edge.policy.thresholds import MOST_AGAINST_DAYS

_OF_A_COUNT, _OF_A_RATE = ("per",), ("against_days", "minimum_count", "minimum_days")


class Threshold(Section):
    """How many animals of a label, over some time, deserve an alert."""

    label: Text | None = None
    more_than: Annotated[float | None, Field(ge=0, le=1_000_000), Unit("animals")] = None
    per: Annotated[
        Literal["trap-day", "hour", "night", "day", "week"] | None,
        Must('one of "trap-day", "hour", "night", "day", "week"'),
    ] = None
    factor: Annotated[float | None, Field(gt=1, le=1000)] = None
    against_days: Annotated[int | None, Field(ge=1, le=7), Unit("days")] = None
    minimum_count: Annotated[int | None, Field(ge=1, le=1_000_000), Unit("animals")] = None
    minimum_days: Annotated[float | None, Field(gt=0, le=7), Unit("days")] = None
    rearm_below: Annotated[float | None, Field(ge=0, le=1_000_000)] = None
    cooldown: Annotated[Seconds, Field(ge=0, le=604_800)] = 0.0
    also_sightings: bool = False

    @property
    def says(self) -> tuple[object, ...]:
        """What makes it another than its neighbours: that which its words tell, and nothing finer."""
        days = None if self.factor is None else self.against_days or MOST_AGAINST_DAYS
        numbers = (None if number is None else f"{number:g}" for number in (self.more_than, self.factor))
        return (self.label, *numbers, self.per, days)

    def conflicts(self) -> Iterator[Conflict]:
        """It is one of two kinds, each with keys of its own."""
        if self.label is None:
            yield Conflict(("label",), 'missing: whose animals are counted: label = "slug"')
        if self.more_than is None and self.factor is None:
            example = 'write more_than = 5 and per = "trap-day", or factor = 2.0'
            yield Conflict(("more_than", "factor"), f"missing, and factor too, so it could never fire: {example}")
        elif self.more_than is not None and self.factor is not None:
            yield Conflict(("factor", "more_than"), "a threshold has more_than or factor: make two of it, or choose")
        elif self.more_than is not None:
            yield from self._of_a_count(self.more_than)
        else:
            yield from self._of_a_rate(self.factor or 0.0)

    def _of_a_count(self, limit: float) -> Iterator[Conflict]:
        if self.per is None:
            yield Conflict(("per",), 'missing: more than so many in what time: per = "trap-day"')
        yield from self._unused(_OF_A_RATE, beside="more_than")
        yield from self._never_again(limit, name="more_than")

    def _of_a_rate(self, factor: float) -> Iterator[Conflict]:
        yield from self._unused(_OF_A_COUNT, beside="factor")
        yield from self._never_again(factor, name="factor")
        days = self.against_days or MOST_AGAINST_DAYS
        if self.minimum_days is not None and self.minimum_days > days:
            yield Conflict(("minimum_days", "against_days"), f"more than against_days = {days}, so it could never fire")

    def _unused(self, names: tuple[str, ...], *, beside: str) -> Iterator[Conflict]:
        for name in names:
            if getattr(self, name) is not None:
                other = "more_than" if beside == "factor" else "factor"
                yield Conflict((name, beside), f"goes with {other}, not with {beside}: take it out")

    def _never_again(self, limit: float, *, name: str) -> Iterator[Conflict]:
        if self.rearm_below is not None and self.rearm_below > limit:
            yield Conflict(("rearm_below", name), f"above {name} = {limit:g}: at most that, or leave it out")


class Alerts(Section):
    """Which events deserve an alert."""

    minimum_frames: Annotated[int, Field(ge=1, le=100_000), Unit("frames")] = 1
    minimum_score: Annotated[float, Field(ge=0, le=1)] = 0.0
    cooldown: Annotated[Seconds, Field(ge=0, le=604_800)] = 0.0
    only: Labels = ()
    never: Labels = ()
    expiry: Annotated[int | None, Field(ge=1, le=31_536_000), Unit("seconds")] = None
    thresholds: Annotated[
        tuple[Threshold, ...],
        Strict(strict=False),
        Must("a table for each threshold: write [[alerts.thresholds]] on a line of its own, and its keys below"),
    ] = ()

    def conflicts(self) -> Iterator[Conflict]:
        """A label cannot be wanted and unwanted, and a threshold is told once."""
        both = sorted(set(self.only) & set(self.never))
        if both:
            yield Conflict(("only", "never"), f'"{both[0]}" is also in never: take it out of one of them')
        told: set[object] = set()
        for number, threshold in enumerate(self.thresholds):
            place = f"thresholds.{number}.label"
            if threshold.label in self.never:
                yield Conflict(
                    (place, "never"), "is also in never, so it could never alert: take it out of one of them"
                )
            elif self.only and threshold.label is not None and threshold.label not in self.only:
                yield Conflict((place, "only"), "is not in only, so it could never alert: add it there")
            if threshold.says in told:
                yield Conflict((place,), "the same threshold stands there before: take one out")
            told.add(threshold.says)
